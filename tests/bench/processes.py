"""What another process takes of the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


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


def _ps(column: str, pid: int) -> str:
    said = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True
    )
    return said.stdout.strip()
