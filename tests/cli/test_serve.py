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
from click.testing import CliRunner, Result

from emulator.cli import cli
from tests.support.checked_client import ORIGIN, Emulator
from tests.support.fixture_seed import SECRET, SEED
from tests.support.messages import golden
from tests.support.server import Running
from tests.support.webhook_receiver import Receiver

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
        golden("cli", "serve", "logins"),
        "  ada@lab.test  ada-password",
        "  bo@lab.test  bo-password",
        "  cy@lab.test  cy-password",
        "  dee@away.test  dee-password",
    ]
    assert f"  lab  {SECRET}" in lines
    assert f"  export WORLDFLUX_CLOUD_API_URL={url}" in lines
    assert lines[-1] == "  " + golden("cli", "env", "fixtures-comment")


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
    message = golden("cli", "serve", "port-in-use", port=port)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_a_seed_whose_parts_do_not_fit_is_said_plainly(
    spawn: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("workspaces:\n  - slug: a\n    name: A\n    members: [{user: x@y.z}]\n")
    process = spawn("--seed", str(bad))
    out, errors = process.communicate(timeout=30)
    message = golden("seed", "sense", "no-owner-first")
    assert (process.returncode, out) == (1, "")
    assert errors == f"Error: {bad}: line 4: workspaces.0.members.0.role: " + message + "\n"


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
        served = there.content.replace(url.encode(), ORIGIN.encode())
        assert (there.status_code, served) == (mine.status_code, mine.content)
        assert there.headers["x-emulator-state"] == mine.headers["x-emulator-state"]


def env(*arguments: str, code: int = 0) -> Result:
    """Run `env`."""
    result = CliRunner().invoke(cli, ["env", *arguments], prog_name="worldflux-emulator")
    assert result.exit_code == code, result.output
    return result


def test_env_prints_again_what_serve_printed(
    spawn: Callable[..., subprocess.Popen[str]], seed: str
) -> None:
    secret = "whsec_of_my_dashboard"
    process = spawn("--seed", seed, "--webhook", "http://localhost:1/", "--webhook-secret", secret)
    url = first_line(process).removeprefix("worldflux-emulator ready on ").strip()
    again = env("--url", url)
    dotenv = env("--url", url, "--dotenv").stdout.splitlines()
    process.terminate()
    assert process.stdout is not None
    said, shown = process.stdout.read().split(f" --url {url}` ")
    heading, shown = shown.split("\n", 1)
    assert said.rpartition("\n")[2] + f" --url {url}` " + heading == golden(
        "cli", "serve", "env", url=url
    )
    assert "".join(f"  {line}\n" for line in again.stdout.splitlines()) == shown
    assert again.stderr == ""
    assert f"  http://localhost:1/  {secret}\n" in said
    assert f"export STRIPE_WEBHOOK_SECRET={secret}\n" in again.stdout
    assert f"STRIPE_WEBHOOK_SECRET={secret}" in dotenv
    assert dotenv[-1] == "WORLDFLUX_E2E_FIXTURES=0"


def test_env_is_that_of_the_server_that_runs(
    launch: Launch, seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = launch("--seed", seed)
    monkeypatch.setenv("WORLDFLUX_EMULATOR_URL", running.url)
    shown = json.loads(env("--json").stdout)
    assert shown == running.ready["env"]
    assert shown["WORLDFLUX_CLOUD_API_URL"] == running.url
    assert shown["WORLDFLUX_CLOUD_API_KEY"] == SECRET


def reached_by(url: str, **headers: str) -> str:
    """Return the world that an authorized request reaches."""
    answer = httpx2.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-emulator-world"])


@pytest.mark.parametrize("has_port", [False, True], ids=["prefix", "port"])
def test_env_of_a_named_world_leads_there_and_nowhere_else(
    launch: Launch, seed: str, *, has_port: bool
) -> None:
    running = launch("--seed", seed)
    body: dict[str, Any] = {"name": "alpha"} | ({"port": 0} if has_port else {})
    made = httpx2.post(f"{running.url}/_emulator/worlds", json=body).json()
    shown = json.loads(env("--url", running.url, "--world", "alpha", "--json").stdout)
    url = shown["WORLDFLUX_CLOUD_API_URL"]
    assert url == shown["NEXT_PUBLIC_SUPABASE_URL"] == made["url"]
    assert shown["NEXT_PUBLIC_SUPABASE_ANON_KEY"] == made["anon_key"]
    assert shown["SUPABASE_SERVICE_ROLE_KEY"] == made["service_role_key"]
    assert shown["WORLDFLUX_CLOUD_API_KEY"] == made["api_keys"][0]["secret"]
    assert shown["STRIPE_WEBHOOK_SECRET"] == running.ready["env"]["STRIPE_WEBHOOK_SECRET"]
    key = f"Bearer {shown['WORLDFLUX_CLOUD_API_KEY']}"
    service = shown["SUPABASE_SERVICE_ROLE_KEY"]
    # By the URL and, at the server's own, by the keys.
    for origin in (url, running.url):
        assert reached_by(f"{origin}/api/runs", Authorization=key) == "alpha"
        users = f"{origin}/auth/v1/admin/users"
        assert reached_by(users, Authorization=f"Bearer {service}", apikey=service) == "alpha"
    assert json.loads(env("--url", url, "--json").stdout) == shown


def test_env_of_a_world_that_is_not_there_is_refused(launch: Launch, seed: str) -> None:
    running = launch("--seed", seed)
    assert env("--url", running.url, "--world", "alhpa", code=1).stderr == (
        golden("cli", "env", "no-such-world")
    )


def test_env_says_where_nobody_answers_and_prints_what_the_default_seed_would() -> None:
    url = f"http://localhost:{free_port()}"
    result = env("--url", url, "--json")
    assert result.stderr == (golden("cli", "env", "nobody-answers", url=url))
    shown = env("--url", url, "--seed", "demo", "--json")
    assert (shown.stdout, shown.stderr) == (result.stdout, "")
    assert json.loads(shown.stdout)["WORLDFLUX_CLOUD_API_URL"] == url
    named = json.loads(env("--url", url, "--world", "alpha", "--json").stdout)
    assert named["WORLDFLUX_CLOUD_API_URL"] == f"{url}/_w/alpha"
    assert named["WORLDFLUX_CLOUD_API_KEY"].endswith("~alpha")


def test_env_does_not_take_another_program_for_an_emulator() -> None:
    with Receiver() as stranger:
        result = env("--url", stranger.origin, code=3)
    assert result.stdout == ""
    assert result.stderr == golden("cli", "all", "no-emulator", url=stranger.origin)


def test_a_server_started_in_a_shell_that_evaluated_env_keeps_its_fixtures(
    spawn: Callable[..., subprocess.Popen[str]],
) -> None:
    url = f"http://localhost:{free_port()}"
    script = (
        f'eval "$({sys.executable} -m emulator env --url {url})" && {sys.executable} -c "$SHOW"'
    )
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, "SHOW": show},
        capture_output=True,
        text=True,
        check=True,
    )
    environ = json.loads(done.stdout)
    assert environ["WORLDFLUX_CLOUD_API_URL"] == url
    process = spawn("--json", **environ)
    served = json.loads(first_line(process))["url"]
    answer = httpx2.post(f"{served}/api/e2e/cli-sync", json={"client_run_id": "a"})
    assert answer.status_code == 201


@pytest.mark.parametrize("secret", ["whsec_short", "sk_test_0123456789", "whsec_0123 456789", ""])
def test_a_webhook_secret_that_is_none_is_wrong_usage(secret: str) -> None:
    result = CliRunner().invoke(cli, ["serve", "--webhook-secret", secret])
    assert result.exit_code == 2
    assert "whsec_" in result.stderr
