"""Atomic file writing: a reader sees the old content or the new, never a part of either."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path


def is_replaceable(path: Path) -> bool:
    """Return whether a path leads to a regular file or to nothing, rather than to a device or a
    pipe. Raises OSError.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def write_atomically(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that is complete at any moment, even if the process is killed. Raises OSError.

    Follows a symbolic link and replaces its target. Writes straight into a device or a pipe.
    Removes the partial files of earlier processes that were killed.
    """
    if not is_replaceable(path):
        with path.open("wb") as file:
            file.writelines(parts)
        return
    path = path.resolve()
    _remove_partials(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.writelines(parts)
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


def _remove_partials(path: Path) -> None:
    """Remove the partial files that processes left beside a file and that no longer run."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.partial")
    for part in path.parent.iterdir():
        found = pattern.fullmatch(part.name)
        if found is not None and not _is_alive(int(found[1])):
            part.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere, signal 0 would end the process
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
