"""Media types of artifacts, by the extensions of their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "log": "text/plain",
    "md": "text/markdown",
    "mp4": "video/mp4",
    "png": "image/png",
    "txt": "text/plain",
    "zip": "application/zip",
}
"""By extension. The standard library's table depends on the files of the machine."""


@lru_cache(maxsize=256)
def media_type_of(name: str) -> str:
    """Return the media type that a file's name suggests."""
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
