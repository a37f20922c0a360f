"""Start of a test that uses the pytest plugin: imports, a world in process, a first request.

As a multiple of importing the libraries that nothing can do without, in fresh processes.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from tests.bench.figures import Figure, show_figures

LIBRARIES = "import pydantic, rpds, orjson"
WORLD = """
from emulator.testing.backend import Backend
from emulator.testing.world import TestWorld

backend = Backend.in_process("demo")
world = TestWorld(backend, "bench")
"""
REQUEST = """
headers = [("authorization", f"Bearer {world.api_key}")]
assert backend.transport.request("GET", "/api/runs", headers=headers).status == 200
"""
CLIENT = """
assert world.keyed().get("/api/runs").status_code == 200
"""

PROGRAMS = {
    "a world and a first request": WORLD + REQUEST,
    "the same with the world's httpx client": WORLD + CLIENT,
}


def measure(*, rounds: int) -> list[Figure]:
    """Print and return the multiples of interleaved processes."""
    values: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for program in PROGRAMS.values():
        _seconds(program)  # may have to compile modules
    for _ in range(rounds):
        libraries = _seconds(LIBRARIES)
        for name, program in PROGRAMS.items():
            values[name].append(_seconds(program) / libraries)
    figures = [
        Figure(part="plugin", row=name, unit="of the imports", values=multiples)
        for name, multiples in values.items()
    ]
    show_figures(f"A test that uses the plugin, multiples of `{LIBRARIES}`", figures)
    return figures


def _seconds(program: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return perf_counter() - began
