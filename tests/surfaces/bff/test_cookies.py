"""The session cookie: what is set, what is read, what is cleared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.settings import Settings
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import problem
from tests.support.messages import golden
from tests.support.session_cookies import NAME, chunked, decoded, encoded, header, raw, session_of

LOGIN_REQUIRED = {"error": problem("login_required", golden("all", "login_required", "no-session"))}
KEEP = "Max-Age=34560000; Path=/; SameSite=Lax"
CLEAR = "Max-Age=0; Path=/; SameSite=Lax"


def whose(emulator: Emulator, cookies: dict[str, str]) -> str | None:
    """Return whose session those cookies carry, or None where they carry none."""
    answer = emulator.client().get("/api/auth/session", headers=header(cookies))
    if answer.status_code == 401:
        assert answer.json() == LOGIN_REQUIRED
        return None
    email: str = answer.json()["user"]["email"]
    return email


def login(emulator: Emulator, cookies: dict[str, str]) -> list[str]:
    """Sign Ada in with those cookies sent and return the Set-Cookie values."""
    answer = emulator.client().post(
        "/api/auth/login",
        json={"email": "ada@lab.test", "password": "ada-password"},
        headers=header(cookies),
    )
    return answer.headers.get_list("set-cookie")


def test_signing_in_sets_the_cookie_that_supabase_ssr_reads(scene: Emulator) -> None:
    [cookie] = login(scene, {})
    pair, attributes = cookie.split("; ", 1)
    name, value = pair.split("=", 1)
    assert (name, attributes) == (NAME, KEEP)
    stored = decoded(value)
    own = {name: stored[name] for name in ("access_token", "refresh_token")}
    assert stored == {**session_of(scene, "ada"), **own}
    assert whose(scene, {name: value}) == "ada@lab.test"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://localhost:8787", NAME),
        ("https://emulator.lab.test", "sb-emulator-auth-token"),
        ("http://127.0.0.1:9", "sb-127-auth-token"),
    ],
)
def test_the_cookie_is_named_after_the_public_url(url: str, name: str) -> None:
    assert Settings(public_url=url).session_cookie == name


Write = Callable[[dict[str, Any]], dict[str, str]]

FORMS: dict[str, Write] = {
    "base64url": lambda session: {NAME: encoded(session)},
    "raw JSON": lambda session: {NAME: raw(session)},
    "chunks": lambda session: chunked(encoded(session), 1000),
    "raw chunks": lambda session: chunked(raw(session), 700),
    "another project": lambda session: {"sb-xyzcompany-auth-token": encoded(session)},
    "another project's chunks": lambda session: chunked(
        encoded(session), 1000, "sb-xyzcompany-auth-token"
    ),
    "tokens only": lambda session: {
        NAME: encoded({name: session[name] for name in session if name != "user"})
    },
    "whole beside stale chunks": lambda session: {
        **chunked("base64-stale", 4),
        NAME: encoded(session),
    },
    "chunks after a gap": lambda session: {
        **chunked(encoded(session), 1000),
        f"{NAME}.9": "stale",
    },
    "garbage under our name": lambda session: {
        NAME: "garbage",
        "sb-other-auth-token": encoded(session),
    },
    "a verifier beside it": lambda session: {
        NAME + "-code-verifier": "x",
        NAME: encoded(session),
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_supabase_ssr_writes_is_read(scene: Emulator, form: str) -> None:
    assert whose(scene, FORMS[form](session_of(scene, "ada"))) == "ada@lab.test"


def test_the_cookie_of_our_own_name_comes_first(scene: Emulator) -> None:
    ada, bo = encoded(session_of(scene, "ada")), encoded(session_of(scene, "bo"))
    assert whose(scene, {"sb-a-auth-token": bo, NAME: ada}) == "ada@lab.test"
    assert whose(scene, {"sb-b-auth-token": ada, "sb-a-auth-token": bo}) == "bo@lab.test"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "base64-",
        "base64-!!!",
        "base64-AAAA",
        "base64-" + "é",
        encoded([]),
        encoded("text"),
        encoded({}),
        encoded({"access_token": None}),
        encoded({"access_token": 1}),
        encoded({"access_token": "a.b.c"}),
        raw({"access_token": ["x"]}),
        "%7B%22",
    ],
)
def test_garbage_is_no_session_and_never_an_error(scene: Emulator, value: str) -> None:
    assert whose(scene, {NAME: value}) is None


@pytest.mark.parametrize("name", ["sb-auth-token", "xsb-a-auth-token", "sb-a-auth-token.x", "sb"])
def test_a_cookie_of_another_name_is_not_read(scene: Emulator, name: str) -> None:
    assert whose(scene, {name: encoded(session_of(scene, "ada"))}) is None


def test_chunks_are_read_to_the_first_gap(scene: Emulator) -> None:
    pieces = chunked(encoded(session_of(scene, "ada")), 500)
    assert whose(scene, pieces) == "ada@lab.test"
    del pieces[f"{NAME}.1"]
    assert whose(scene, pieces) is None


def test_a_big_session_is_cut_into_chunks(scene: Emulator) -> None:
    anyone = scene.client()
    new = {"email": "new@lab.test", "password": "password", "name": "é" * 200}
    cookies = anyone.post("/api/auth/signup", json=new).headers.get_list("set-cookie")
    pairs = [cookie.split("; ")[0].split("=", 1) for cookie in cookies]
    assert [name for name, _ in pairs] == [f"{NAME}.{place}" for place in range(len(pairs))]
    assert [len(value) for _, value in pairs[:-1]] == [3180] * (len(pairs) - 1)
    assert len(pairs) > 1
    stored = decoded("".join(value for _, value in pairs))
    assert stored["user"]["user_metadata"]["name"] == "é" * 200
    assert anyone.get("/api/auth/session").json()["user"]["email"] == "new@lab.test"


def test_signing_in_clears_the_other_form_and_other_projects(scene: Emulator) -> None:
    stale = {**chunked("x" * 10, 4), "sb-other-auth-token": "y", "unrelated": "z"}
    kept, *cleared = login(scene, stale)
    assert kept.startswith(f"{NAME}=base64-")
    assert sorted(cleared) == [
        f"sb-localhost-auth-token.{place}=; {CLEAR}" for place in range(3)
    ] + [f"sb-other-auth-token=; {CLEAR}"]


def test_signing_out_clears_every_session_cookie(scene: Emulator) -> None:
    session = encoded(session_of(scene, "ada"))
    cookies = {**chunked(session, 1000), "sb-other-auth-token": "y", "unrelated": "z"}
    answer = scene.client().post("/api/auth/logout", headers=header(cookies))
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers.get_list("set-cookie") == [
        f"{name}=; {CLEAR}" for name in cookies if name != "unrelated"
    ]
    assert whose(scene, {NAME: session}) is None


def test_a_token_of_somebody_elses_signing_is_no_session(scene: Emulator, tmp_path: Path) -> None:
    stranger = Emulator.of("users: []", tmp_path, jwt_secret="another secret of 32 characters!")
    new = {"email": "new@lab.test", "password": "password"}
    made = stranger.client().post("/api/auth/signup", json=new)
    value = made.headers["set-cookie"].split("; ")[0].split("=", 1)[1]
    assert whose(scene, {NAME: value}) is None
