"""Whose path it is, by what clients may rely on, and the shape that an error has there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from emulator.wire.http.codes import Code
from tests.fuzz.calls import Answer

_PREFIXES = {
    "/_emulator": "control",
    "/stripe/": "stripe",
    "/v1/": "stripe api",
    "/auth/v1/": "supabase",
    "/rest/v1": "supabase rest",
    "/storage/v1": "supabase rest",
    "/functions/v1": "supabase rest",
    "/realtime/v1": "supabase rest",
    "/api/cloud/": "bff",
    "/api/auth/": "bff",
    "/api/e2e/": "bff",
    "/api/public/r/": "bff",
}
_CODES = frozenset(map(str, Code))


def surface_of(path: str) -> str:
    """Return whose path it is, without the prefix that names a world."""
    return next((name for start, name in _PREFIXES.items() if path.startswith(start)), "upstream")


def json_of(answer: Answer) -> Any:
    """Return a body as JSON, or None."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def is_shaped(answer: Answer, surface: str, *, is_faulty: bool) -> bool:
    """Tell whether an error is in a surface's shape; a fault may have a code of its own."""
    if _SHAPES[surface](answer):
        return is_faulty or surface not in _MEMBERS or _is_known(answer, _MEMBERS[surface])
    return False


def is_guards(answer: Answer) -> bool:
    """Tell whether this is what a request is answered that is not looked at."""
    return answer.status == 403 and _is_problem(answer, "error")


_MEMBERS = {"control": "error", "bff": "error", "upstream": "detail"}


def _is_known(answer: Answer, member: str) -> bool:
    return json_of(answer)[member]["code"] in _CODES


def _is_problem(answer: Answer, member: str) -> bool:
    content = json_of(answer)
    problem = content.get(member) if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(problem, dict) or not problem.keys() <= {"code", "message", "details"}:
        return False
    return bool(problem.get("message")) and isinstance(problem.get("code"), str)


def _is_gotrue(answer: Answer) -> bool:
    content = json_of(answer)
    if not isinstance(content, dict) or not answer.header("x-sb-error-code"):
        return False
    old = content.get("code") == answer.status and isinstance(content.get("error_code"), str)
    new = isinstance(content.get("code"), str) and isinstance(content.get("message"), str)
    return new or (old and isinstance(content.get("msg"), str))


def _is_page(answer: Answer) -> bool:
    return answer.header("content-type").startswith("text/html") and b"<html" in answer.body


def _is_stripe_api(answer: Answer) -> bool:
    content = json_of(answer)
    error = content.get("error") if isinstance(content, dict) else None
    return isinstance(error, dict) and isinstance(error.get("type"), str)


def _is_rest(answer: Answer) -> bool:
    content = json_of(answer)
    return isinstance(content, dict) and isinstance(content.get("message"), str)


_SHAPES: dict[str, Callable[[Answer], bool]] = {
    "control": lambda answer: _is_problem(answer, "error"),
    "bff": lambda answer: _is_problem(answer, "error"),
    "upstream": lambda answer: _is_problem(answer, "detail"),
    "supabase": _is_gotrue,
    "supabase rest": _is_rest,
    "stripe": _is_page,
    "stripe api": _is_stripe_api,
}
"""Whose paths → whether an error is in its shape."""
