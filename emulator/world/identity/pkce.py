"""PKCE flows: begun with a challenge, proved by a mailed link, exchanged for a session."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from emulator.world.core.refusals import BadVerifier, ExpiredFlow, UnknownFlow
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.records.identity import Flow, User
from emulator.world.records.types import AuthMethod, Instant
from emulator.world.store.ids import as_uuid

FLOW_SECONDS = 300
"""How long a proved flow can be exchanged. Real: GoTrue's default of
GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION."""

PKCE_PREFIX = "pkce_"
"""Marks the token of a link that belongs to a flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The code challenge that a client begins a flow with."""

    value: str
    method: Literal["s256", "plain"]


def begin_flow(
    world: World, user: User, *, challenge: Challenge, method: AuthMethod, expires_at: Instant
) -> Flow:
    """Begin a flow; the session that it leads to is opened by `method`."""
    flow_id, ordinal = world.new_id("flow")
    flow = Flow(
        id=flow_id,
        user_id=user.id,
        method=method,
        challenge=challenge.value,
        challenge_method=challenge.method,
        auth_code=None,
        created_at=world.now,
        ordinal=ordinal,
        expires_at=expires_at,
    )
    world.put(flow)
    return flow


def prove_flow(world: World, flow_id: str) -> Flow:
    """Give a flow its `auth_code`, since its mailed link was followed, and return it."""
    flow = world.expect(Flow, flow_id)
    proved = replace(
        flow,
        auth_code=as_uuid(world.derive("auth code", flow.id)),
        expires_at=world.now + FLOW_SECONDS * SECOND,
    )
    world.put(proved)
    return proved


def redeem_flow(world: World, *, auth_code: str, verifier: str) -> Flow:
    """Use up a proved flow and return it. Raises UnknownFlow, ExpiredFlow, BadVerifier."""
    flow = world.find(Flow, "auth code", auth_code)
    if flow is None:
        raise UnknownFlow
    if flow.expires_at <= world.now:
        raise ExpiredFlow
    expected = verifier
    if flow.challenge_method == "s256":
        digest = sha256(verifier.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not compare_digest(expected.encode(), flow.challenge.encode()):
        raise BadVerifier
    world.remove(flow)
    return flow
