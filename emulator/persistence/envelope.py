"""Files that say what they are, notice when they were damaged, and are whole at any moment."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from emulator import __version__
from emulator.wire.json_reader import load_json
from emulator.world.core.refusals import Invalid

_SPLIT = b',"content":'


def wrap(kind: str, version: int, content: bytes) -> bytes:
    """Return a file: what it is, its version and digest, then its content, which is JSON."""
    head = {
        "format": kind,
        "version": version,
        "emulator": __version__,
        "sha256": sha256(content).hexdigest(),
    }
    return b"".join([orjson.dumps(head)[:-1], _SPLIT, content, b"}\n"])


def unwrap(kind: str, version: int, raw: bytes) -> bytes:
    """Return the content of a file, which a tool may have laid out anew.

    Refuses Invalid for another kind of file, a newer version and a damaged content.
    """
    head, split, rest = raw.partition(_SPLIT)
    said = _object(head + b"}") if split else _object(raw)
    if said is None or said.get("format") != kind:
        raise Invalid("", f"This is no file of the format {kind}.")
    if not isinstance(said.get("version"), int) or said["version"] > version:
        raise Invalid(
            "",
            f"This file has version {said.get('version')} and was written by emulator "
            f"{said.get('emulator')}; this one reads up to version {version}. Update it.",
        )
    content = rest.rstrip()[:-1]
    if sha256(content).hexdigest() == said.get("sha256"):
        return content
    again = orjson.dumps((_object(raw) or {}).get("content"))
    if sha256(again).hexdigest() == said.get("sha256"):
        return again
    raise Invalid("", "This file is damaged: its content is not what was written.")


def _object(text: bytes) -> dict[str, Any] | None:
    """Return what a JSON object says, or None where the text is none."""
    try:
        value = load_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _remove_left_over(path: Path) -> None:
    """Remove the parts of a file that were written by processes that are no more."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.partial")
    for part in path.parent.iterdir():
        found = pattern.fullmatch(part.name)
        if found is not None and not _is_alive(int(found[1])):
            part.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # there a signal of 0 would end it
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def is_replaceable(path: Path) -> bool:
    """Tell whether a path leads to a regular file or to nothing, not to a device or a pipe.
    Raises OSError.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def write_atomically(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file so that a reader sees the old content or the new, never a part, even if the
    process is killed; what a killed process left of an earlier try is removed. Raises OSError.

    A link stays, and the file that it leads to is written. A device or a pipe is written into.
    """
    if not is_replaceable(path):
        with path.open("wb") as file:
            file.writelines(parts)
        return
    path = path.resolve()
    _remove_left_over(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
