"""Fault selection: the first armed fault that applies to a request, or the effect that the request
asks for with `Prefer: code=…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.faults.effects import NO_EFFECT, Effect, ErrorResponse
from emulator.faults.rules import FaultSet, RequestFacts
from emulator.wire.http.credentials import Credentials
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.world_tags import untagged_or_bare
from emulator.world.core.refusals import Refusal
from emulator.world.core.world import World
from emulator.world.records.identity import User
from emulator.world.workspaces import api_keys

_PREFER = re.compile(r"(?:^|[,;\s])code=\"?([45]\d\d)\b")
PREFER = "prefer"
"""The fault id of an effect that a request asked for with `Prefer: code=…`."""


@dataclass(frozen=True, slots=True)
class AppliedEffect:
    """The effect on a request and the fault that it comes from, if any."""

    effect: Effect = NO_EFFECT
    fault_id: str | None = None


NOTHING_APPLIED = AppliedEffect()


def select_effect(
    faults: FaultSet, request: IncomingRequest, world: World
) -> tuple[FaultSet, AppliedEffect]:
    """Return the faults after a request, and the effect on it: what `Prefer: code=…` asks for, else
    that of the first fault that applies.

    Assumed: a request that the BFF forwards counts as a request to the BFF alone; faults of the
    upstream apply to what clients send there themselves.
    """
    prefer = request.headers.get("prefer")
    asked = None if prefer is None else _PREFER.search(prefer)
    if asked is not None:
        return faults, AppliedEffect(ErrorResponse(status=int(asked[1])), PREFER)
    if not faults.faults:
        return faults, NOTHING_APPLIED
    by_actor = any(fault.match.actor is not None for fault in faults.faults)
    facts = RequestFacts(
        surface=request.surface.name,
        operation=request.operation,
        method=request.method,
        path=request.path,
        actors=_actors(world, request.credentials) if by_actor else frozenset(),
    )
    faults, fault = faults.apply(facts)
    return faults, NOTHING_APPLIED if fault is None else AppliedEffect(fault.effect, fault.id)


def _actors(world: World, credentials: Credentials) -> frozenset[str]:
    """Return the names of the caller: the id and e-mail address of the user whose credential the
    request carries, the id of its API key.
    """
    bearer = credentials.bearer
    user_id, key_id = None, None
    if bearer.startswith(api_keys.PREFIX):
        try:
            actor = api_keys.key_actor(world, untagged_or_bare(bearer, world) or "")
        except Refusal:
            return frozenset()
        user_id, key_id = actor.user_id, actor.api_key_id
    else:
        claims = credentials.claims
        if claims is None or claims.user_id is None:
            claims = credentials.session_claims
        user_id = None if claims is None or claims.world != world.name else claims.user_id
    user = None if user_id is None else world.get(User, user_id)
    names = (user_id, key_id, None if user is None else user.email)
    return frozenset(name for name in names if name is not None)
