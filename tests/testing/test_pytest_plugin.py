"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from emulator.registry.live_world import NAME
from emulator.testing.pytest_plugin import world_name
from tests.support.messages import golden
from tests.support.readme import KITS, ROOT, example
from tests.support.replaying import replay
from tests.support.server import Running

pytestmark = pytest.mark.usefixtures("this_tree")

pytest_plugins = ["pytester"]

Launch = Callable[..., Running]
RUN = "1234567890abcdef1234567890abcdef"
RunTests = Callable[..., pytest.RunResult]

ISOLATED = """
    import pytest

    RUN = {"client_run_id": "mine", "status": "failed"}

    @pytest.mark.parametrize("place", range(8))
    def test_sees_only_its_own(world, place):
        assert world.client.post("/api/e2e/cli-sync", json=RUN).json()["created"] == 1
        state = world.client.get("/_emulator/state")
        assert state.headers["x-emulator-world"] == world.name
        assert [one["path"] for one in world.requests()] == ["/api/e2e/cli-sync"]
"""


@pytest.fixture
def run_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunTests:
    """Return a function that runs tests in a process of their own, where the plugin is the only
    one besides pytest-xdist and a warning is an error.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)

    def run(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=text)
        plugins = ("-p", "emulator.testing.pytest_plugin", "-p", "xdist.plugin")
        return pytester.runpytest_subprocess(*plugins, "-W", "error", *arguments)

    return run


@pytest.mark.parametrize("page", ["README.md", KITS])
def test_the_example_of_the_documentation_passes(run_tests: RunTests, page: str) -> None:
    run_tests(example("python", "test_the_cap", page=page)).assert_outcomes(passed=1)


def worlds_of(url: str) -> list[str]:
    """Return the names of the worlds that a server has besides the default one."""
    items = httpx2.get(f"{url}/_emulator/worlds").json()["items"]
    return [one["name"] for one in items if one["name"] != "default"]


def test_pytest_finds_the_plugin_by_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"] == {
        "pytest11": {"worldflux-emulator": "emulator.testing.pytest_plugin"}
    }


def test_every_test_has_a_world_of_its_own_in_process(run_tests: RunTests) -> None:
    run_tests(ISOLATED).assert_outcomes(passed=8)


def test_workers_in_process_do_not_meet(run_tests: RunTests) -> None:
    run_tests(ISOLATED, "-n", "2").assert_outcomes(passed=8)


def test_workers_share_one_server_that_is_started_for_them(run_tests: RunTests) -> None:
    both = """
        def test_who_it_is(world, worker_id, emulator):
            instance = world.client.get("/_emulator/health").json()["instance"]
            print(f"INSTANCE {instance}")
            assert f"-{worker_id}-" in world.name  # each runs every test
            assert emulator.url.startswith("http://localhost:")

        def test_who_it_is_again(world, worker_id, emulator):
            test_who_it_is(world, worker_id, emulator)
    """
    result = run_tests(both, "--worldflux-server", "-n", "2", "-rP", "--dist", "each")
    result.assert_outcomes(passed=4)
    said = {line for line in result.outlines if line.startswith("INSTANCE ")}
    assert len(said) == 1


def test_a_server_can_be_started_without_workers(run_tests: RunTests) -> None:
    run_tests(ISOLATED, "--worldflux-server").assert_outcomes(passed=8)


def test_workers_share_a_server_that_runs_already(run_tests: RunTests, launch: Launch) -> None:
    url = launch("--seed", "demo").url
    for _ in range(2):
        run_tests(ISOLATED, "-n", "2", "--worldflux-url", url).assert_outcomes(passed=8)
    assert worlds_of(url) == []


def test_a_server_that_is_not_there_is_said_plainly(run_tests: RunTests) -> None:
    result = run_tests(ISOLATED, "--worldflux-url", "http://localhost:9")
    result.assert_outcomes(errors=8)
    assert "http://localhost:9: " in result.stdout.str()


def test_the_world_of_a_failed_test_stays_on_a_server_that_others_use_too(
    run_tests: RunTests, launch: Launch
) -> None:
    url = launch("--seed", "demo").url
    failing = ISOLATED.replace("range(8)", "[0, 1]") + "        assert False\n"
    for run in (1, 2):
        result = run_tests(failing, "--worldflux-url", url, *(("-n", "2") if run == 2 else ()))
        result.assert_outcomes(failed=2)
        stay = worlds_of(url)
        assert all(f" {url}/_w/{name}\n" in result.stdout.str() for name in stay[-2:])
        # The same tests of another run, at the same time as well, have worlds of their own.
        assert len(stay) == 2 * run
        assert len({name.split("-")[-2] for name in stay}) == run
    run_tests(ISOLATED, "--worldflux-url", url).assert_outcomes(passed=8)
    assert worlds_of(url) == stay


def test_a_test_that_passes_when_it_is_run_again_leaves_no_world(
    run_tests: RunTests, pytester: pytest.Pytester, launch: Launch
) -> None:
    url = launch("--seed", "demo").url
    pytester.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):  # as pytest-rerunfailures does
            for _ in range(2):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if item._request is not None:
                    item._initrequest()
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            return True
    """)
    run_tests(
        """
        TIMES = []

        def test_it(world):
            assert world.requests() == []
            world.client.get("/healthz")
            TIMES.append(world.name)
            assert len(TIMES) == 2
        """,
        *("--worldflux-url", url),
    ).assert_outcomes(passed=1)
    assert worlds_of(url) == []


def test_a_failed_test_says_what_happened_in_its_world(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    result = run_tests("""
        def test_fails(world):
            world.fault(path="/api/cloud/me", status=503)
            client = world.signed_in()
            client.get("/api/cloud/me")
            assert False

        def test_passes(world):
            pass
    """)
    result.assert_outcomes(failed=1, passed=1)
    name = world_name("test_it.py::test_fails")
    result.stdout.fnmatch_lines(
        [
            f"*WorldFlux world {name}*",
            "  1 POST /api/auth/login 200",
            "  2 GET /api/cloud/me 503 * (fault *)",
            f"Journal: */test-results/{name}.json",
            f"Replay: worldflux-emulator replay */test-results/{name}.capsule.json",
        ]
    )
    [capsule, path] = sorted((pytester.path / "test-results").iterdir())
    done = replay(capsule.read_bytes())
    assert (done.total, done.difference) == (2, None)
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert (kept["test"], kept["world"]["name"]) == ("test_it.py::test_fails", name)
    assert [one["path"] for one in kept["requests"]] == ["/api/auth/login", "/api/cloud/me"]
    assert "demo-password" not in path.read_text("utf-8")


def test_an_error_in_a_teardown_says_what_happened_too(
    run_tests: RunTests, pytester: pytest.Pytester, launch: Launch
) -> None:
    url = launch("--seed", "demo").url
    text = """
        import pytest

        @pytest.fixture
        def synced(world):
            yield
            world.client.get("/healthz")
            raise ValueError("not tidied up")

        def test_it(synced):
            pass
    """
    for arguments in ((), ("--worldflux-url", url)):
        result = run_tests(text, *arguments)
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*WorldFlux world *", "  1 GET /healthz 200", "Journal: *"])
    assert len(worlds_of(url)) == 1
    assert len(list((pytester.path / "test-results").iterdir())) == 4


def test_a_server_that_ends_early_is_said_at_the_end_of_the_test(
    run_tests: RunTests, launch: Launch
) -> None:
    server = launch("--seed", "demo")
    text = f"""
        import os
        import signal
        import socket

        import pytest

        def test_it(world):
            os.kill({server.process.pid}, signal.SIGKILL)
            with pytest.raises(OSError):
                while True:
                    socket.create_connection(("127.0.0.1", {urlsplit(server.url).port})).close()
    """
    result = run_tests(text, "--worldflux-url", server.url)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"* {server.url}: *"])


def test_what_is_shown_of_a_failure_ends_in_the_test(run_tests: RunTests) -> None:
    result = run_tests("""
        def test_it(world):
            world.fault(path="/no-such-route", status=500)
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ControlError: *'/no-such-route'*"])
    result.stdout.fnmatch_lines(["test_it.py:2: ControlError"])
    result.stdout.no_fnmatch_line("*testing/world.py*")


def test_a_world_can_do_what_tests_need(run_tests: RunTests) -> None:
    everything = """
        import os
        from datetime import timedelta
        import pytest

        def test_people(world):
            assert world.client.get("/api/cloud/me").status_code == 401
            assert world.signed_in().get("/api/cloud/me").status_code == 200
            them = world.signed_in(world.logins[1][0])
            assert them.get("/api/cloud/me").status_code == 200
            with pytest.raises(LookupError, match="nobody@example.com"):
                world.signed_in("nobody@example.com")
            assert world.client.cookies.get("sb-localhost-auth-token") is None

        def test_keys_alone_lead_here(world):
            assert world.keyed().get("/api/runs").status_code == 200
            client = world.new_client()
            del client.headers["x-emulator-world"]
            answer = client.get("/api/runs", headers={"Authorization": f"Bearer {world.api_key}"})
            assert answer.headers["x-emulator-world"] == world.name
            for key in (world.anon_key, world.service_role_key):
                settings = client.get("/auth/v1/settings", headers={"apikey": key})
                assert settings.headers["x-emulator-world"] == world.name

        def test_clock(world):
            began = world.clock.now
            world.clock.advance("P1D")
            world.clock.advance(60)
            world.clock.advance(hours=1)
            world.clock.advance(timedelta(seconds=1))
            assert world.clock.now - began == timedelta(days=1, hours=1, seconds=61)
            world.clock.set("2030-01-01T00:00:00Z")
            assert world.clock.now.year == 2030

        def test_mail(world):
            email, _ = world.logins[0]
            world.client.post("/auth/v1/recover", json={"email": email})
            mail = world.mail.wait_for(to=email, kind="reset")
            assert world.name in mail["link"]
            with pytest.raises(AssertionError, match="x@example.com"):
                world.mail.wait_for(to="x@example.com", timeout_seconds=1)

        def test_faults(world):
            with world.fault(path="/api/cloud/me", code="rate_limited", times=1) as fault:
                client = world.signed_in()
                assert [client.get("/api/cloud/me").status_code for _ in range(2)] == [429, 200]
                assert fault.hits == 1
            dropped = world.fault(operation="GET /api/cloud/me", drop=True)
            with pytest.raises(Exception, match="dropped"):
                client.get("/api/cloud/me")
            dropped.disarm()
            assert client.get("/api/cloud/me").status_code == 200

        def test_going_back(world):
            digest = lambda: world.client.get("/_emulator/state").json()["digest"]
            empty = digest()
            kept = world.snapshot()
            world.client.post("/api/e2e/cli-sync", json={"client_run_id": "a", "status": "failed"})
            assert digest() != empty
            world.restore()
            assert digest() == empty
            world.client.post("/api/e2e/cli-sync", json={"client_run_id": "a", "status": "failed"})
            world.restore(kept)
            assert digest() == empty
            world.reset("empty")
            assert digest() != empty

        @pytest.mark.worldflux(seed="quota-edge")
        def test_seed(world):
            body = {"runs": [{"client_run_id": f"r{n}", "status": "failed"} for n in range(2)]}
            assert world.signed_in().get("/api/cloud/me").status_code == 200
            assert world.client.post("/api/e2e/cli-sync", json=body).status_code in (201, 402)

        def test_coverage(emulator):
            assert emulator.coverage()["percent"] > 0
    """
    run_tests(everything, "--strict-markers").assert_outcomes(passed=8)


def test_a_url_is_there_where_something_listens(run_tests: RunTests) -> None:
    asks = """
        import pytest

        def asked(world, emulator):
            return lambda: world.url, lambda: world.env, lambda: emulator.url

        def test_in_process(world, emulator):
            for ask in asked(world, emulator):
                with pytest.raises(RuntimeError, match="-server"):
                    ask()
            assert "url" not in world.journal()["world"]

        def test_served(world, emulator):
            url, env, origin = (ask() for ask in asked(world, emulator))
            assert url == world.journal()["world"]["url"] == f"{origin}/_w/{world.name}"
            assert env["WORLDFLUX_CLOUD_API_URL"] == env["NEXT_PUBLIC_SUPABASE_URL"] == origin
            assert env["WORLDFLUX_CLOUD_API_KEY"] == world.api_key
    """
    run_tests(asks, "-k", "in_process").assert_outcomes(passed=1, deselected=1)
    served = run_tests(asks, "-k", "served", "--worldflux-server")
    served.assert_outcomes(passed=1, deselected=1)


def test_the_seed_of_every_world_can_be_chosen(run_tests: RunTests, launch: Launch) -> None:
    nobody = """
        def test_nobody_is_there(world):
            assert world.client.get("/_emulator/state").json()["tables"]["users"] == 0
    """
    run_tests(nobody, "--worldflux-seed", "empty").assert_outcomes(passed=1)
    run_tests(nobody, "-o", "worldflux_seed=empty").assert_outcomes(passed=1)
    run_tests(nobody, "--worldflux-seed", "empty", "--worldflux-server").assert_outcomes(passed=1)
    url = launch("--seed", "demo").url
    arguments = ("--worldflux-url", url, "--worldflux-seed", "empty")
    run_tests(nobody, *arguments).assert_outcomes(passed=1)
    run_tests(nobody, *arguments, "-n", "1").assert_outcomes(passed=1)


@pytest.mark.parametrize("where", [(), ("--worldflux-server",)], ids=["in process", "server"])
def test_it_works_in_coroutines(run_tests: RunTests, where: tuple[str, ...]) -> None:
    coroutines = """
        import asyncio

        def test_in_a_loop(world):
            async def work():
                assert world.client.get("/healthz").status_code == 200
                async with world.as_async() as nobody:
                    assert (await nobody.get("/api/cloud/me")).status_code == 401
                async with world.as_async(world.signed_in()) as mara:
                    answers = await asyncio.gather(*[mara.get("/api/cloud/me") for _ in range(5)])
                    assert {answer.status_code for answer in answers} == {200}
                async with world.as_async(world.keyed()) as cli:
                    answer = await cli.post("/api/runs", json={"adapter_id": "a", "task": "eval"})
                    assert answer.headers["x-emulator-world"] == world.name
            asyncio.run(work())
            assert [one["method"] for one in world.requests(path="/api/runs")] == ["POST"]
    """
    run_tests(coroutines, *where).assert_outcomes(passed=1)


def test_it_works_in_classes_of_unittest(run_tests: RunTests) -> None:
    result = run_tests("""
        import unittest
        import pytest

        class Tests(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _enter(self, world):
                self.world = world

            def test_it(self):
                assert self.world.client.get("/healthz").status_code == 200

            def test_fails(self):
                self.world.client.get("/healthz")
                self.fail("as it should")
    """)
    result.assert_outcomes(passed=1, failed=1)
    assert "  1 GET /healthz 200" in result.outlines


def test_the_marker_names_one_seed(run_tests: RunTests) -> None:
    result = run_tests("""
        import pytest

        def users(world):
            return world.client.get("/_emulator/state").json()["tables"]["users"]

        @pytest.mark.worldflux("empty")
        def test_by_place(world):
            assert users(world) == 0

        @pytest.mark.worldflux(seed="empty")
        class TestAll:
            def test_of_a_class(self, world):
                assert users(world) == 0

            @pytest.mark.worldflux(seed="demo")
            def test_the_closest_counts(self, world):
                assert users(world) > 0

        @pytest.mark.worldflux(sed="empty")
        def test_misspelt(world):
            pass

        @pytest.mark.worldflux(seed="demmo")
        def test_unknown(world):
            pass
    """)
    result.assert_outcomes(passed=3, errors=2)
    shown = result.stdout.str()
    assert "worldflux(seed): " in shown
    assert golden("seed", "name", "no-seed-demmo") in shown
    assert "Traceback" not in shown
    assert "testing/world.py" not in shown


@pytest.mark.parametrize(
    ("where", "code"),
    [((), 1), (("--worldflux-server",), 4), (("--worldflux-server", "-n", "1"), 4)],
    ids=["in process", "server", "workers"],
)
def test_a_seed_that_there_is_none_of_is_said_plainly(
    run_tests: RunTests, where: tuple[str, ...], code: int
) -> None:
    result = run_tests(ISOLATED, "--worldflux-seed", "demmo", *where)
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == code
    assert golden("seed", "name", "no-seed-demmo") in shown
    assert "Traceback" not in shown
    assert "INTERNALERROR" not in shown


def test_it_imports_nothing_until_a_world_is_asked_for(run_tests: RunTests) -> None:
    run_tests("""
        import sys

        def test_nothing():
            heavy = {"httpx", "httpx2", "fastapi", "pydantic", "emulator.app", "urllib.request"}
            assert not heavy & set(sys.modules)
            assert [name for name in sys.modules if name.startswith("emulator")] == [
                "emulator", "emulator.testing", "emulator.testing.pytest_plugin"
            ]
    """).assert_outcomes(passed=1)


def test_fixtures_of_the_users_own_come_first(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest("""
        import pytest

        @pytest.fixture
        def world():
            return "flat"
    """)
    run_tests("""
        def test_it(world):
            assert world == "flat"

        def test_fails(world):
            assert False
    """).assert_outcomes(passed=1, failed=1)


NODE_IDS = [
    "tests/test_a.py::test_login[ada@lab.test]",
    "tests/test_b.py::test_login[ada@lab.test]",
    "tests/test_b.py::" + "x" * 200,
    "tests/test_ü.py::[ü]",
    "tests/test_ü.py::Test::test_a[ Ü-1]",
]


def test_a_world_is_named_after_its_test_and_its_run() -> None:
    assert re.fullmatch("test-login-ada-lab-te-[0-9a-f]{12}", world_name(NODE_IDS[0]))
    assert re.fullmatch("test-login-ada-lab-te-1234-[0-9a-f]{12}", world_name(NODE_IDS[0], run=RUN))
    assert world_name(NODE_IDS[0]) == world_name(NODE_IDS[0])


def test_no_two_tests_or_runs_have_a_name_in_common_and_each_is_allowed() -> None:
    runs = ("", "gw0", "gw1", RUN, RUN[:-1] + "0")
    names = [world_name(one, run=run) for one in NODE_IDS for run in runs]
    assert len(set(names)) == len(NODE_IDS) * len(runs)
    assert all(NAME.fullmatch(name) for name in names)
    assert not any("--" in name or name.startswith("-") for name in names)
