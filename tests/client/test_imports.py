"""What the client and the pytest plugin import, in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CLIENT = ("emulator.client.control_client", "emulator.client.server_process")
"""With `emulator.client.transports`, which the first imports, every module of the client."""

SHOW = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name for name in set(sys.modules) - before})))
"""


def imported(*modules: str) -> set[str]:
    """Return the modules that importing some modules loads, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *modules], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def foreign(modules: set[str]) -> set[str]:
    """Return the top-level packages of modules that the standard library does not have."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names


def test_the_client_imports_the_standard_library_alone() -> None:
    modules = imported(*CLIENT)
    assert foreign(modules) == {"emulator"}
    assert {name for name in modules if name.startswith("emulator")} == {
        "emulator",
        "emulator.client",
        "emulator.client.transports",
        *CLIENT,
    }


def test_the_pytest_plugin_imports_the_standard_library_and_pytest_alone() -> None:
    pytests_own = imported("pytest")
    modules = imported("pytest", "emulator.testing.pytest_plugin") - pytests_own
    assert modules == {"emulator", "emulator.testing", "emulator.testing.pytest_plugin"}


@pytest.mark.parametrize("module", ["emulator.testing.world", "emulator.testing.backend"])
def test_a_world_of_the_kit_needs_no_emulator_in_its_own_process(module: str) -> None:
    loaded = foreign(imported(module))
    assert loaded == {"emulator"}
