"""What the grammar sends breaks no law, and the fuzz would notice if it did."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.app import operation_catalog
from emulator.registry.registry import WorldRegistry
from emulator.world import lifecycle
from emulator.world.core.world import World
from tests.fuzz.calls import Call, decoded, encoded
from tests.fuzz.episodes import Failure, Findings, Wrap, fuzz, replayed
from tests.fuzz.scenes import SCENES

REQUESTS = 4_000
SEED = 10


def test_no_request_of_the_grammar_breaks_a_law_and_every_route_is_met() -> None:
    failures: list[str] = []
    findings = fuzz(SEED, requests=REQUESTS, on_failure=lambda one: failures.append(str(one)))
    assert failures == []
    assert findings.operations == {each.id for each in operation_catalog()}
    good = sum(count for status, count in findings.statuses.items() if status < 400)
    assert good > REQUESTS // 10


def test_the_same_seed_draws_the_same_requests_with_the_same_answers() -> None:
    drawn: list[list[str]] = [[], []]
    for lines in drawn:
        fuzz(3, requests=300, wrap=_noting(lines), on_failure=lambda _: None)
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 250


def _noting(lines: list[str]) -> Wrap:
    """Return an app that notes the head of every answer; a body may show the machine's time, by
    which webhooks are signed.
    """

    def wrap(_: WorldRegistry, app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    lines.append(f"{scope['method']} {scope['raw_path']!r} {message}")
                await send(message)

            await app(scope, receive, sent)

        return noted

    return wrap


# What is planted: an app that does one thing wrong at one path

PLANTED = "/api/"


class _FoundError(Exception):
    """The first failure of a kind; what comes after it does not matter."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _first(wrap: Wrap, law: str) -> Failure:
    """Return the first failure in which an app breaks a law."""

    def show(failure: Failure) -> None:
        if failure.breach.law == law:
            raise _FoundError(failure)

    with pytest.raises(_FoundError) as found:
        fuzz(SEED, requests=1_000, wrap=wrap, on_failure=show)
    return found.value.failure


def _planted(break_it: Wrap) -> Wrap:
    """Return an app that does something else where a path is the planted one."""

    def wrap(worlds: WorldRegistry, app: ASGIApp) -> ASGIApp:
        broken = break_it(worlds, app)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            served = broken if scope["path"].startswith(PLANTED) else app
            await served(scope, receive, send)

        return serve

    return wrap


def _with_start(change: dict[str, object], body: bytes | None = None) -> Wrap:
    """Return an app whose answers begin otherwise."""

    def wrap(_: WorldRegistry, app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message = {**message, **change}
                elif body is not None:
                    message = {**message, "body": body}
                await send(message)

            await app(scope, receive, sent)

        return serve

    return wrap


def _touch(world: World) -> None:
    lifecycle.move(world, to=world.now + 1)


def _writing_first(worlds: WorldRegistry, app: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        _touch(worlds.default())
        await app(scope, receive, send)

    return serve


def _writing_on_refusals(worlds: WorldRegistry, app: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message.get("status", 0) >= 400:
                _touch(worlds.default())
            await send(message)

        await app(scope, receive, sent)

    return serve


def _raising(_: WorldRegistry, __: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError(scope["path"])

    return serve


def _spinning(_: WorldRegistry, __: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            pass

    return serve


def _silent(_: WorldRegistry, __: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    return serve


BROKEN: dict[str, tuple[Wrap, str]] = {
    "answers 500": (_with_start({"status": 500}), "no 5xx but 501 by name"),
    "raises": (_raising, "every call is answered"),
    "does not answer": (_silent, "every call is answered"),
    "writes on a read": (_writing_first, "a read changes nothing"),
    "writes on a refusal": (_writing_on_refusals, "a refusal changes nothing"),
    "has errors of another shape": (
        _with_start({}, b'{"message": "no"}'),
        "errors are in the surface's shape",
    ),
    "sends what is no JSON": (_with_start({}, b'{"a": NaN}'), "JSON answers parse"),
    "shows a traceback": (
        _with_start({}, b'"Traceback (most recent call last):"'),
        "no answer shows code",
    ),
    "signs nothing": (_with_start({"headers": []}), "every answer is signed"),
    "splits a header": (
        _with_start({"headers": [(b"x-emulator", b"a\r\nb: c")]}),
        "headers can be sent",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_app_that_breaks_a_law_is_noticed_and_its_line_brings_the_failure_back(
    what: str,
) -> None:
    break_it, law = BROKEN[what]
    wrap = _planted(break_it)
    found = _first(wrap, law)
    line = str(found)
    assert "\n" not in line
    word = line.rpartition(" --replay ")[2]
    scene, calls = decoded(word)
    assert calls[-1] == found.call
    assert law in [one.law for one in replayed(SCENES[scene], calls, wrap=wrap)]
    assert law not in [one.law for one in replayed(SCENES[scene], calls)]


def test_of_the_calls_before_a_failure_only_those_stay_that_it_needs() -> None:
    def wrap(_: WorldRegistry, app: ASGIApp) -> ASGIApp:
        met: set[str] = set()

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            met.add(scope["path"])
            if {"/api/me", "/api/cloud/me", "/api/runs"} <= met:
                raise KeyError
            await app(scope, receive, send)

        return serve

    found = _first(wrap, "every call is answered")
    _, calls = decoded(str(found).rpartition(" ")[2])
    assert len(calls) == 3


def test_a_call_that_never_ends_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.station.CPU_SECONDS_MAX", 0.5)
    found = _first(_planted(_spinning), "every call is answered")
    assert found.breach.what == "hung"
    assert " --seed 10 --only 0:" in str(found)


def test_the_command_replays_a_word_and_a_place() -> None:
    word = encoded("scene", [Call(method="GET", target=b"/api/me")])
    for arguments in (f"--replay {word}", "--seed 10 --only 0:3"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", *shlex.split(arguments)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert (done.returncode, "FAIL" in done.stdout) == (0, False)


def test_calls_survive_being_made_a_word() -> None:
    calls = [
        Call(method="GET", target=b"/a?b=%ff"),
        Call(
            method="POST",
            target=b"/x",
            headers=((b"a", b"\xff"), (b"a", b"")),
            body=bytes(range(256)),
            is_cut=True,
        ),
    ]
    assert decoded(encoded("demo", calls)) == ("demo", calls)


def test_findings_of_a_kind_are_shown_once() -> None:
    shown: list[Failure] = []
    wrap = _planted(_with_start({"status": 500}))
    findings: Findings = fuzz(SEED, requests=500, wrap=wrap, on_failure=shown.append)
    assert len(shown) == len(findings.failures)
    assert sum(findings.repeated.values()) >= len(shown)
