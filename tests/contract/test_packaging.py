"""What is shipped: the image, the compose file and the wheel's dependencies, read as text."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TOOLS_FILES = [
    ".ci/run",
    ".dockerignore",
    "Dockerfile",
    "Makefile",
    "docker-compose.yml",
    "pyproject.toml",
    "tests/bench/peers/.npmrc",
    "tests/bench/peers/package.json",
    "tests/clients/.npmrc",
    "tests/clients/package.json",
    "tests/testing/.npmrc",
    "tests/testing/package.json",
]
IMPORT_NAMES = {
    "fastapi-offline": "fastapi_offline",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "rpds-py": "rpds",
}
# Starlette is what FastAPI is made of and follows FastAPI's choice of version.
BROUGHT_ALONG = {"starlette", "pydantic_core"}
# Invents people for seeds while developing; an installed emulator reads what was committed.
DEVELOPMENT_ONLY = {
    "faker": {"emulator/seeding/people.py"},
    # Loaded by pytest itself, and types of a library that tests bring along.
    "pytest": {"emulator/testing/pytest_plugin.py"},
    "httpx": {"emulator/testing/http_clients.py", "emulator/testing/world.py"},
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def instructions(keyword: str) -> list[str]:
    """The arguments of that instruction in the Dockerfile's last stage, in order."""
    final_stage = read("Dockerfile").rsplit("\nFROM ", 1)[1]
    return re.findall(rf"^{keyword} +(.*)$", final_stage, flags=re.MULTILINE)


def pyproject() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def imported_packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"emulator"}


def test_the_image_does_not_run_as_root() -> None:
    [user] = instructions("USER")
    assert int(user) > 0


def test_the_image_checks_the_health_of_the_port_it_exposes() -> None:
    [port] = instructions("EXPOSE")
    [check] = instructions("HEALTHCHECK")
    assert f"http://127.0.0.1:{port}/_emulator/health" in check


def test_the_image_serves_on_every_interface_under_the_name_that_compose_gives_it() -> None:
    [entrypoint] = instructions("ENTRYPOINT")
    [command] = instructions("CMD")
    [name] = yaml.safe_load(read("docker-compose.yml"))["services"]
    assert [json.loads(entrypoint), json.loads(command)] == [
        ["worldflux-emulator"],
        ["serve", "--host", "0.0.0.0", "--allowed-host", name],
    ]
    assert "worldflux-emulator" in pyproject()["project"]["scripts"]


def test_compose_builds_this_tree_and_publishes_to_this_machine_only() -> None:
    assert yaml.safe_load(read("docker-compose.yml")) == {
        "services": {
            "emulator": {
                "build": ".",
                "ports": ["127.0.0.1:8787:8787"],
                "environment": {"WORLDFLUX_E2E_FIXTURES": "1"},
            }
        }
    }


@pytest.mark.parametrize("name", TOOLS_FILES)
def test_a_tools_file_names_no_other_host_and_no_path_of_this_machine(name: str) -> None:
    text = read(name)
    hosts = set(re.findall(r"https?://([^/:\s'\"]+)", text))
    assert hosts <= {"127.0.0.1", "localhost", "emulator"}
    assert str(ROOT) not in text
    assert not re.findall(r"registry\s*=|index[-_]url|find[-_]links|_authToken", text)


@pytest.mark.parametrize("folder", ["tests/bench/peers", "tests/clients", "tests/testing"])
def test_a_lock_file_names_no_registry(folder: str) -> None:
    packages = json.loads(read(f"{folder}/package-lock.json"))["packages"]
    # The folder of the newest clients and the link to it are ours.
    if folder == "tests/clients":
        assert packages.pop("node_modules/newest") == {"resolved": "newest", "link": True}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    fetched = [name for name in packages if name not in ("", "newest")]
    assert [name for name in fetched if "integrity" not in packages[name]] == []


def test_the_emulator_imports_only_what_it_declares() -> None:
    declared = {re.split(r"[^\w-]", line)[0] for line in pyproject()["project"]["dependencies"]}
    allowed = {IMPORT_NAMES.get(name, name) for name in declared} | BROUGHT_ALONG
    undeclared = {
        (name, path.relative_to(ROOT).as_posix())
        for path in (ROOT / "emulator").rglob("*.py")
        for name in imported_packages(path) - allowed
    }
    excused = {(name, path) for name, paths in DEVELOPMENT_ONLY.items() for path in paths}
    assert undeclared <= excused


def test_the_wheel_carries_the_seeds() -> None:
    wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["emulator"], "force-include": {"seeds": "emulator/_seeds"}}
