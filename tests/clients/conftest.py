"""What the tests of real clients share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.auth_project import USERS, Project
from tests.support.console import Console
from tests.support.server import Running, serving
from tests.support.world_naming import Place, Way, newest_request, place_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a suite in each of the worlds that its `WAYS` name, by default in the default one."""
    if "way" in metafunc.fixturenames:
        ways = getattr(metafunc.module, "WAYS", ("default",))
        metafunc.parametrize("way", ways, ids=[f"by-{way}" for way in ways], scope="module")


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Running]:
    """A real server on the seed that the module's `SEED` describes."""
    seed = tmp_path_factory.mktemp("seed") / "clients.yaml"
    seed.write_text(request.module.SEED, "utf-8")
    with serving("--seed", str(seed)) as running:
        yield running


@pytest.fixture(scope="module")
def server(running: Running, way: Way) -> Iterator[Place]:
    """The world of that server in which the suite runs; a named one leaves the default alone."""
    before = newest_request(running)
    yield place_of(running, way)
    assert way == "default" or newest_request(running) == before


@pytest.fixture(scope="session")
def console() -> Console:
    """The Node process in which clients of supabase-js live."""
    return Console()


@pytest.fixture(scope="session")
def backend() -> Iterator[Running]:
    """A real server, for `project` to plant seeds on."""
    with serving("--seed", "empty") as running:
        yield running


@pytest.fixture
def project(
    backend: Running, console: Console, tmp_path: Path, way: Way
) -> Iterator[Callable[..., Project]]:
    """Return a function that makes a fresh project: `project(confirm_email=True)`, with what a
    seed may say under `auth`. A project in a named world leaves the default one alone.
    """
    place, before = place_of(backend, way), newest_request(backend)

    def project(**auth: Any) -> Project:
        seed = tmp_path / "project.json"
        seed.write_text(json.dumps({"auth": auth, "users": USERS}), "utf-8")
        made = Project(place, console)
        made.control("reset", seed=str(seed))
        return made

    yield project
    assert way == "default" or newest_request(backend) == before
