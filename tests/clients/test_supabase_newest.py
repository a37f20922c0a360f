"""The newest supabase-js and @supabase/ssr, which want a newer Node but run on this one: one cycle
each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

from tests.support.auth_project import ADA, NEW, OTHER, PAGE, PASSWORD, Project, follow, token_hash
from tests.support.console import NEWEST
from tests.support.messages import golden
from tests.support.supabase_clients import MISSING, Jar, Supabase
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]

LOGIN = {"email": ADA, "password": PASSWORD}


def installed(package: str) -> Any:
    return json.loads((NEWEST / "node_modules" / package / "package.json").read_text("utf-8"))


def test_they_are_the_versions_that_are_asked_for_and_newer_than_the_others() -> None:
    asked = json.loads((NEWEST / "package.json").read_text("utf-8"))["devDependencies"]
    others = json.loads((NEWEST.parent / "package.json").read_text("utf-8"))["devDependencies"]
    assert {name: installed(name)["version"] for name in asked} == asked
    assert all(numbers(asked[name]) > numbers(others[name]) for name in asked)


def numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def test_supabase_js_from_sign_up_to_a_session_that_is_ended(project: MakeProject) -> None:
    here = project(confirm_email=True)
    key = here.server.anon_key
    client = here.console.open(here.server, key, folder=NEWEST, flowType="pkce")
    signed_up = client.call("signUp", {"email": NEW, "password": PASSWORD})
    assert (signed_up.error, signed_up.data["session"]) == (None, None)
    assert client.sign_in(NEW, PASSWORD).code == "email_not_confirmed"
    said = {"token_hash": token_hash(here.newest_mail(NEW, "confirmation")), "type": "signup"}
    assert client.call("verifyOtp", said).user["email"] == NEW

    asked = [client.call("getSession") for _ in range(3)]
    assert [taken.requests for taken in asked] == [[], [], []]
    assert client.call("getClaims").data["claims"]["email"] == NEW
    before, after = asked[0].session, client.call("refreshSession").session
    assert before["refresh_token"] != after["refresh_token"]

    client.call("resetPasswordForEmail", NEW, {"redirectTo": PAGE})
    code = follow(here.newest_mail(NEW, "reset")["link"]).query["code"]
    assert client.call("exchangeCodeForSession", code).user["email"] == NEW
    assert client.call("updateUser", {"password": OTHER}).user["email"] == NEW
    assert client.call("updateUser", {"password": OTHER}).code == "same_password"

    here.control("sessions/expire")
    assert (client.call("getUser").error, client.held()) == (MISSING, None)


def test_what_is_not_built_keeps_its_sentence(project: MakeProject) -> None:
    here = project()
    admin = here.console.open(here.server, here.server.service_key, folder=NEWEST)
    said = {"email": NEW, "password_hash": "$2y$10$x"}
    error = admin.call("admin.createUser", said).error
    assert error is not None
    assert error["message"] == golden(
        "all",
        "not_implemented",
        "operation-is-not-built",
        name="`password_hash` in POST /auth/v1/admin/users",
    )
    assert (error["name"], error["status"]) == ("AuthRetryableFetchError", 501)


def test_ssr_and_the_bff_share_a_cookie(project: MakeProject) -> None:
    here = project()
    supabase, jar = Supabase(here.server), Jar()
    [signed_in] = supabase.take("signIn", login=LOGIN, jar=jar, folder=str(NEWEST))
    assert signed_in["error"] is None
    assert list(jar) == ["sb-localhost-auth-token"]

    url = f"{here.server.url}/api/auth"
    headers = here.server.headers
    session = httpx2.get(f"{url}/session", headers={**headers, "Cookie": jar.header})
    assert session.json()["user"]["email"] == ADA
    login = httpx2.post(f"{url}/login", json=LOGIN, headers=headers)
    theirs = Jar()
    theirs.take(login.headers.get_list("set-cookie"))
    held, user, out = supabase.take(
        *("getSession", "getUser", "signOut"), jar=theirs, folder=str(NEWEST)
    )
    assert (held["requests"], user["data"]["user"]["email"]) == ([], ADA)
    assert (out["error"], theirs) == (None, {})
