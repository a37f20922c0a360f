"""Pytest plugin: a fresh world for every test, in process or on a server.

pytest loads this module in every run where the package is installed, so it imports the standard
library and pytest alone until a test uses a world.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from emulator.client.server_process import ServerProcess
    from emulator.testing.backend import Backend
    from emulator.testing.world import TestWorld

MARKER = "worldflux(seed): start the test's world from this seed, a name or file"
SHOWN_MAX = 30
"""How many requests a report shows; the journal's file has all of them."""


class PluginOption(NamedTuple):
    """A setting of the plugin: an option of the command line, a key of the ini file, or both."""

    help: str
    flag: str | None = None
    metavar: str | None = None
    """None for a switch."""

    ini: str | None = None
    default: str | None = None


OPTIONS = (
    PluginOption(
        flag="--worldflux-server",
        help="start one emulator as a process for all workers, instead of one in each process",
    ),
    PluginOption(
        flag="--worldflux-url",
        metavar="URL",
        ini="worldflux_url",
        help="use the emulator at this URL, which is already running",
    ),
    PluginOption(
        flag="--worldflux-seed",
        metavar="SEED",
        ini="worldflux_seed",
        help="start every world from this seed, a name or file (default: demo)",
    ),
    PluginOption(
        ini="worldflux_results",
        default="test-results",
        help="folder for the journals and capsules of failed tests",
    ),
)

_WORLD = pytest.StashKey["TestWorld"]()
_HAS_FAILED = pytest.StashKey[bool]()
_SERVER = pytest.StashKey["ServerProcess"]()
_BACKEND = pytest.StashKey["Backend"]()
_RUN = pytest.StashKey[str]()
_URL, _RUN_ID = "worldflux_url", "worldflux_run"
"""What the controller of pytest-xdist passes to its workers."""

_RUN_SHOWN = 4
"""How many characters of the run's id a world's name shows; its hash covers all of them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options of the command line and of the ini file."""
    group = parser.getgroup("worldflux-emulator")
    for option in OPTIONS:
        if option.flag and option.metavar:
            group.addoption(option.flag, metavar=option.metavar, help=option.help)
        elif option.flag:
            group.addoption(option.flag, action="store_true", help=option.help)
        if option.ini:
            parser.addini(option.ini, option.help, default=option.default)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the server once for all workers of pytest-xdist, and pass on its URL and the run id."""
    # With `--dist each` every worker runs every test, and needs worlds of its own.
    worker = str(node.gateway.id) if node.config.getoption("dist") == "each" else ""
    node.workerinput[_RUN_ID] = run_id(node.config) + worker
    if node.config.getoption("--worldflux-server"):
        node.workerinput[_URL] = _server(node.config).url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the emulator in this process, and the server if this process started it."""
    backend = config.stash.get(_BACKEND, None)
    if backend is not None:
        backend.close()
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


def _server(config: pytest.Config) -> ServerProcess:
    from emulator.client.server_process import StartError, start_server
    from emulator.seeding.files import SeedError, load

    if _SERVER not in config.stash:
        seed = _seed(config) or "demo"
        try:
            load(seed)  # validated here, since pytest may capture the server's stderr
            config.stash[_SERVER] = start_server("--seed", seed)
        except (SeedError, StartError) as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    return config.stash[_SERVER]


def _url(config: pytest.Config) -> str | None:
    return config.getoption("--worldflux-url") or config.getini(_URL) or None


def run_id(config: pytest.Config) -> str:
    """Return the id that keeps this run's worlds apart from those of other runs.

    It is empty where the emulator serves this run alone, so that a test's world has the same name
    in every run.
    """
    from uuid import uuid4

    if _RUN not in config.stash:
        new = uuid4().hex if _url(config) else ""
        config.stash[_RUN] = getattr(config, "workerinput", {}).get(_RUN_ID, new)
    return config.stash[_RUN]


def _seed(config: pytest.Config) -> str | None:
    return config.getoption("--worldflux-seed") or config.getini("worldflux_seed") or None


@pytest.fixture(scope="session")
def emulator(pytestconfig: pytest.Config) -> Backend:
    """Return the emulator of this run: `url`, `coverage()`. Most tests need `world` instead."""
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError
    from emulator.seeding.files import SeedError
    from emulator.testing.backend import Backend

    started_url = getattr(pytestconfig, "workerinput", {}).get(_URL)
    url = started_url or _url(pytestconfig)
    try:
        if url:
            seed = None if started_url else _seed(pytestconfig)
            backend = Backend.served(url, seed=seed)
        elif pytestconfig.getoption("--worldflux-server"):
            backend = Backend.served(_server(pytestconfig).url)
        else:
            backend = Backend.in_process(_seed(pytestconfig) or "demo")
    except (ControlError, UnreachableError, SeedError) as error:
        pytest.fail(str(error), pytrace=False)
    # Closed in `pytest_unconfigure`: the report of the last teardown still uses it.
    pytestconfig.stash[_BACKEND] = backend
    return backend


@pytest.fixture
def world(emulator: Backend, request: pytest.FixtureRequest) -> TestWorld:
    """Make a fresh world for this test: `client`, `signed_in()`, `keyed()`, `as_async()`,
    `clock`, `mail`, `fault()`, `requests()`, `snapshot()`, `restore()`.
    """
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError
    from emulator.testing.world import TestWorld

    name = world_name(request.node.nodeid, run=run_id(request.config))
    try:
        test_world = TestWorld(emulator, name, seed=_marked_seed(request.node))
    except (ControlError, UnreachableError) as error:
        pytest.fail(str(error), pytrace=False)
    request.node.stash[_WORLD], request.node.stash[_HAS_FAILED] = test_world, False
    return test_world  # closed by `pytest_runtest_makereport` after the teardown


def _marked_seed(node: pytest.Item) -> str | None:
    """Return the seed of a test's marker: `worldflux("empty")` or `worldflux(seed="empty")`."""
    marker = node.get_closest_marker("worldflux")
    if marker is None:
        return None
    seeds = [*marker.args, *marker.kwargs.values()]
    if len(seeds) != 1 or set(marker.kwargs) - {"seed"}:
        pytest.fail(f"The marker takes one seed: {MARKER}.", pytrace=False)
    return str(seeds[0])


def world_name(node_id: str, *, run: str = "") -> str:
    """Return the name of a test's world: readable, and unique to the test and the run.

    It starts with the test's name and the first characters of the run's id.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", node_id.rpartition("::")[2].lower())
    digest = sha256(f"{run}\n{node_id}".encode()).hexdigest()[:12]
    return "-".join(filter(None, (readable[:21].strip("-"), run[:_RUN_SHOWN], digest)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the world's requests to the report of a failed test, and close the world after the
    teardown, when no part of the test can use it or fail anymore.
    """
    report = yield
    test_world = item.stash.get(_WORLD, None)
    if test_world is None:
        return report
    if report.failed:
        item.stash[_HAS_FAILED] = True
        _attach(test_world, item, report)
    if call.when == "teardown":
        del item.stash[_WORLD]
        _close(test_world, report, has_failed=item.stash[_HAS_FAILED])
    return report


def _close(test_world: TestWorld, report: pytest.TestReport, *, has_failed: bool) -> None:
    from emulator.client.control_client import ControlError
    from emulator.client.transports import UnreachableError

    try:
        # On a server the world of a failed test stays for inspection.
        test_world.close(keeps_world=has_failed)
    except (ControlError, UnreachableError) as error:
        if report.passed:
            report.outcome, report.longrepr = "failed", str(error)


def _attach(test_world: TestWorld, item: pytest.Item, report: pytest.TestReport) -> None:
    title = f"WorldFlux world {test_world.name}"
    folder = item.config.rootpath / str(item.config.getini("worldflux_results"))
    try:  # an error here must not hide the test's own failure
        journal = test_world.journal()
        text = json.dumps({"test": item.nodeid, **journal}, indent=2)
        journal_file = _write(folder / f"{test_world.name}.json", text.encode())
        capsule_file = _write(folder / f"{test_world.name}.capsule.json", test_world.capsule())
    except Exception as error:
        report.sections.append((title, f"The journal is not available: {error}"))
        return
    lines = [_line(entry) for entry in journal["requests"]]
    omitted = [f"… {len(lines) - SHOWN_MAX} earlier requests"] if len(lines) > SHOWN_MAX else []
    shown = [*omitted, *(lines[-SHOWN_MAX:] or ["no requests"])]
    shown += [f"Journal: {journal_file}", f"Replay: worldflux-emulator replay {capsule_file}"]
    if _url(item.config):
        shown.append(f"Inspect: {test_world.url}")
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
