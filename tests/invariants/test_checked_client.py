"""The client that watches the laws would notice a breach."""

from __future__ import annotations

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emulator.app import App
from emulator.contract.catalog import OperationCatalog
from emulator.world import lifecycle
from tests.support.checked_client import Emulator, LawfulClient


def writing(
    scene: Emulator, *, status: int, state: str | None = None, code: str = ""
) -> LawfulClient:
    """Return a lawful client of an app that writes on every call and then answers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        lifecycle.move(scene.world, to=scene.world.now + 1)
        headers = {
            "X-Emulator-State": state or str(scene.world.state.digest),
            "x-sb-error-code": code,
        }
        await Response(status_code=status, headers=headers)(scope, receive, send)

    scene.app = App(app, (), OperationCatalog(()), scene.app.cache)
    return scene.client()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_that_writes_is_noticed(scene: Emulator, method: str) -> None:
    with pytest.raises(AssertionError, match=f"{method} /x changed the state"):
        writing(scene, status=200).request(method, "/x")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refusal_that_writes_is_noticed(scene: Emulator, status: int) -> None:
    with pytest.raises(AssertionError, match="POST /x was refused and changed the state"):
        writing(scene, status=status).post("/x")


def test_a_state_header_that_is_not_the_states_is_noticed(scene: Emulator) -> None:
    with pytest.raises(AssertionError):
        writing(scene, status=200, state="0" * 32).post("/x")


def test_a_write_that_is_lawful_is_let_through(scene: Emulator) -> None:
    assert writing(scene, status=200).post("/x").status_code == 200


@pytest.mark.parametrize(
    ("code", "is_lawful"), [("refresh_token_already_used", True), ("bad_jwt", False)]
)
def test_only_a_refusal_that_is_known_to_commit_may_write(
    scene: Emulator, code: str, *, is_lawful: bool
) -> None:
    client = writing(scene, status=400, code=code)
    if is_lawful:
        assert client.post("/x").status_code == 400
    else:
        with pytest.raises(AssertionError, match="was refused and changed the state"):
            client.post("/x")
