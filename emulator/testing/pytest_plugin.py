"""The pytest plugin: a fresh world for every test, in process or on a server.

pytest loads this in every run where the package is installed, so it imports nothing but pytest
until a test asks for a world.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.client.server_process import Server
    from emulator.testing.backend import Backend
    from emulator.testing.world import TestWorld

MARKER = "worldflux(seed): the seed that the test's world begins with, by name or file"
SHOWN_MAX = 30
"""How many requests a report shows; the file beside it has all."""

_WORLD = pytest.StashKey["TestWorld"]()
_HAS_FAILED = pytest.StashKey[bool]()
_SERVER = pytest.StashKey["Server"]()
_SOURCE = pytest.StashKey["Backend"]()
_RUN = pytest.StashKey[str]()
_URL, _RUN_ID = "worldflux_url", "worldflux_run"
"""What the controller of pytest-xdist tells its workers."""

_RUN_SHOWN = 4
"""How much of the run's id a world's name shows; its hash has all of it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; each but the switch may stand in the ini file too."""
    group = parser.getgroup("worldflux-emulator")
    group.addoption("--worldflux-url", metavar="URL", help="use the emulator that is served there")
    group.addoption(
        "--worldflux-server",
        action="store_true",
        help="start an emulator as a process, one for all workers; default: in this process",
    )
    group.addoption("--worldflux-seed", metavar="SEED", help="the seed of every world, or a file")
    parser.addini(_URL, "use the emulator that is served there")
    parser.addini("worldflux_seed", "the seed of every world, by name or file; default: demo")
    parser.addini(
        "worldflux_results",
        "the folder for what happened in the worlds of failed tests",
        default="test-results",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the server once, before pytest-xdist's workers; tell each where it is, and the run."""
    # Where each worker runs every test, it does so in worlds of its own.
    mine = str(node.gateway.id) if node.config.getoption("dist") == "each" else ""
    node.workerinput[_RUN_ID] = run_id(node.config) + mine
    if node.config.getoption("--worldflux-server"):
        node.workerinput[_URL] = _server(node.config).url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what runs in this process and stop the server."""
    source = config.stash.get(_SOURCE, None)
    if source is not None:
        source.close()
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


def _server(config: pytest.Config) -> Server:
    from emulator.client.server_process import StartError, start
    from emulator.seeding.files import SeedError, load

    if _SERVER not in config.stash:
        seed = _seed(config) or "demo"
        try:
            load(seed)  # what the server says on its stderr, pytest may have captured
            config.stash[_SERVER] = start("--seed", seed)
        except (SeedError, StartError) as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    return config.stash[_SERVER]


def _url(config: pytest.Config) -> str | None:
    return config.getoption("--worldflux-url") or config.getini(_URL) or None


def run_id(config: pytest.Config) -> str:
    """Return what tells this run's worlds from those of others on an emulator that serves others
    too; empty where it is the run's own, so that worlds are named the same in every run.
    """
    from uuid import uuid4

    if _RUN not in config.stash:
        own = uuid4().hex if _url(config) else ""
        config.stash[_RUN] = getattr(config, "workerinput", {}).get(_RUN_ID, own)
    return config.stash[_RUN]


def _seed(config: pytest.Config) -> str | None:
    return config.getoption("--worldflux-seed") or config.getini("worldflux_seed") or None


@pytest.fixture(scope="session")
def emulator(pytestconfig: pytest.Config) -> Backend:
    """Return the emulator of this run: `url`, `coverage()`. Ask for `world` rather."""
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError
    from emulator.seeding.files import SeedError
    from emulator.testing.backend import Backend

    told = getattr(pytestconfig, "workerinput", {}).get(_URL)
    url = told or _url(pytestconfig)
    try:
        if url:
            source = Backend.served(url, seed=None if told else _seed(pytestconfig))
        elif pytestconfig.getoption("--worldflux-server"):
            source = Backend.served(_server(pytestconfig).url)
        else:
            source = Backend.in_process(_seed(pytestconfig) or "demo")
    except (ControlError, UnreachableError, SeedError) as error:
        pytest.fail(str(error), pytrace=False)
    # Closed at the end of the session: the report of the last teardown asks it yet.
    pytestconfig.stash[_SOURCE] = source
    return source


@pytest.fixture
def world(emulator: Backend, request: pytest.FixtureRequest) -> TestWorld:
    """Make a fresh world of this test's own: `client`, `signed_in()`, `keyed()`, `as_async()`,
    `clock`, `mail`, `fault()`, `requests()`, `snapshot()`, `restore()`.
    """
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError
    from emulator.testing.world import TestWorld

    name = world_name(request.node.nodeid, run=run_id(request.config))
    try:
        mine = TestWorld(emulator, name, seed=_seed_of(request.node))
    except (ControlError, UnreachableError) as error:
        pytest.fail(str(error), pytrace=False)
    request.node.stash[_WORLD], request.node.stash[_HAS_FAILED] = mine, False
    return mine  # and closed with the report of the teardown


def _seed_of(node: pytest.Item) -> str | None:
    """Return the seed that a test's marker names: `worldflux("empty")` or `worldflux(seed=…)`."""
    marker = node.get_closest_marker("worldflux")
    if marker is None:
        return None
    said = [*marker.args, *marker.kwargs.values()]
    if len(said) != 1 or set(marker.kwargs) - {"seed"}:
        pytest.fail(f"A marker names one seed: {MARKER}.", pytrace=False)
    return str(said[0])


def world_name(node_id: str, *, run: str = "") -> str:
    """Return a test's world: fit to be read, another for every test, and for every run that has
    an id; its first digits tell people whose it is.
    """
    said = re.sub(r"[^a-z0-9]+", "-", node_id.rpartition("::")[2].lower())
    digest = sha256(f"{run}\n{node_id}".encode()).hexdigest()[:12]
    return "-".join(filter(None, (said[:21].strip("-"), run[:_RUN_SHOWN], digest)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in the report of a failed test what happened in its world, and close the world once
    nothing of the test can need it or fail any more.
    """
    report = yield
    mine = item.stash.get(_WORLD, None)
    if mine is None:
        return report
    if report.failed:
        item.stash[_HAS_FAILED] = True
        _attach(mine, item, report)
    if call.when == "teardown":
        del item.stash[_WORLD]
        _close(mine, report, has_failed=item.stash[_HAS_FAILED])
    return report


def _close(mine: TestWorld, report: pytest.TestReport, *, has_failed: bool) -> None:
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError

    try:
        # On a server the world of a failed test stays, to be looked at.
        mine.close(keeps_world=has_failed)
    except (ControlError, UnreachableError) as error:
        if report.passed:
            report.outcome, report.longrepr = "failed", str(error)


def _attach(mine: TestWorld, item: pytest.Item, report: pytest.TestReport) -> None:
    title = f"WorldFlux world {mine.name}"
    folder = item.config.rootpath / str(item.config.getini("worldflux_results"))
    try:  # whatever goes wrong here, the test's own failure matters more
        journal = mine.journal()
        text = json.dumps({"test": item.nodeid, **journal}, indent=2)
        kept = _write(folder / f"{mine.name}.json", text.encode())
        capsule = _write(folder / f"{mine.name}.capsule.json", mine.capsule())
    except Exception as error:
        report.sections.append((title, f"What happened there cannot be told: {error}"))
        return
    lines = [_line(one) for one in journal["requests"]]
    left_out = [f"… {len(lines) - SHOWN_MAX} earlier ones"] if len(lines) > SHOWN_MAX else []
    shown = [*left_out, *(lines[-SHOWN_MAX:] or ["no requests"])]
    shown += [f"Whole: {kept}", f"Again: worldflux-emulator replay {capsule}"]
    if _url(item.config):
        shown.append(f"It stays there: {mine.url}")
    report.sections.append((title, "\n".join(shown)))


def _line(entry: dict[str, Any]) -> str:
    parts = [f"{entry['id']:>3}", entry["method"], entry["path"], str(entry["status"])]
    parts += [entry["code"]] if entry["code"] else []
    parts += [f"(fault {entry['fault_id']})"] if entry["fault_id"] else []
    return " ".join(parts)


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
