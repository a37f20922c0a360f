"""`serve` as a process: what it says, what it serves, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from emulator.cli import cli
from tests.lawful import Emulator
from tests.running import Running
from tests.scene import SECRET, SEED

Launch = Callable[..., Running]


@pytest.fixture
def seed(tmp_path: Path) -> str:
    """Return the path of the scene's seed."""
    path = tmp_path / "scene.yaml"
    path.write_text(SEED)
    return str(path)


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts `serve` without reading what it says."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def first_line(process: subprocess.Popen[str]) -> str:
    """Wait for the first line that a process says."""
    assert process.stdout is not None
    return process.stdout.readline()


def test_it_says_one_stable_line_and_then_how_to_get_in(
    spawn: Callable[..., subprocess.Popen[str]], seed: str
) -> None:
    process = spawn("--seed", seed)
    ready = first_line(process)
    prefix = "worldflux-emulator ready on "
    assert ready.startswith(f"{prefix}http://localhost:")
    url = ready.removeprefix(prefix).strip()
    assert httpx2.get(f"{url}/_emulator/health").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    # Not `communicate`, which would lose what `readline` has read ahead.
    assert process.stdout is not None
    assert process.stderr is not None
    rest = process.stdout.read()
    assert process.stderr.read() == ""
    assert "\x1b" not in rest
    lines = rest.splitlines()
    assert lines[:6] == [
        "",
        "Sign in (e-mail, password):",
        "  ada@lab.test  ada-password",
        "  bo@lab.test  bo-password",
        "  cy@lab.test  cy-password",
        "  dee@away.test  dee-password",
    ]
    assert f"  lab  {SECRET}" in lines
    assert f"  export WORLDFLUX_CLOUD_API_URL={url}" in lines
    assert lines[-1] == "  export WORLDFLUX_E2E_FIXTURES=0"


@pytest.mark.parametrize(
    ("url", "is_told"),
    [
        ("http://emulator.test", True),
        ("http://localhost:1", True),
        ("http://localhost:99999", True),
        ("http://localhost:{port}", False),
        ("http://127.0.0.1:{port}", False),
        ("http://app.localhost:{port}/", False),
        ("http://emulator.test:{port}", True),
    ],
)
def test_the_address_is_told_where_the_public_url_does_not_lead_there(
    spawn: Callable[..., subprocess.Popen[str]], seed: str, url: str, is_told: bool
) -> None:
    port = free_port()
    process = spawn("--seed", seed, "--port", str(port), "--public-url", url.format(port=port))
    told = url.format(port=port).rstrip("/")
    assert first_line(process) == f"worldflux-emulator ready on {told}\n"
    assert first_line(process) == (f"listening on http://127.0.0.1:{port}\n" if is_told else "\n")


def test_with_json_it_says_everything_on_one_line(launch: Launch, seed: str) -> None:
    ready = launch("--seed", seed, "--public-url", "http://emulator.localhost:1/").ready
    env = ready.pop("env")
    # The port that was asked for as 0 is told, whatever the clients' own URL is.
    listening = ready.pop("listening")
    assert listening.startswith("http://127.0.0.1:")
    assert httpx2.get(f"{listening}/_emulator/health").json()["instance"] == ready["instance"]
    assert ready == {
        "ready": True,
        "url": "http://emulator.localhost:1",
        "instance": ready["instance"],
        "logins": [
            {"email": "ada@lab.test", "password": "ada-password"},
            {"email": "bo@lab.test", "password": "bo-password"},
            {"email": "cy@lab.test", "password": "cy-password"},
            {"email": "dee@away.test", "password": "dee-password"},
        ],
        "api_keys": [
            {"workspace": "lab", "secret": SECRET},
            {"workspace": "lab", "secret": "wbx_scene_0000000000_soon"},
            {"workspace": "away", "secret": "wbx_scene_0000000000_away"},
        ],
        "webhooks": [],
    }
    assert env["WORLDFLUX_CLOUD_API_URL"] == "http://emulator.localhost:1"
    assert env["WORLDFLUX_CLOUD_API_KEY"] == SECRET


def test_it_serves_both_loopback_addresses_as_one_world(launch: Launch, seed: str) -> None:
    running = launch("--seed", seed)
    port = running.url.rpartition(":")[2]
    hosts = ["127.0.0.1", "localhost"] + (["[::1]"] if has_ipv6() else [])
    said = [httpx2.get(f"http://{host}:{port}/_emulator/health").json() for host in hosts]
    assert said == [said[0]] * len(hosts)
    assert said[0]["instance"] == running.ready["instance"]
    assert (said[0]["seed"], said[0]["clock"]["mode"]) == ("scene", "virtual")


def has_ipv6() -> bool:
    """Tell whether this machine has ::1."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_every_process_is_an_instance_of_its_own_in_the_same_state(
    launch: Launch, seed: str
) -> None:
    one, other = launch("--seed", seed), launch("--seed", seed)
    assert one.ready["instance"] != other.ready["instance"]
    states = {httpx2.get(f"{each.url}/_emulator/state").text for each in (one, other)}
    assert len(states) == 1


def seconds_to_end(running: Running, name: signal.Signals) -> float:
    """Return how long a server takes to end well while a client holds a connection open."""
    with httpx2.Client(base_url=running.url) as client:
        assert client.get("/healthz").status_code == 200
        began = time.monotonic()
        running.process.send_signal(name)
        assert running.process.wait(10) == 0
        return time.monotonic() - began


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_even_while_a_client_holds_on(
    launch: Launch, seed: str, name: signal.Signals
) -> None:
    # Three times at most: on a busy machine one slow end says nothing.
    assert any(seconds_to_end(launch("--seed", seed), name) < 1 for _ in range(3))


def test_a_port_in_use_is_said_plainly(launch: Launch, seed: str) -> None:
    port = launch("--seed", seed).url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "emulator", "serve", "--seed", seed, "--port", port],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    message = f"Error: Port {port} is in use; choose another with --port, or --port 0.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_a_seed_whose_parts_do_not_fit_is_said_plainly(
    spawn: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("workspaces:\n  - slug: a\n    name: A\n    members: [{user: x@y.z}]\n")
    process = spawn("--seed", str(bad))
    out, errors = process.communicate(timeout=30)
    message = "The first member of a workspace must be its owner."
    assert (process.returncode, out) == (1, "")
    assert errors == f"Error: {bad}: line 4: workspaces.0.members.0.role: {message}\n"


@pytest.mark.parametrize(
    ("environ", "arguments", "is_on"),
    [
        ({}, (), True),
        ({"WORLDFLUX_E2E_FIXTURES": "1"}, (), True),
        ({"WORLDFLUX_E2E_FIXTURES": "0"}, (), False),
        ({"WORLDFLUX_E2E_FIXTURES": "False"}, (), False),
        ({"WORLDFLUX_E2E_FIXTURES": "0"}, ("--e2e-fixtures",), True),
        ({"WORLDFLUX_E2E_FIXTURES": "1"}, ("--no-e2e-fixtures",), False),
    ],
    ids=str,
)
def test_the_switch_follows_the_option_then_the_environment_and_is_else_on(
    spawn: Callable[..., subprocess.Popen[str]],
    seed: str,
    environ: dict[str, str],
    arguments: tuple[str, ...],
    *,
    is_on: bool,
) -> None:
    process = spawn("--seed", seed, "--json", *arguments, **environ)
    url = json.loads(first_line(process))["url"]
    answer = httpx2.post(f"{url}/api/e2e/cli-sync", json={"client_run_id": "a"})
    assert answer.status_code == (201 if is_on else 404)


def test_its_options_reach_the_server(launch: Launch, seed: str) -> None:
    running = launch(
        *("--seed", seed, "--clock", "wall"),
        *("--allowed-host", "Emulator", "--allowed-origin", "https://app.test"),
    )
    health: dict[str, Any] = httpx2.get(
        f"{running.url}/_emulator/health",
        headers={"Host": "emulator:80", "Origin": "https://app.test"},
    ).json()
    assert health["clock"]["mode"] == "wall"
    assert httpx2.get(running.url, headers={"Host": "other"}).status_code == 403


def test_the_served_bytes_are_those_of_the_emulator_in_process(launch: Launch, seed: str) -> None:
    url = launch("--seed", seed).url
    here = Emulator(seed).client()
    headers = {"Authorization": f"Bearer {SECRET}"}
    for path in ("/api/runs", "/api/projects", "/api/cloud/me", "/nothing", "/openapi.json"):
        there, mine = httpx2.get(url + path, headers=headers), here.get(path, headers=headers)
        assert (there.status_code, there.content) == (mine.status_code, mine.content)
        assert there.headers["x-emulator-state"] == mine.headers["x-emulator-state"]


@pytest.mark.parametrize("secret", ["whsec_short", "sk_test_0123456789", "whsec_0123 456789", ""])
def test_a_webhook_secret_that_is_none_is_wrong_usage(secret: str) -> None:
    result = CliRunner().invoke(cli, ["serve", "--webhook-secret", secret])
    assert result.exit_code == 2
    assert "Write whsec_ and at least 8 characters" in result.stderr
