"""Validation of queries by their types."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator.wire.http.errors import problems_of
from emulator.wire.http.queries import query_members


@lru_cache(maxsize=256)
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return the adapter of a type, built on first use."""
    return TypeAdapter(kind)


def validated_query(query: bytes, kind: Any, problems: list[Any]) -> Any:
    """Return a query as a type, or None, with each place that is off added to `problems`."""
    try:
        return _query_of(query, kind)
    except ValidationError as error:
        problems.extend(problems_of(error.errors()))
        return None


@lru_cache(maxsize=256)
def _query_of(query: bytes, kind: Any) -> Any:
    """Return a query as a type, which no handler changes. Raises ValidationError."""
    return adapter_of(kind).validate_python(dict(query_members(query)))
