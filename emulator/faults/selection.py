"""Which fault hits a call: an armed one, or the one that the call asks for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.faults.rules import NO_FAULT, RequestFacts, Then
from emulator.registry.live_world import LiveWorld
from emulator.settings import Settings
from emulator.wire.gotrue.session_cookie import read_session
from emulator.wire.gotrue.tokens import read_token
from emulator.wire.http.errors import InjectedError
from emulator.wire.world_tags import untagged_or_bare
from emulator.world.core.refusals import Refusal
from emulator.world.core.world import World
from emulator.world.records.identity import User
from emulator.world.workspaces import api_keys

_PREFER = re.compile(r"(?:^|[,;\s])code=\"?([45]\d\d)\b")
PREFER = "prefer"
"""The id of the fault that a call asks for itself with `Prefer: code=…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What hits a call; by default nothing."""

    fault_id: str | None = None
    then: Then = NO_FAULT

    @property
    def refusal(self) -> InjectedError | None:
        """The error that the call meets instead of the surface, or None."""
        then = self.then
        return None if then.status is None else InjectedError(then.status, then.code, then.message)


NO_EFFECT = Effect()


def select_effect(
    live: LiveWorld,
    headers: Mapping[str, str],
    settings: Settings,
    *,
    surface: str,
    operation: str,
    method: str,
    path: str,
) -> Effect:
    """Return what hits a call, and count it: what `Prefer: code=…` asks for, else the first armed
    fault.

    Assumed: a call that the BFF forwards is a call of the BFF alone; faults of the upstream hit
    what clients send to it themselves.
    """
    asked = _PREFER.search(headers.get("prefer", ""))
    if asked is not None:
        return Effect(fault_id=PREFER, then=Then(status=int(asked[1])))
    if not live.faults.faults:
        return NO_EFFECT
    by_actor = any(fault.match.actor is not None for fault in live.faults.faults)
    call = RequestFacts(
        surface=surface,
        operation=operation,
        method=method,
        path=path,
        actors=_actors(live.world, headers, settings) if by_actor else frozenset(),
    )
    live.faults, fault = live.faults.strike(call)
    return NO_EFFECT if fault is None else Effect(fault_id=fault.id, then=fault.then)


def _actors(world: World, headers: Mapping[str, str], settings: Settings) -> frozenset[str]:
    """Return what the caller may be called: the id and address of the user whose credential the
    call carries, the id of its API key.
    """
    credential = headers.get("authorization", "").partition(" ")[2].strip()
    user_id, key_id = None, None
    if credential.startswith(api_keys.PREFIX):
        try:
            actor = api_keys.key_actor(world, untagged_or_bare(credential, world) or "")
        except Refusal:
            return frozenset()
        user_id, key_id = actor.user_id, actor.api_key_id
    else:
        claims = read_token(credential, settings) if credential else None
        if claims is None or claims.user_id is None:
            stored = read_session(headers.get("cookie"), settings.session_cookie) or {}
            token = stored.get("access_token")
            claims = read_token(token, settings) if isinstance(token, str) else None
        user_id = None if claims is None or claims.world != world.name else claims.user_id
    user = None if user_id is None else world.get(User, user_id)
    names = (user_id, key_id, None if user is None else user.email)
    return frozenset(name for name in names if name is not None)
