"""Each request is a transaction: bugs, waits and refusals leave nothing behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from emulator.contract.catalog import Operation
from emulator.wire.http import router
from emulator.wire.http.codes import UnsupportedAction
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Router
from emulator.world.core.access import Actor
from emulator.world.core.refusals import Conflict, NotFound, ReusedRefreshToken
from emulator.world.workspaces.workspaces import open_workspace
from tests.support.checked_client import ORIGIN, Emulator
from tests.support.fixture_seed import ADA, SECRET, problem, with_secret
from tests.support.messages import golden

Handler = Callable[[Request], Awaitable[Response]]

PREFIXES = {
    "upstream": "/",
    "bff": "/api/cloud/",
    "supabase": "/auth/v1/",
    "control": "/_emulator",
}
BROKEN = golden("all", "internal_error", "bug")
SAID: dict[str, dict[str, Any]] = {
    "upstream": {"detail": problem("internal_error", BROKEN)},
    "bff": {"error": problem("internal_error", BROKEN)},
    "supabase": {"code": 500, "error_code": "unexpected_failure", "msg": BROKEN},
    "control": {"error": problem("internal_error", BROKEN)},
}


def surface(emulator: Emulator, name: str) -> FastAPI | Router:
    """Return a surface of a built emulator."""
    prefix = PREFIXES[name]
    return next(one.app for one in emulator.app.surfaces if one.prefix == prefix)


def route(emulator: Emulator, name: str, handler: Handler) -> str:
    """Add a route to a surface and return its path."""
    path = PREFIXES[name].rstrip("/") + "/added"
    add(surface(emulator, name), "POST", path, handler)
    return path


def add(app: FastAPI | Router, method: str, path: str, handler: Handler) -> None:
    """Put a route before those of a surface that has served nothing yet."""
    if isinstance(app, Router):
        operation = Operation(
            surface="",
            method=method,
            path=path,
            id="added",
            name="added",
            summary="",
            provenance="ours",
        )
        app.routes = (router.Route(operation, handler), *app.routes)
    else:
        app.router.routes.insert(0, Route(path, handler, methods=[method]))


def write(request: Request) -> None:
    """Change the world."""
    open_workspace(context_of(request).world, Actor(user_id=ADA), name="written")


async def breaks(request: Request, *_: object) -> Response:
    write(request)
    raise ZeroDivisionError("the bug")


async def waits(request: Request, *_: object) -> Response:
    write(request)
    await asyncio.sleep(0)
    return Response()


async def waits_for_a_thread(request: Request) -> Response:
    write(request)
    await asyncio.to_thread(print)
    return Response()


async def waits_again(request: Request) -> Response:
    write(request)
    try:
        await asyncio.sleep(0)
    except RuntimeError:
        await asyncio.sleep(0)
    return Response()


def whole_state(emulator: Emulator) -> Any:
    """Return the state itself."""
    return emulator.world.state


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize("handler", [breaks, waits], ids=["breaks", "waits"])
def test_a_bug_is_a_500_in_the_surfaces_shape_and_the_state_is_put_back(
    scene: Emulator, caplog: pytest.LogCaptureFixture, name: str, handler: Handler
) -> None:
    path = route(scene, name, handler)
    before = whole_state(scene)
    answer = scene.client().post(path)
    assert (answer.status_code, answer.json()) == (500, SAID[name])
    assert whole_state(scene) is before
    [record] = [one for one in caplog.records if one.name == "emulator"]
    assert (record.levelno, record.getMessage()) == (logging.ERROR, f"POST {path} broke")
    assert record.exc_info is not None
    kind, error, trace = record.exc_info
    assert kind in (ZeroDivisionError, RuntimeError)
    assert str(error) in (
        "the bug",
        golden("all", "internal_error", "handler-waited"),
    )
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert handler.__name__ in names


@pytest.mark.parametrize("handler", [waits_again, waits_for_a_thread])
def test_a_handler_that_insists_on_waiting_is_refused_and_the_state_is_put_back(
    scene: Emulator, handler: Handler
) -> None:
    path = route(scene, "bff", handler)
    before = whole_state(scene)
    assert scene.client().post(path).status_code == 500
    assert whole_state(scene) is before
    assert scene.client().get("/healthz").status_code == 200


def test_a_bug_behind_the_bff_is_a_500_in_the_bffs_shape(
    scene: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = surface(scene, "upstream")

    async def breaks_me(request: Request) -> Response:
        write(request)
        raise ZeroDivisionError

    add(upstream, "GET", "/api/me", breaks_me)
    ada = scene.signed_in()
    before = whole_state(scene)
    answer = ada.get("/api/cloud/me")
    assert (answer.status_code, answer.json()) == (500, SAID["bff"])
    assert whole_state(scene) is before
    assert [one.getMessage() for one in caplog.records if one.name == "emulator"] == [
        "GET /api/me broke"
    ]


@pytest.mark.parametrize(
    ("refusal", "status", "is_kept"),
    [
        (NotFound("thing", "x"), 404, False),
        (Conflict("no"), 409, False),
        (UnsupportedAction("POST", "/x", allow="GET"), 405, False),
        (ReusedRefreshToken(), 401, True),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_refusal_puts_the_state_back_unless_it_commits(
    scene: Emulator, refusal: Exception, status: int, *, is_kept: bool
) -> None:
    async def refuses(request: Request) -> Response:
        write(request)
        raise refusal

    path = route(scene, "upstream", refuses)
    before = whole_state(scene)
    # Without the laws, which allow no refusal to commit outside Supabase.
    answer = TestClient(scene.app, base_url=ORIGIN).post(path)
    assert answer.status_code == status
    assert (whole_state(scene) is not before) is is_kept
    assert answer.headers["x-emulator-state"] == str(scene.world.state.digest)


def test_an_answer_of_400_or_more_puts_the_state_back_even_if_nothing_was_raised(
    scene: Emulator,
) -> None:
    async def answers(request: Request, *_: object) -> Response:
        write(request)
        return Response(status_code=400)

    path = route(scene, "control", answers)
    before = whole_state(scene)
    assert scene.client().post(path).status_code == 400
    assert whole_state(scene) is before


def test_every_answer_names_the_state_it_left(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    before = key.get("/healthz").headers["x-emulator-state"]
    run = {"name": "n", "adapter_id": "a", "task": "eval"}
    after = key.post("/api/runs", json=run).headers["x-emulator-state"]
    assert before != after == key.get("/nothing").headers["x-emulator-state"]
    assert len(after) == 32
