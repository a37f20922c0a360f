"""Which fault hits a call: an armed one, or the one that the call asks for itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from emulator.faults import Fault
from emulator.wire.cookies import read_session
from emulator.wire.credentials import untagged
from emulator.wire.errors import Injected
from emulator.wire.exchange import Exchange
from emulator.wire.tokens import read_token
from emulator.world import api_keys
from emulator.world.refusals import Refusal

_PREFER = re.compile(r"(?:^|[,;\s])code=(\d{3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What hits a call; by default nothing."""

    fault_id: str | None = None
    refusal: Injected | None = None
    latency_ms: int | None = None
    is_recorded: bool = False
    drop: bool = False
    truncate_bytes: int | None = None


NOTHING = Strike()


def strike_of(
    faults: list[Fault],
    headers: Headers,
    exchange: Exchange,
    *,
    surface: str,
    method: str,
    path: str,
) -> Strike:
    """Return what hits a call: what `Prefer: code=…` asks for, else the first armed fault."""
    asked = _PREFER.search(headers.get("prefer", ""))
    if asked is not None and int(asked[1]) >= 400:  # noqa: PLR2004 - the first error status
        return Strike(fault_id="prefer", refusal=Injected(int(asked[1]), None, None))
    actor = None
    if any(fault.match.actor is not None for fault in faults):
        actor = _actor(headers, exchange)
    for fault in faults:
        fits = fault.match.fits(
            surface=surface, operation=exchange.operation, method=method, path=path, actor=actor
        )
        if fits and fault.strikes():
            return _strike(fault)
    return NOTHING


def _strike(fault: Fault) -> Strike:
    then = fault.then
    return Strike(
        fault_id=fault.id,
        refusal=None if then.status is None else Injected(then.status, then.code, then.message),
        latency_ms=then.latency_ms,
        is_recorded=then.is_recorded,
        drop=then.drop,
        truncate_bytes=then.truncate_bytes,
    )


def _actor(headers: Headers, exchange: Exchange) -> str | None:
    """Return the id of the user whose credential the call carries, or None."""
    world = exchange.world
    credential = headers.get("authorization", "").removeprefix("Bearer ").strip()
    if credential.startswith(api_keys.PREFIX):
        try:
            return api_keys.key_actor(world, untagged(credential, world) or "").user_id
        except Refusal:
            return None
    stored = read_session(headers.get("cookie"), exchange.settings.session_cookie) or {}
    token = credential or stored.get("access_token")
    claims = read_token(token, exchange.settings) if isinstance(token, str) else None
    return None if claims is None else claims.user_id
