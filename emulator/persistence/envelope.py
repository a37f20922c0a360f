"""Envelope of every file: its format, version and checksum, followed by JSON content."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from emulator import __version__
from emulator.wire.json_reader import load_json
from emulator.world.core.refusals import Invalid

_SPLIT = b',"content":'


def wrap(kind: str, version: int, content: bytes) -> bytes:
    """Return a file of a format and version that holds some JSON content."""
    head = {
        "format": kind,
        "version": version,
        "emulator": __version__,
        "sha256": sha256(content).hexdigest(),
    }
    return b"".join([orjson.dumps(head)[:-1], _SPLIT, content, b"}\n"])


def unwrap(kind: str, version: int, raw: bytes) -> tuple[int, bytes]:
    """Return the version and the content of a file, which a tool may have reformatted.

    Raises Invalid for another format, a newer version and a damaged content.
    """
    start, split, rest = raw.partition(_SPLIT)
    head = _object(start + b"}") if split else _object(raw)
    if head is None or head.get("format") != kind:
        raise Invalid("", f"This file does not have the format {kind}.")
    if not isinstance(head.get("version"), int) or head["version"] > version:
        raise Invalid(
            "",
            f"This file has version {head.get('version')} and was written by emulator "
            f"{head.get('emulator')}; this emulator reads up to version {version}. Update it.",
        )
    content = rest.rstrip()[:-1]
    if sha256(content).hexdigest() == head.get("sha256"):
        return head["version"], content
    compact = orjson.dumps((_object(raw) or {}).get("content"))
    if sha256(compact).hexdigest() == head.get("sha256"):
        return head["version"], compact
    raise Invalid("", "This file is damaged: its content does not match its checksum.")


def _object(text: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None for any other text."""
    try:
        value = load_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
