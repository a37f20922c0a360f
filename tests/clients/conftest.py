"""What the tests of real clients share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.console import Console
from tests.clients.project import USERS, Project
from tests.running import Running, start


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Running]:
    """A real server on the seed that the module's `SEED` describes."""
    seed = tmp_path_factory.mktemp("seed") / "clients.yaml"
    seed.write_text(request.module.SEED, "utf-8")
    running = start("--seed", str(seed))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def console() -> Iterator[Console]:
    """The Node process in which clients of supabase-js live."""
    console = Console()
    yield console
    console.stop()


@pytest.fixture(scope="session")
def backend() -> Iterator[Running]:
    """A real server, for `project` to plant seeds on."""
    running = start("--seed", "empty")
    yield running
    running.stop()


@pytest.fixture
def project(backend: Running, console: Console, tmp_path: Path) -> Callable[..., Project]:
    """Return a function that makes a fresh project: `project(confirm_email=True)`, with what a
    seed may say under `auth`.
    """

    def project(**auth: Any) -> Project:
        seed = tmp_path / "project.json"
        seed.write_text(json.dumps({"auth": auth, "users": USERS}), "utf-8")
        made = Project(backend, console)
        made.control("reset", seed=str(seed))
        return made

    return project
