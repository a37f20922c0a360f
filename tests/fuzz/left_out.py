"""The generated cases that schemathesis is not to send."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from pydantic import TypeAdapter, ValidationError

from tests.fuzz.shapes import upstream_bodies


@schemathesis.hook
def filter_case(_: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Tell whether to send a case."""
    name = str(case.operation.definition.raw["operationId"])
    if name == "restrict_me":
        # A restricted account reads: everything that comes after it would be a 403.
        return case.body == {"restricted": False}
    adapter = upstream_bodies().get(name)
    return adapter is None or not _is_taken_laxly_alone(adapter, case.body)


def _is_taken_laxly_alone(adapter: TypeAdapter[Any], body: object) -> bool:
    """Tell whether a body is refused in strict mode and taken in pydantic's lax one.

    The document says boolean and integer; FastAPI reads `0` and `"5"` as such, as the document's
    description says. A body that strict mode takes though the schema forbids it stays a
    disagreement.
    """
    try:
        text = json.dumps(body)
        adapter.validate_json(text)
    except (TypeError, ValueError, RecursionError):
        return False  # no JSON, or refused however it is read
    try:
        adapter.validate_json(text, strict=True)
    except ValidationError:
        return True
    return False
