"""Processes: the processor time, memory and descriptors they take, and the core they run on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cores() -> tuple[int | None, int | None]:
    """Return a core for servers and another for clients; None where cores cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (None, None)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Restrict this process to a core, and with it every process that it starts meanwhile."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        user, system = stat.read_text("utf-8").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    minutes, _, seconds = _ps("time", pid).rpartition(":")
    return int(minutes.rpartition(":")[2]) * 60 + float(seconds)


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    statm = Path(f"/proc/{pid}/statm")
    if statm.exists():
        return int(statm.read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return int(_ps("rss", pid)) / 2**10


def open_descriptors(pid: int) -> int:
    """Return how many descriptors a process has open; 0 where the system does not show them."""
    opened = Path(f"/proc/{pid}/fd")
    return len(list(opened.iterdir())) if opened.exists() else 0


def _ps(column: str, pid: int) -> str:
    shown = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True
    )
    return shown.stdout.strip()
