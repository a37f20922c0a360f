"""The commands that talk to a server, that start one, and that write a kit."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from emulator import __version__
from emulator.cli import cli
from emulator.seeding.files import bundled_names
from tests.support.messages import golden
from tests.support.server import Running

pytestmark = pytest.mark.usefixtures("this_tree")

Launch = Callable[..., Running]
NOWHERE = "http://localhost:9"


@pytest.fixture
def server(shared_server: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A server that the commands find, as fresh as its seed."""
    monkeypatch.setenv("WORLDFLUX_EMULATOR_URL", shared_server.url)
    for one in httpx2.get(f"{shared_server.url}/_emulator/worlds").json()["items"]:
        if one["name"] != "default":
            httpx2.delete(f"{shared_server.url}/_emulator/worlds/{one['name']}").raise_for_status()
    httpx2.post(f"{shared_server.url}/_emulator/reset").raise_for_status()
    return shared_server


def run(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(cli, list(arguments), prog_name="worldflux-emulator")


def said(*arguments: str) -> str:
    """Run the command line, which must end well, and return what it printed."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    return result.stdout


def shown(*arguments: str) -> Any:
    """Run the command line with --json and return what it printed."""
    return json.loads(said(*arguments, "--json"))


def nothing(*arguments: str) -> str:
    """Run the command line, which must end well and print nothing, and return what it remarks."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (0, "")
    return result.stderr


def complaint(*arguments: str, code: int = 1) -> str:
    """Run the command line, which must end with a code, and return what it complained of."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


ASKING = [
    ("status",),
    ("wait", "--timeout", "0"),
    ("reset",),
    ("worlds", "list"),
    ("worlds", "make", "a"),
    ("worlds", "fork", "a", "b"),
    ("worlds", "reset", "a"),
    ("worlds", "delete", "a"),
    ("clock", "show"),
    ("clock", "advance", "P1D"),
    ("clock", "set", "2030-01-01T00:00:00Z"),
    ("mail", "list"),
    ("mail", "show", "m"),
    ("requests", "list"),
    ("requests", "show", "1"),
    ("faults", "list"),
    ("faults", "arm", "--status", "500"),
    ("faults", "disarm"),
    ("coverage",),
]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_where_no_emulator_answers_the_code_is_3(command: tuple[str, ...]) -> None:
    message = complaint(*command, "--url", NOWHERE, code=3)
    if command[0] == "wait":
        expected = "Error: " + golden("cli", "wait", "not-at-all", url=NOWHERE) + "\n"
    else:
        expected = golden("cli", "all", "nothing-answers", url=NOWHERE)
    assert message == expected


def test_something_else_that_answers_is_no_emulator() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        message = complaint("status", "--url", url, code=3)
        thread.join()
    assert message == golden("cli", "all", "no-emulator", url=url)


@pytest.mark.parametrize("url", ["localhost:8787", "ftp://localhost", "http://[", ""])
def test_a_url_that_is_none_is_said_plainly(url: str) -> None:
    message = complaint("status", "--url", url, code=3)
    assert message == golden("cli", "all", "no-url", url=repr(url))


def test_status_says_who_answers(server: Running) -> None:
    view = shown("status")
    assert (view["instance"], view["seed"], view["worlds"]) == (server.ready["instance"], "demo", 1)
    assert said("status").splitlines() == [
        f"worldflux-emulator {__version__} at {server.url}",
        f"instance  {server.ready['instance']}",
        "seed      demo",
        f"clock     {view['clock']['now']} (virtual)",
        "worlds    1",
    ]


def test_wait_waits_until_an_emulator_answers(server: Running) -> None:
    assert said("wait") == golden("cli", "wait", "ready", url=server.url)
    began = time.monotonic()
    message = complaint("wait", "--url", NOWHERE, "--timeout", "0.5", code=3)
    assert message == golden("cli", "wait", "in-vain", url=NOWHERE)
    assert time.monotonic() - began >= 0.5


def test_worlds_are_made_forked_reset_and_deleted(server: Running) -> None:
    assert said("worlds", "make", "a", "--from", "empty") == f"{server.url}/_w/a\n"
    port = shown("worlds", "fork", "a", "b", "--port", "0")["port"]
    views = {one["name"]: one for one in shown("worlds", "list")["items"]}
    assert list(views) == ["default", "a", "b"]
    assert views["b"]["digest"] == views["a"]["digest"] != views["default"]["digest"]
    lines = said("worlds", "list").splitlines()
    assert lines[0].split() == ["NAME", "REQUESTS", "CLOCK", "URL"]
    assert lines[3].split() == ["b", "0", views["b"]["clock"], f"http://localhost:{port}"]
    reset = said("worlds", "reset", "b", "--seed", "demo")
    assert reset == f"b: digest {views['default']['digest']}\n"
    assert said("worlds", "delete", "b") == golden("cli", "worlds", "deleted")
    assert complaint("worlds", "delete", "b") == golden("cli", "worlds", "no-world-b")
    assert complaint("worlds", "make", "A B").startswith("Error: ")


def test_reset_puts_a_world_back(server: Running) -> None:
    digest = httpx2.get(f"{server.url}/_emulator/state").json()["digest"]
    run_ = {"client_run_id": "a", "status": "failed"}
    httpx2.post(f"{server.url}/api/e2e/cli-sync", json=run_).raise_for_status()
    assert said("reset") == f"default: digest {digest}\n"
    said("worlds", "make", "a")
    assert said("reset", "--seed", "empty", "--world", "a").startswith("a: digest ")
    assert "demmo" in complaint("reset", "--seed", "demmo")


def test_a_seed_of_a_file_is_found_from_where_the_command_is_run(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "users: [{email: ann@example.com, password: demo-password}]"
    )
    monkeypatch.chdir(tmp_path)
    for command in (
        ("worlds", "make", "of-file", "--from", "mine.yaml"),
        ("worlds", "reset", "of-file", "--seed", "./mine.yaml"),
        ("reset", "--seed", "mine.yaml", "--world", "of-file"),
    ):
        said(*command)
        state = httpx2.get(f"{server.url}/_w/of-file/_emulator/state").json()
        assert state["tables"]["users"] == 1
    assert "other.yaml" in complaint("worlds", "make", "no-file", "--from", "other.yaml")


def test_the_clock_is_shown_advanced_and_set(server: Running) -> None:
    said("worlds", "make", "a")
    began = shown("clock", "show", "--world", "a")["now"]
    assert said("clock", "show", "--world", "a") == f"{began} (virtual)\n"
    assert shown("clock", "advance", "P1D", "--world", "a")["now"] > began
    said("clock", "advance", "90.5", "--world", "a")
    assert shown("clock", "set", "2030-01-01T00:00:00Z", "--world", "a")["now"].startswith("2030")
    assert shown("clock", "show")["now"] == began
    for by in ("soon", "nan"):
        assert complaint("clock", "advance", by) == golden("cli", "clock", f"advanced-{by}")
    for now in ("yesterday", "2027-01-01"):
        assert complaint("clock", "set", now) == golden("cli", "clock", f"set-to-{now}")
    assert complaint("clock", "set", "2020-01-01T00:00:00Z").startswith("Error: ")


def test_mail_is_listed_and_shown(server: Running) -> None:
    assert nothing("mail", "list") == golden("cli", "mail", "none")
    email = server.ready["logins"][0]["email"]
    httpx2.post(f"{server.url}/auth/v1/recover", json={"email": email}).raise_for_status()
    [mail] = shown("mail", "list", "--to", email, "--kind", "reset", "--wait", "1")["items"]
    head, line = said("mail", "list").splitlines()
    assert head.split() == ["SENT", "TO", "KIND", "CODE", "ID"]
    assert line.split() == [mail["sent_at"], email, "reset", mail["code"], mail["id"]]
    text = said("mail", "show", mail["id"])
    assert text.splitlines()[-1] == f"Page: {server.url}/_emulator/mail/{mail['id']}/html"
    fork = shown("worlds", "fork", "default", "of-mail")["name"]
    page = said("mail", "show", mail["id"], "--world", fork).splitlines()[-1].split()[-1]
    assert page == f"{server.url}/_w/{fork}/_emulator/mail/{mail['id']}/html"
    assert httpx2.get(page).headers["x-emulator-world"] == fork
    assert text.startswith(f"To: {email}\nSubject: {mail['subject']}\n\n")
    assert mail["link"] in text
    assert complaint("mail", "show", "m") == golden("cli", "mail", "no-such-mail")


def test_requests_are_listed_and_shown(server: Running) -> None:
    httpx2.get(f"{server.url}/api/cloud/me")
    httpx2.get(f"{server.url}/healthz")
    head, line = said("requests", "list", "--path", "/api/*").splitlines()
    assert head.split() == ["ID", "AT", "SURFACE", "METHOD", "PATH", "STATUS", "CODE", "FAULT"]
    words = line.split()
    assert words[:1] + words[2:] == [
        "1",
        "bff",
        "GET",
        "/api/cloud/me",
        "401",
        "login_required",
        "-",
    ]
    newest = shown("requests", "list")["items"][0]
    assert newest["path"] == "/healthz"
    assert shown("requests", "list", "--since", "1", "--limit", "1")["items"] == [newest]
    assert json.loads(said("requests", "show", "2")) == newest == shown("requests", "show", "2")


def test_faults_are_armed_listed_and_disarmed(server: Running) -> None:
    armed = said("faults", "arm", "--path", "/healthz", "--times", "1", "--status", "503").strip()
    other = shown("faults", "arm", "--operation", "GET /api/cloud/me", "--drop")["id"]
    assert httpx2.get(f"{server.url}/healthz").status_code == 503
    assert httpx2.get(f"{server.url}/healthz").status_code == 200
    lines = said("faults", "list").splitlines()
    assert lines[0].split() == ["ID", "MATCHED", "APPLIED", "REQUESTS", "EFFECT"]
    assert lines[1].split()[:4] == [armed, "2", "1", "path=/healthz"]
    assert "drop=True" in lines[2]
    assert said("faults", "disarm", armed) == golden("cli", "faults", "disarmed", fault=armed)
    assert [one["id"] for one in shown("faults", "list")["items"]] == [other]
    assert said("faults", "disarm") == golden("cli", "faults", "all-disarmed")
    assert nothing("faults", "list") == golden("cli", "faults", "none")
    assert nothing("requests", "list", "--path", "/no") == golden("cli", "requests", "none")
    assert json.loads(said("faults", "list", "--json")) == {"items": []}
    assert complaint("faults", "arm", "--path", "/healthz").startswith("Error: ")
    assert complaint("faults", "arm", "--operation", "no_such", "--drop").startswith("Error: ")


GROUPS = ("operations", "codes", "states")


def test_coverage_is_a_table_and_can_fail(server: Running) -> None:
    httpx2.get(f"{server.url}/api/cloud/me")
    view = shown("coverage")
    lines = said("coverage").splitlines()
    assert [line.split()[:1] for line in lines[:4]] == [["COVERED"], *[[one] for one in GROUPS]]
    assert lines[4] == golden("cli", "coverage", "percent", percent=view["percent"])
    assert [line for line in lines[5:] if line and line[:2] != "  "] == [
        *(
            golden("cli", "coverage", "operations-never-met", surface=one)
            for one in ("supabase", "bff", "stripe", "upstream")
        ),
        golden("cli", "coverage", "codes-never-met"),
        golden("cli", "coverage", "states-never-met"),
    ]
    assert len(lines) < 80
    assert max(map(len, lines)) <= 100
    bundled_names = [
        each["operation"] if group == "operations" else each
        for group in GROUPS
        for each in view[group]["missing"]
    ]
    said_names = ", ".join(line.strip().rstrip(",") for line in lines[5:] if line[:2] == "  ")
    assert sorted(said_names.split(", ")) == sorted(bundled_names)
    said("coverage", "--fail-under", "0.1")
    result = run("coverage", "--fail-under", "99")
    assert (result.exit_code, result.stderr) == (
        1,
        golden("cli", "coverage", "too-little", percent=view["percent"]),
    )


def test_a_capsule_is_written_and_replayed(server: Running, tmp_path: Path) -> None:
    httpx2.get(f"{server.url}/api/cloud/me")
    file = tmp_path / "it.capsule.json"
    said("capsule", str(file))
    assert shown("replay", str(file)) == {"total": 1, "same": 1, "difference": None}


OF_A_WORLD = [
    ("reset",),
    ("clock", "show"),
    ("clock", "advance", "1"),
    ("clock", "set", "2030-01-01T00:00:00Z"),
    ("mail", "list"),
    ("mail", "show", "m"),
    ("requests", "list"),
    ("requests", "show", "1"),
    ("faults", "list"),
    ("faults", "arm", "--status", "500"),
    ("faults", "disarm"),
    ("capsule", "it.json"),
]


@pytest.mark.parametrize("command", OF_A_WORLD, ids=" ".join)
def test_a_world_whose_name_is_misspelt_is_not_made(
    server: Running, command: tuple[str, ...]
) -> None:
    said("worlds", "make", "checkout")
    message = complaint(*command, "--world", "chekout")
    assert message == golden("cli", "worlds", "misspelt-world")
    message = complaint(*command, "--world", "nowhere")
    assert message == golden("cli", "worlds", "no-world-like-it")
    assert len(shown("worlds", "list")["items"]) == 2


@pytest.mark.parametrize(
    "command",
    [
        ("requests", "list", "--status", "abc"),
        ("requests", "list", "--surface", "bbf"),
        ("faults", "arm", "--surface", "bbf", "--drop"),
        ("worlds", "list", "--world", "a"),
    ],
    ids=" ".join,
)
def test_what_can_fit_nothing_is_wrong_usage(command: tuple[str, ...]) -> None:
    message = complaint(*command, code=2)
    assert message.startswith("Usage: worldflux-emulator ")
    assert "Error: " in message


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("replay", "no-such.json"), "No such file or directory: 'no-such.json'"),
        (("replay", "README.md"), golden("cli", "files", "no-capsule")),
        (("seeds", "schema", "--output", "no/such"), "No such file or directory: 'no/such'"),
        (
            ("wait", "--timeout", "0", "--url", NOWHERE),
            golden("cli", "wait", "not-at-all", url=NOWHERE),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_the_machine_refuses_is_said_in_words(command: tuple[str, ...], message: str) -> None:
    result = run(*command)
    assert result.stderr == "Error: " + message + "\n"
    assert "Errno" not in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_every_line_of_the_help_is_whole() -> None:
    for group in ((), ("worlds",), ("clock",), ("mail",), ("requests",), ("faults",), ("seeds",)):
        commands = said(*group, "--help").partition("Commands:")[2]
        assert commands
        assert "..." not in commands


def test_the_seeds_are_listed_as_json_too() -> None:
    assert list(shown("seeds", "list")) == list(bundled_names())
    assert len(said("seeds", "list").splitlines()) == len(bundled_names())


# exec

EXEC = (sys.executable, "-P", "-m", "emulator", "exec")


def execute(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `exec` as a process."""
    return subprocess.run(
        [*EXEC, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environ},
    )


ASKS = """
import json, os, urllib.request
url = os.environ["WORLDFLUX_EMULATOR_URL"]
health = json.load(urllib.request.urlopen(url + "/_emulator/health"))
print(json.dumps({"health": health, "env": dict(os.environ)}))
"""


def test_exec_runs_a_command_with_an_emulator_beside_it() -> None:
    done = execute("--seed", "onboarding", "--", sys.executable, "-c", ASKS)
    assert (done.returncode, done.stderr) == (0, "")
    view = json.loads(done.stdout)
    url = view["env"]["WORLDFLUX_EMULATOR_URL"]
    assert view["health"]["seed"] == "onboarding"
    shown_env = shown("env", "--url", url, "--seed", "onboarding")
    assert {name: view["env"].get(name) for name in shown_env} == shown_env
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/_emulator/health")


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (("sh", "-c", "exit 7"), 7, ""),
        (("sh", "-c", "kill -9 $$"), 137, ""),
        (("no-such-command",), 127, golden("cli", "exec", "no-such-command")),
        (("/",), 126, golden("cli", "exec", "no-program")),
    ],
    ids=["code", "signal", "none", "no program"],
)
def test_exec_ends_with_the_code_of_its_command(
    command: tuple[str, ...], code: int, message: str
) -> None:
    done = execute("--seed", "empty", "--", *command)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", message)


def test_an_option_that_exec_does_not_have_is_wrong_usage() -> None:
    for option in ("--json", "--sede=demo"):
        message = complaint("exec", option, "--", "true", code=2)
        assert "No such option" in message
        assert option.partition("=")[0] in message
    done = execute("--seed", "empty", sys.executable, "-c", "print(1)")
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_exec_of_a_bad_seed_runs_nothing() -> None:
    done = execute("--seed", "demmo", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Error: " + golden("seed", "name", "no-seed-demmo"),
        golden("cli", "exec", "did-not-start"),
    ]


def test_exec_passes_sigterm_on_and_leaves_no_server() -> None:
    process = subprocess.Popen(
        [*EXEC, "--seed", "empty", "--", "sh", "-c", "echo $WORLDFLUX_EMULATOR_URL; exec sleep 60"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 128 + signal.SIGTERM
    process.stdout.close()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/_emulator/health")


# doctor


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_doctor_looks_at_everything() -> None:
    port = free_port()
    findings = {one["what"]: one for one in shown("doctor", "--port", str(port))}
    assert list(findings)[:2] == ["emulator", "python"]
    assert findings["emulator"]["found"] == __version__
    assert findings[f"port {port}"] == {"level": "ok", "what": f"port {port}", "found": "free"}
    assert {name for name in findings if name.startswith("seed ")} == {
        f"seed {n}" for n in bundled_names()
    }
    lines = said("doctor", "--port", str(port)).splitlines()
    assert lines == [f"{one['level']}: {what}: {one['found']}" for what, one in findings.items()]


def test_doctor_ends_with_1_where_another_program_has_the_port() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        result = run("doctor", "--port", str(port))
    assert result.exit_code == 1
    [line] = [line for line in result.stdout.splitlines() if f" port {port}:" in line]
    assert line == golden("cli", "doctor", "port-in-use", port=port)


def test_doctor_knows_an_emulator_on_the_port(server: Running) -> None:
    port = server.url.rpartition(":")[2]
    lines = said("doctor", "--port", port).splitlines()
    [line] = [line for line in lines if f" port {port}:" in line]
    assert line == golden("cli", "doctor", "port-of-emulator", port=port, version=__version__)


def test_doctor_without_node_and_chromium_only_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    lines = said("doctor", "--port", str(free_port())).splitlines()
    assert [line.split(":")[1].strip() for line in lines if line.startswith("warning: ")] == [
        "node",
        "chromium",
    ]


# serve


def test_worlds_can_be_left_unmade_by_naming_them(launch: Launch) -> None:
    running = launch("--seed", "empty", "--no-lazy-worlds")
    named = httpx2.get(f"{running.url}/healthz", headers={"X-Emulator-World": "a"})
    assert named.status_code == 404
    said("worlds", "make", "a", "--url", running.url)
    named = httpx2.get(f"{running.url}/healthz", headers={"X-Emulator-World": "a"})
    assert named.headers["x-emulator-world"] == "a"


def test_worlds_are_written_at_the_end_and_read_at_the_beginning(
    launch: Launch, tmp_path: Path
) -> None:
    file = tmp_path / "worlds.json"
    one = launch("--seed", "demo", "--export-on-exit", str(file), "--idle-worlds", "60")
    run_ = {"client_run_id": "a", "status": "failed"}
    headers = {"X-Emulator-World": "mine"}
    httpx2.post(f"{one.url}/api/e2e/cli-sync", json=run_, headers=headers).raise_for_status()
    digest = httpx2.get(f"{one.url}/_emulator/state", headers=headers).json()["digest"]
    assert not file.exists()
    assert one.stop() == 0
    other = launch("--seed", "empty", "--import", str(file))
    again = httpx2.get(f"{other.url}/_emulator/state", headers=headers).json()["digest"]
    assert again == digest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--import", "no-such.json"), "No such file or directory: 'no-such.json'"),
        (("--import", __file__), golden("cli", "files", "no-export")),
        (("--export-on-exit", "no/such.json"), golden("cli", "files", "no-folder")),
    ],
    ids=["missing", "foreign", "no folder"],
)
def test_a_file_of_worlds_that_cannot_be_used_is_said_plainly(
    arguments: tuple[str, ...], message: str
) -> None:
    assert complaint("serve", "--port", "0", "--seed", "empty", *arguments) == (
        "Error: " + message + "\n"
    )
