"""Validation of queries by their types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator.wire.http.errors import problems_of


@lru_cache(maxsize=256)
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return the adapter of a type, built on first use."""
    return TypeAdapter(kind)


def validated_query(given: Mapping[str, str], kind: Any, problems: list[Any]) -> Any:
    """Return a query as a type, or None, with each place that is off added to `problems`."""
    try:
        return adapter_of(kind).validate_python(given)
    except ValidationError as error:
        problems.extend(problems_of(error.errors()))
        return None
