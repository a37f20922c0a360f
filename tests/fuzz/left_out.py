"""The generated cases that schemathesis is not to send, or to send otherwise."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from tests.fuzz.shapes import upstream_bodies


@schemathesis.hook
def filter_case(_: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Tell whether to send a case."""
    adapter = upstream_bodies().get(_name(case))
    if adapter is None:
        return True
    return not _is_taken_laxly_alone(adapter, case.body) and not _is_only_padded(adapter, case.body)


@schemathesis.hook
def map_case(_: schemathesis.HookContext, case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    """Return a case as it is sent: none restricts the account, which may then only read, so that
    everything after it would be a 403.
    """
    if _name(case) == "restrict_me" and _is_taken(upstream_bodies()["restrict_me"], case.body):
        case.body = {"restricted": False}
    return case


def _name(case: schemathesis.Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])


def _is_taken(adapter: TypeAdapter[Any], body: object, *, strict: bool = False) -> bool:
    """Tell whether a body is in order; one that is absent is, where it is optional."""
    try:
        adapter.validate_json(json.dumps(body), strict=strict)
    except TypeError:
        return True
    except (ValidationError, ValueError, RecursionError):
        return False
    return True


def _is_taken_laxly_alone(adapter: TypeAdapter[Any], body: object) -> bool:
    """Tell whether a body is refused in strict mode and taken in pydantic's lax one.

    The document says boolean and integer; FastAPI reads `0` and `"5"` as such, as the document's
    description says. A body that strict mode takes though the schema forbids it stays a
    disagreement.
    """
    return _is_taken(adapter, body) and not _is_taken(adapter, body, strict=True)


def _is_only_padded(adapter: TypeAdapter[Any], body: object) -> bool:
    """Tell whether what the schema forbids in a body is white space around its texts, which are
    stripped of it before they are judged; a schema cannot say so.
    """
    judge = Draft202012Validator(adapter.json_schema())
    return not judge.is_valid(body) and judge.is_valid(_stripped(body))


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        return {name: _stripped(member) for name, member in value.items()}
    return [_stripped(member) for member in value] if isinstance(value, list) else value
