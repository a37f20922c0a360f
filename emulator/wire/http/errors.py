"""Error bodies: the members that every surface's error shape is made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from emulator.wire.http.codes import STATUS, BadInput, Code, InjectedError
from emulator.wire.http.context import RequestContext
from emulator.wire.http.validation_messages import message_for
from emulator.world.core.refusals import Invalid, QuotaExceeded, Refusal, WeakPassword
from emulator.world.core.times import text_or_none

BILLING_PATH = "/billing"
"""Assumed: The dashboard's Billing panel has this path below the site's URL."""


def _of_input(refusal: BadInput, _: RequestContext) -> dict[str, Any]:
    return {"path": refusal.problems[0]["path"], "errors": refusal.problems}


def _of_member(refusal: Invalid, _: RequestContext) -> dict[str, Any]:
    problem = {"path": refusal.path, "message": refusal.message}
    return {"path": refusal.path, "errors": [problem]}


def _of_password(refusal: WeakPassword, _: RequestContext) -> dict[str, Any]:
    problem = {"path": "password", "message": refusal.message}
    return {"path": "password", "errors": [problem]}


def _of_quota(refusal: QuotaExceeded, context: RequestContext) -> dict[str, Any]:
    billing = context.world.auth.site_url.rstrip("/") + BILLING_PATH
    return {
        "meter": refusal.meter,
        "used": refusal.used,
        "limit": refusal.limit,
        "limit_source": refusal.limit_source,
        "plan": refusal.plan,
        "resets_at": text_or_none(refusal.resets_at),
        "upgrade_url": billing if refusal.upgrade_helps else None,
    }


def _of_fault(refusal: InjectedError, context: RequestContext) -> dict[str, Any] | None:
    return None if refusal.claimed is None else details_of(refusal.claimed, context)


DETAILS: Mapping[type[Refusal], Callable[[Any, RequestContext], dict[str, Any] | None]] = {
    BadInput: _of_input,
    Invalid: _of_member,
    WeakPassword: _of_password,
    QuotaExceeded: _of_quota,
    InjectedError: _of_fault,
}
"""What clients read under `details`, by the class of a refusal or the nearest base of it."""


def details_of(refusal: Refusal, context: RequestContext) -> dict[str, Any] | None:
    """Return the facts of a refusal that clients read, or None."""
    for kind in type(refusal).__mro__:
        if kind in DETAILS:
            return DETAILS[kind](refusal, context)
    return None


def problems_of(errors: Sequence[Any], *, skip: int = 0) -> list[dict[str, str]]:
    """Return pydantic's errors by path, members joined by dots; `skip` omits leading members."""
    return [
        {
            "path": ".".join(str(step) for step in one["loc"][skip:]),
            "message": message_for(one),
        }
        for one in errors
    ]


def problem_of(
    refusal: Refusal, table: Mapping[type[Refusal], Code], context: RequestContext
) -> dict[str, Any]:
    """Return `{"code", "message", "details"?}` for a refusal."""
    details = details_of(refusal, context)
    code = refusal.code if isinstance(refusal, InjectedError) else table[type(refusal)]
    problem = {"code": code, "message": refusal.message}
    return problem if details is None else {**problem, "details": details}


def problem_response(
    member: str,
    problem: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    status: int | None = None,
) -> Response:
    """Return the response whose one member is a problem, with the status of its code if none is
    named.
    """
    return Response(
        written({member: problem}),
        status_code=STATUS[Code(problem["code"])] if status is None else status,
        headers=dict(headers),
        media_type="application/json",
    )


def written(body: Mapping[str, Any]) -> bytes:
    """Return the body of a refusal as JSON, even where orjson cannot write a value in it: a
    failure here would replace the refusal.
    """
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body, default=str).encode()
