"""The real Supabase clients in a named world, of which they know nothing but keys and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.supabase_clients import Jar, Supabase
from tests.support.world_naming import Place

ADA = {"email": "ada@example.com", "password": "demo-password"}

SEED = """
users:
  - {email: ada@example.com, name: Ada, password: demo-password}
"""


class Named:
    """A named world as control sees it."""

    def __init__(self, server: Place, name: str) -> None:
        self.url, self.name = server.url, name
        self.view = self.ask("POST", "/worlds", json={"name": name})

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Ask control for something of this world."""
        answer = httpx2.request(method, f"{self.url}/_emulator{path}", **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def asked(self) -> list[str]:
        """Return what was asked of the world, oldest first."""
        headers = {"X-Emulator-World": self.name}
        items = self.ask("GET", "/requests", headers=headers)["items"][::-1]
        return [f"{one['method']} {one['path']}" for one in items]


@pytest.fixture
def untouched(server: Place) -> Iterator[None]:
    """Hold that the default world was asked for nothing."""
    httpx2.delete(f"{server.url}/_emulator/requests")
    yield
    items = httpx2.get(f"{server.url}/_emulator/requests").json()["items"]
    assert items == []


@pytest.mark.usefixtures("untouched")
def test_a_server_with_the_default_key_follows_the_session_into_its_world(server: Place) -> None:
    named = Named(server, "of-the-session")
    jar = Jar()
    login = httpx2.post(
        f"{server.url}/api/auth/login", json=ADA, headers={"Cookie": f"emulator_world={named.name}"}
    )
    jar.take(login.headers.get_list("set-cookie"))
    # Next's server has the key of its environment and the browser's cookies; of those, what it
    # sends is the token in one.
    steps = ("getSession", "getUser", "refresh", "getUser", "signOut")
    _, user, _, again, gone = Supabase(server).take(*steps, jar=jar)
    assert user["data"]["user"]["email"] == again["data"]["user"]["email"] == ADA["email"]
    assert gone["error"] is None
    assert jar == {}
    assert named.asked() == [
        "POST /api/auth/login",
        "GET /auth/v1/user",
        "POST /auth/v1/token",
        "GET /auth/v1/user",
        "POST /auth/v1/logout",
    ]


@pytest.mark.usefixtures("untouched")
def test_a_worlds_own_key_signs_in_to_it(server: Place) -> None:
    named = Named(server, "of-the-key")
    client = Supabase(server, named.view["anon_key"])
    _, user, _ = client.take("signIn", "getUser", "refresh", login=ADA)
    assert user["data"]["user"]["email"] == ADA["email"]
    assert named.asked() == [
        "POST /auth/v1/token",
        "GET /auth/v1/user",
        "POST /auth/v1/token",
    ]
