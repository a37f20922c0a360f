"""Queries of URLs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import parse_qsl


@lru_cache(maxsize=256)
def query_members(query: bytes) -> Mapping[str, str]:
    """Return the members of a query, the last of each name, as Starlette's `query_params` has them.

    Cached: the same few queries come again and again, and each takes as long as finding a run.
    """
    return MappingProxyType(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))
