"""Arming faults and asking what they hit."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import Field, model_validator

from emulator.contract.catalog import OperationCatalog
from emulator.faults.effects import EFFECTS, Effect
from emulator.faults.rules import Fault, RequestMatcher
from emulator.registry.registry import WorldRegistry
from emulator.surfaces.control.control import Control
from emulator.surfaces.control.replies import live_of, reply
from emulator.wire.fields import Strict
from emulator.wire.gotrue.error_codes import GOTRUE_STATUS
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.errors import STATUS, Code
from emulator.wire.path_patterns import PATTERN_MAX
from emulator.world.core.refusals import Conflict, Invalid, NotFound

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LATENCY_MS_MAX = 60_000
FAULTS_MAX = 1_000
"""Assumed: the armed faults of one world. Every call is held against each of them, and there are
fewer routes."""

GOTRUE_PREFIX = "/auth/v1/"


class MatchIn(Strict):
    """Which calls: by surface, operation, or method and path (`*` allowed), by actor; the first
    `times` of them, or every `nth`.
    """

    surface: Literal["bff", "upstream", "supabase", "stripe"] | None = None
    operation: str | None = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: Annotated[str | None, Field(max_length=PATTERN_MAX)] = None
    actor: Annotated[
        str | None, Field(description="The id or address of a user, or the id of a key.")
    ] = None
    times: Annotated[int | None, Field(ge=1)] = None
    nth: Annotated[int | None, Field(ge=1)] = None


class ThenIn(Strict):
    """What they meet: an error by status or code, a latency, a dropped connection or a body that
    is cut off; one of the four.
    """

    status: Annotated[int | None, Field(ge=400, le=599)] = None
    code: str | None = None
    message: str | None = None
    latency_ms: Annotated[int | None, Field(ge=1, le=LATENCY_MS_MAX)] = None
    recorded: bool | None = None
    drop: bool | None = None
    truncate_bytes: Annotated[int | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _one(self) -> ThenIn:
        kinds = (
            self.status is not None or self.code is not None,
            self.latency_ms is not None,
            self.drop is not None,
            self.truncate_bytes is not None,
        )
        if self.drop is False:
            raise ValueError("drop should be true, or left out")
        if sum(kinds) != 1:
            raise ValueError("Say one of: status and code, latency_ms, drop, truncate_bytes")
        if self.recorded is not None and self.latency_ms is None:
            raise ValueError("recorded is about latency_ms; say how many")
        if self.message is not None and self.status is None and self.code is None:
            raise ValueError("message is the text of an error; say its status or code")
        return self


class Arm(Strict):
    """A fault: which calls, and what they meet."""

    match: MatchIn
    then: ThenIn


def _view(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id,
        "match": {
            name: value
            for name in MatchIn.model_fields
            if (value := getattr(fault.match, name)) is not None
        },
        "then": {
            field.name: value
            for field in fields(fault.effect)
            if (value := getattr(fault.effect, field.name)) is not None and value is not False
        },
        "seen": fault.seen,
        "hits": fault.hits,
    }


async def list_faults(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /faults`: the armed faults, with how many calls matched and how many were hit."""
    return reply({"items": [_view(fault) for fault in live_of(request, worlds).faults.faults]})


async def arm_fault(request: Request, control: Control) -> Response:
    """`POST /faults {"match", "then"}`: arm a fault; an unknown operation is refused."""
    body = await read_strictly(request, Arm)
    _require_known(body.match, control.catalog)
    effect = _effect(body.then, _surface_of(body.match, control.catalog))
    live = live_of(request, control.registry)
    if len(live.faults.faults) >= FAULTS_MAX:
        raise Conflict(
            f"This world has {FAULTS_MAX} armed faults; disarm some, or all of them with "
            "DELETE /_emulator/faults."
        )
    live.faults, fault = live.faults.arm(RequestMatcher(**body.match.model_dump()), effect)
    return reply(_view(fault), status=201)


def _effect(then: ThenIn, surface: str | None) -> Effect:
    """Return the effect whose members a client named."""
    status, code = _status_and_code(then, surface)
    members = then.model_dump(exclude_none=True) | ({} if status is None else {"status": status})
    if code is not None:
        members["code"] = code
    for kind in EFFECTS:
        if members.keys() <= {field.name for field in fields(kind)}:
            return kind(**members)
    raise AssertionError(members)


def _require_known(match: MatchIn, catalog: OperationCatalog) -> None:
    """Refuse Invalid for an operation or a path that no call could ever have."""
    hint = "`worldflux-emulator routes --json` lists them all."
    if match.operation is not None:
        operation = catalog.by_id.get(match.operation)
        if operation is None or operation.surface == "control":
            known = [each.id for each in catalog if each.surface != "control"]
            near = get_close_matches(match.operation, known, n=1)
            also = f"did you mean {near[0]!r}? " if near else ""
            message = f"There is no operation {match.operation!r}; {also}{hint}"
            raise Invalid("match.operation", message)
        if match.surface not in (None, operation.surface):
            message = f"{match.operation!r} is an operation of {operation.surface!r}."
            raise Invalid("match.surface", message)
    if match.path is not None and "*" not in match.path:
        methods = METHODS if match.method is None else (match.method,)
        found = [each for method in methods if (each := catalog.at(method, match.path))]
        if not found:
            said = match.method or "a call"
            raise Invalid("match.path", f"No route takes {said} at {match.path!r}; {hint}")
        if {each.surface for each in found} == {"control"}:
            raise Invalid("match.path", "Calls for control meet no faults.")
        if match.operation is not None and match.operation not in {each.id for each in found}:
            message = f"{match.operation!r} is no call at {match.path!r}."
            raise Invalid("match.operation", message)


def _surface_of(match: MatchIn, catalog: OperationCatalog) -> str | None:
    """Return the one surface that a fault is for, or None."""
    if match.surface is not None:
        return match.surface
    if match.operation is not None:
        operation = catalog.by_id.get(match.operation)
        return None if operation is None else operation.surface
    if match.path is not None and match.path.startswith(GOTRUE_PREFIX):
        return "supabase"
    return None


def _status_and_code(then: ThenIn, surface: str | None) -> tuple[int | None, str | None]:
    """Return both, the status made of the code where only that is said."""
    status, code = then.status, then.code
    if status is None and code is not None:
        ours = {str(one): STATUS[one] for one in Code}
        # One that both have is the dialect's own.
        dialect = GOTRUE_STATUS if surface == "supabase" else ours
        status = {**ours, **GOTRUE_STATUS, **dialect}.get(code)
        if status is None:
            raise Invalid("then.status", f"Say the status too: {code!r} is no code of any surface.")
    return status, code


async def disarm_faults(request: Request, worlds: WorldRegistry) -> Response:
    """`DELETE /faults`: disarm all."""
    live = live_of(request, worlds)
    live.faults = live.faults.disarm()
    return Response(status_code=204)


async def disarm_fault(request: Request, worlds: WorldRegistry) -> Response:
    """`DELETE /faults/{id}`: disarm one."""
    live, fault_id = live_of(request, worlds), request.path_params["id"]
    if fault_id not in [fault.id for fault in live.faults.faults]:
        raise NotFound("fault", fault_id)
    live.faults = live.faults.disarm(fault_id)
    return Response(status_code=204)
