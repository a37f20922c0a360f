"""The real clients of Supabase against a project whose gateway checks the key."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from supabase import AuthApiError, ClientOptions, create_client
from supabase_auth import SyncGoTrueClient

from tests.support.auth_project import ADA, PASSWORD, Project
from tests.support.supabase_clients import Jar, Supabase
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]

WRONG = "of-another-project"
LOGIN = {"email": ADA, "password": PASSWORD}
UNKNOWN = {
    "name": "AuthApiError",
    "status": 401,
    "code": None,
    "message": "Invalid API key",
}


@pytest.fixture
def here(project: MakeProject) -> Project:
    """A project that asks for its key."""
    return project(require_api_key=True)


def test_supabase_js_with_the_projects_keys_is_let_through(here: Project) -> None:
    ada = here.signed_in()
    assert ada.call("refreshSession").user["email"] == ADA
    assert ada.call("signOut").error is None
    assert here.admin().call("admin.listUsers").error is None


def test_supabase_js_with_a_wrong_key_is_told_so(here: Project) -> None:
    client = here.console.open(here.server, WRONG)
    assert client.sign_in(ADA, PASSWORD).error == UNKNOWN
    assert client.call("resetPasswordForEmail", ADA).error == UNKNOWN
    assert here.mail(ADA) == []


def test_ssr_with_a_wrong_key_keeps_the_session_it_has(here: Project) -> None:
    jar = Jar()
    Supabase(here.server).take("signIn", login=LOGIN, jar=jar)
    before = Jar(jar)
    [user] = Supabase(here.server, WRONG).take("getUser", jar=jar)
    assert (user["data"], user["error"]) == ({"user": None}, UNKNOWN)
    assert jar == before


def refused_in_python(call: Callable[[], object]) -> tuple[int, str | None, str]:
    with pytest.raises(AuthApiError) as caught:
        call()
    return caught.value.status, caught.value.code, caught.value.message


@pytest.mark.parametrize("name", ["anon_key", "service_key"])
def test_supabase_py_with_the_projects_keys_is_let_through(here: Project, name: str) -> None:
    with httpx.Client() as http:
        options = ClientOptions(
            headers=dict(here.server.headers), auto_refresh_token=False, httpx_client=http
        )
        auth = create_client(here.server.url, getattr(here.server, name), options).auth
        user = auth.sign_in_with_password({"email": ADA, "password": PASSWORD}).user
        assert user is not None and user.email == ADA


def test_python_with_a_wrong_key_or_none_is_told_so(here: Project) -> None:
    url = f"{here.server.url}/auth/v1"

    def sign_in(headers: dict[str, str]) -> object:
        with httpx.Client() as http:
            auth = SyncGoTrueClient(
                url=url,
                headers={**here.server.headers, **headers},
                auto_refresh_token=False,
                http_client=http,
            )
            return auth.sign_in_with_password({"email": ADA, "password": PASSWORD})

    assert refused_in_python(lambda: sign_in({"apikey": WRONG})) == (401, None, "Invalid API key")
    assert refused_in_python(lambda: sign_in({})) == (401, None, "No API key found in request")
