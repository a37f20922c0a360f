"""Faults of a world: arming them, counting the requests that match, disarming them."""

from __future__ import annotations

from dataclasses import asdict, fields
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import OperationCatalog
from emulator.faults.effects import EFFECTS, Effect
from emulator.faults.rules import Fault, RequestMatcher
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.wire.fields import Strict
from emulator.wire.gotrue.error_codes import GOTRUE_STATUS
from emulator.wire.http.codes import STATUS, Code
from emulator.wire.http.router import Routes
from emulator.wire.path_patterns import PATTERN_MAX
from emulator.world.core.refusals import Conflict, Invalid, NotFound

routes = Routes("control", prefix=PREFIX, tag="faults", provenance="ours")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LATENCY_MS_MAX = 60_000
FAULTS_MAX = 1_000
"""Assumed: a world has at most this many armed faults, since every request is compared with each of
them, and there are fewer routes than that."""

GOTRUE_PREFIX = "/auth/v1/"


class FaultMatch(Strict):
    """The requests that a fault is for: all that match every member."""

    surface: Literal["bff", "upstream", "supabase", "stripe"] | None = None
    operation: Annotated[
        str | None, Field(description="Id of an operation, as the journal shows it.")
    ] = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: Annotated[
        str | None, Field(max_length=PATTERN_MAX, description="`*` stands for any text.")
    ] = None
    actor: Annotated[
        str | None, Field(description="The id or address of a user, or the id of a key.")
    ] = None
    times: Annotated[
        int | None, Field(ge=1, description="Apply to so many requests, then to none.")
    ] = None
    nth: Annotated[int | None, Field(ge=1, description="Apply to every nth matching request.")] = (
        None
    )


class FaultEffect(Strict):
    """What happens to them: an error by `status` or `code`, `latency_ms`, `drop` or
    `truncate_bytes`.
    """

    status: Annotated[int | None, Field(ge=400, le=599)] = None
    code: str | None = None
    message: Annotated[str | None, Field(description="Text of the error.")] = None
    latency_ms: Annotated[
        int | None, Field(ge=1, le=LATENCY_MS_MAX, description="Milliseconds before the response.")
    ] = None
    recorded: Annotated[
        bool | None, Field(description="Record the latency in the journal without waiting.")
    ] = None
    drop: Annotated[bool | None, Field(description="Close the connection without a response.")] = (
        None
    )
    truncate_bytes: Annotated[
        int | None, Field(ge=0, description="Bytes of the body to send before closing.")
    ] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> FaultEffect:
        kinds = (
            self.status is not None or self.code is not None,
            self.latency_ms is not None,
            self.drop is not None,
            self.truncate_bytes is not None,
        )
        if self.drop is False:
            raise ValueError("drop should be true, or left out")
        if sum(kinds) != 1:
            raise ValueError("Give one of: status or code, latency_ms, drop, truncate_bytes")
        if self.recorded is not None and self.latency_ms is None:
            raise ValueError("recorded belongs to latency_ms; give that too")
        if self.message is not None and self.status is None and self.code is None:
            raise ValueError("message is the text of an error; give its status or code too")
        return self


class FaultCreate(Strict):
    """A fault: the requests that it is for, and its effect on them."""

    match: FaultMatch
    then: FaultEffect


class FaultView(View):
    """An armed fault."""

    id: str
    match: FaultMatch
    then: FaultEffect
    seen: Annotated[int, Field(description="Number of requests that matched.")]
    hits: Annotated[int, Field(description="Number of requests that the effect was applied to.")]


class FaultList(View):
    """The armed faults."""

    items: list[FaultView]


@routes.add(
    "GET",
    "/faults",
    summary="List the armed faults with the number of requests they matched and were applied to.",
    answers={200: FaultList},
)
async def list_faults(request: Request, control: Control) -> Response:
    faults = control.live_world(request).faults.faults
    return reply(FaultList(items=[_view(fault) for fault in faults]))


@routes.add(
    "POST",
    "/faults",
    summary="Arm a fault for the requests that match.",
    body=FaultCreate,
    answers={201: FaultView},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def arm_fault(request: Request, control: Control, *, body: FaultCreate) -> Response:
    _require_known(body.match, control.catalog)
    effect = _effect(body.then, _surface_of(body.match, control.catalog))
    live = control.live_world(request)
    if len(live.faults.faults) >= FAULTS_MAX:
        raise Conflict(
            f"This world has {FAULTS_MAX} armed faults; disarm some, or all of them with "
            "DELETE /_emulator/faults."
        )
    live.faults, fault = live.faults.arm(RequestMatcher(**body.match.model_dump()), effect)
    return reply(_view(fault), status=201)


@routes.add("DELETE", "/faults", summary="Disarm all faults.", answers={204: None})
async def disarm_faults(request: Request, control: Control) -> Response:
    live = control.live_world(request)
    live.faults = live.faults.disarm()
    return Response(status_code=204)


@routes.add(
    "DELETE",
    "/faults/{fault_id}",
    summary="Disarm a fault.",
    answers={204: None},
    refuses={Code.NOT_FOUND},
)
async def disarm_fault(request: Request, control: Control, *, fault_id: str) -> Response:
    live = control.live_world(request)
    if fault_id not in [fault.id for fault in live.faults.faults]:
        raise NotFound("fault", fault_id)
    live.faults = live.faults.disarm(fault_id)
    return Response(status_code=204)


def _effect(then: FaultEffect, surface: str | None) -> Effect:
    """Return the effect that has the members of `then`. Raises Invalid."""
    status, code = _status_and_code(then, surface)
    members = then.model_copy(update={"status": status, "code": code}).model_dump(exclude_none=True)
    kind = next(each for each in EFFECTS if members.keys() <= _names(each))
    return kind(**members)


def _names(kind: type[Effect]) -> set[str]:
    return {field.name for field in fields(kind)}


def _view(fault: Fault) -> FaultView:
    matched = {name: getattr(fault.match, name) for name in FaultMatch.model_fields}
    effect = asdict(fault.effect)
    return FaultView(
        id=fault.id,
        match=FaultMatch(**{name: value for name, value in matched.items() if value is not None}),
        then=FaultEffect(
            **{
                name: value
                for name, value in effect.items()
                if value is not None and value is not False
            }
        ),
        seen=fault.seen,
        hits=fault.hits,
    )


def _require_known(match: FaultMatch, catalog: OperationCatalog) -> None:
    """Raise Invalid for an operation or a path that no request could ever have."""
    if match.operation is not None:
        _require_operation(match, match.operation, catalog)
    if match.path is not None and "*" not in match.path:
        _require_path(match, match.path, catalog)


_HINT = "`worldflux-emulator routes --json` lists them all."


def _require_operation(match: FaultMatch, operation: str, catalog: OperationCatalog) -> None:
    declared = catalog.by_id.get(operation)
    if declared is None or declared.surface == "control":
        known = [each.id for each in catalog if each.surface != "control"]
        near = get_close_matches(operation, known, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise Invalid("match.operation", f"Unknown operation {operation!r}; {guess}{_HINT}")
    if match.surface not in (None, declared.surface):
        message = f"{operation!r} is an operation of {declared.surface!r}."
        raise Invalid("match.surface", message)


def _require_path(match: FaultMatch, path: str, catalog: OperationCatalog) -> None:
    methods = METHODS if match.method is None else (match.method,)
    found = [each for method in methods if (each := catalog.at(method, path)) is not None]
    if not found:
        method = match.method or "any method"
        raise Invalid("match.path", f"No route takes {method} at {path!r}; {_HINT}")
    if {operation.surface for operation in found} == {"control"}:
        raise Invalid("match.path", "Faults do not apply to the control API.")
    if match.operation is not None and match.operation not in {operation.id for operation in found}:
        message = f"{match.operation!r} is not an operation at {path!r}."
        raise Invalid("match.operation", message)


def _surface_of(match: FaultMatch, catalog: OperationCatalog) -> str | None:
    """Return the only surface that a fault is for, or None."""
    if match.surface is not None:
        return match.surface
    if match.operation is not None:
        operation = catalog.by_id.get(match.operation)
        return None if operation is None else operation.surface
    if match.path is not None and match.path.startswith(GOTRUE_PREFIX):
        return "supabase"
    return None


def _status_and_code(then: FaultEffect, surface: str | None) -> tuple[int | None, str | None]:
    """Return both, the status by the code where only the code is given. Raises Invalid."""
    status, code = then.status, then.code
    if status is None and code is not None:
        ours = {str(each): STATUS[each] for each in Code}
        # A code that both have means what the fault's surface means by it.
        dialect = GOTRUE_STATUS if surface == "supabase" else ours
        status = {**ours, **GOTRUE_STATUS, **dialect}.get(code)
        if status is None:
            raise Invalid("then.status", f"Give the status too: no surface has the code {code!r}.")
    return status, code
