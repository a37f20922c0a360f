"""The session cookie between the BFF and the real @supabase/ssr, in both directions.

A dashboard may let Next or the emulator sign its users in, and mix the two.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx2
import pytest

from tests.support.supabase_clients import MISSING, Jar, Supabase
from tests.support.world_naming import ANY, Place

WAYS = (*ANY, "cookie")

ADA = {"email": "ada@example.com", "password": "demo-password"}
LONG = {"email": "long@example.com", "password": "demo-password"}

LONG_NAME = "Żółć and 100% 🤖 " * 100
"""Enough for a session of several cookies, and what base64 and percent signs can get wrong."""

SEED = f"""
users:
  - {{email: ada@example.com, name: Ada Zoë, password: demo-password}}
  - {{email: long@example.com, name: "{LONG_NAME}", password: demo-password}}
workspaces:
  - slug: lab
    name: Lab
    members:
      - {{user: ada@example.com, role: owner}}
      - {{user: long@example.com}}
    runs: [{{client_run_id: the-run}}]
"""

COOKIE = "sb-localhost-auth-token"
CHUNK = 3180
"""The longest value that @supabase/ssr keeps in one cookie."""


@pytest.fixture(scope="module")
def supabase(server: Place) -> Supabase:
    return Supabase(server)


@pytest.fixture
def bff(server: Place) -> Bff:
    return Bff(server)


@pytest.fixture
def jar() -> Jar:
    return Jar()


class Bff:
    """The BFF as a browser's page sees it; whose cookies it sends is said with each call."""

    def __init__(self, server: Place) -> None:
        self._url = server.url
        self._headers = server.headers

    def call(self, method: str, path: str, jar: Jar, json: object = None) -> httpx2.Response:
        """Send the jar's cookies and store those of the answer."""
        cookies = [self._headers.get("Cookie"), jar.header]
        headers = {**self._headers, "Cookie": "; ".join(filter(None, cookies))}
        answer = httpx2.request(method, self._url + path, json=json, headers=headers)
        jar.take(answer.headers.get_list("set-cookie"))
        return answer

    def login(self, jar: Jar, login: dict[str, str]) -> list[str]:
        """Sign in and return the Set-Cookie headers."""
        answer = self.call("POST", "/api/auth/login", jar, json=login)
        assert answer.status_code == 200, answer.text
        return answer.headers.get_list("set-cookie")

    def who(self, jar: Jar) -> str:
        """Return whose session the jar holds, by e-mail, else the code of the refusal."""
        answer = self.call("GET", "/api/auth/session", jar).json()
        return str(answer["user"]["email"] if "user" in answer else answer["error"]["code"])

    def runs(self, jar: Jar) -> list[str]:
        """Return the names of the runs that the dashboard would list."""
        answer = self.call("GET", "/api/cloud/runs", jar)
        assert answer.status_code == 200, answer.text
        return [run["name"] for run in answer.json()["items"]]


def session_in(jar: Jar) -> dict[str, Any]:
    """Decode the session of a jar, whether in one cookie or in chunks."""
    value = jar.get(COOKIE) or "".join(jar[name] for name in sorted(jar))
    encoded = value.removeprefix("base64-")
    session: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    )
    return session


def test_what_the_bff_signs_in_ssr_reads_without_refreshing_or_rewriting_it(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    bff.login(jar, ADA)
    before = Jar(jar)
    session, user = supabase.take("getSession", "getUser", jar=jar)
    assert session["data"]["session"]["refresh_token"] == session_in(before)["refresh_token"]
    assert (session["error"], session["requests"]) == (None, [])
    assert user["data"]["user"]["email"] == ADA["email"]
    assert (user["error"], user["requests"]) == (None, ["GET /auth/v1/user"])
    assert jar == before


def test_what_ssr_signs_in_the_bff_takes(bff: Bff, supabase: Supabase, jar: Jar) -> None:
    supabase.take("signIn", login=ADA, jar=jar)
    assert list(jar) == [COOKIE]
    assert bff.who(jar) == ADA["email"]
    assert bff.runs(jar) == ["the-run"]


def test_both_write_the_same_cookie(bff: Bff, supabase: Supabase) -> None:
    ours, theirs = Jar(), Jar()
    bff.login(ours, ADA)
    supabase.take("signIn", login=ADA, jar=theirs)
    # Of one second, the two sessions differ in their tokens alone.
    tokens = {"access_token": "a token", "refresh_token": "another"}
    assert json.dumps(session_in(ours) | tokens) == json.dumps(session_in(theirs) | tokens)
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("login", [ADA, LONG], ids=["one-cookie", "chunks"])
def test_the_cookies_of_the_bff_can_be_read_by_scripts_and_live_as_long_as_those_of_ssr(
    bff: Bff, jar: Jar, login: dict[str, str]
) -> None:
    for line in bff.login(jar, login):
        _, *attributes = line.split("; ")
        assert sorted(attributes) == ["Max-Age=34560000", "Path=/", "SameSite=Lax"]


@pytest.mark.parametrize(
    "form",
    [{}, {"cookieEncoding": "raw"}, {"encode": "tokens-only"}],
    ids=["base64url", "raw", "tokens-only"],
)
@pytest.mark.parametrize("login", [ADA, LONG], ids=["short", "long"])
def test_every_form_of_cookie_that_ssr_writes_is_a_session(
    bff: Bff, supabase: Supabase, jar: Jar, form: dict[str, str], login: dict[str, str]
) -> None:
    supabase.take("signIn", login=login, jar=jar, **form)
    assert bff.who(jar) == login["email"]
    assert bff.runs(jar) == ["the-run"]


def test_a_long_session_of_the_bff_is_cut_as_ssr_cuts_it_and_read_by_it(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    bff.login(jar, LONG)
    assert list(jar) == [f"{COOKIE}.{place}" for place in range(len(jar))]
    *full, last = (len(value) for value in jar.values())
    assert full and set(full) == {CHUNK} and 0 < last <= CHUNK
    [user] = supabase.take("getUser", jar=jar)
    assert user["data"]["user"]["email"] == LONG["email"]
    assert user["data"]["user"] == session_in(jar)["user"]


def test_a_long_session_of_ssr_is_read_by_the_bff(bff: Bff, supabase: Supabase, jar: Jar) -> None:
    supabase.take("signIn", login=LONG, jar=jar)
    assert f"{COOKIE}.1" in jar and COOKIE not in jar
    assert bff.who(jar) == LONG["email"]
    assert bff.runs(jar) == ["the-run"]


def test_the_bff_clears_the_chunks_of_the_session_it_replaces(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    supabase.take("signIn", login=LONG, jar=jar)
    bff.login(jar, ADA)
    assert list(jar) == [COOKIE]
    [user] = supabase.take("getUser", jar=jar)
    assert user["data"]["user"]["email"] == ADA["email"]


def test_the_bff_clears_the_single_cookie_that_chunks_replace(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    supabase.take("signIn", login=ADA, jar=jar)
    bff.login(jar, LONG)
    assert COOKIE not in jar
    [user] = supabase.take("getUser", jar=jar)
    assert user["data"]["user"]["email"] == LONG["email"]


@pytest.mark.parametrize(
    ("first", "second"), [(ADA, LONG), (LONG, ADA)], ids=["one-by-chunks", "chunks-by-one"]
)
def test_ssr_replaces_the_cookies_of_the_bff(
    bff: Bff, supabase: Supabase, jar: Jar, first: dict[str, str], second: dict[str, str]
) -> None:
    bff.login(jar, first)
    supabase.take("signIn", login=second, jar=jar)
    assert bff.who(jar) == second["email"]


def test_a_session_that_ssr_refreshed_is_still_good_at_the_bff(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    bff.login(jar, ADA)
    before = session_in(jar)["refresh_token"]
    [refreshed] = supabase.take("refresh", jar=jar)
    assert refreshed["error"] is None
    assert session_in(jar)["refresh_token"] not in (before, None)
    assert bff.who(jar) == ADA["email"]


@pytest.mark.parametrize("login", [ADA, LONG], ids=["one-cookie", "chunks"])
def test_signing_out_with_ssr_signs_out_of_the_bff(
    bff: Bff, supabase: Supabase, jar: Jar, login: dict[str, str]
) -> None:
    bff.login(jar, login)
    kept = Jar(jar)
    [signed_out] = supabase.take("signOut", jar=jar)
    assert (signed_out["error"], jar) == (None, {})
    assert bff.who(kept) == "login_required"


@pytest.mark.parametrize("login", [ADA, LONG], ids=["one-cookie", "chunks"])
def test_signing_out_of_the_bff_signs_out_of_ssr_and_clears_its_cookies(
    bff: Bff, supabase: Supabase, jar: Jar, login: dict[str, str]
) -> None:
    supabase.take("signIn", login=login, jar=jar)
    kept = Jar(jar)
    assert bff.call("POST", "/api/auth/logout", jar).status_code == 200
    assert jar == {}
    [user] = supabase.take("getUser", jar=kept)
    assert (user["data"], user["error"]) == ({"user": None}, MISSING)
    assert kept == {}, "ssr keeps the cookies of a session that the server has ended"


@pytest.mark.parametrize(
    "value", ["base64-%%%", "base64-e30", "base64-bm90IGpzb24", "base64-WzFd", "{", "", "null"]
)
def test_a_broken_cookie_is_no_session_to_both(
    bff: Bff, supabase: Supabase, jar: Jar, value: str
) -> None:
    jar[COOKIE] = value
    assert bff.who(jar) == "login_required"
    [user] = supabase.take("getUser", jar=jar)
    assert (user["data"], user["error"], user["requests"]) == ({"user": None}, MISSING, [])


def test_chunks_behind_an_empty_cookie_are_a_session_to_both(
    bff: Bff, supabase: Supabase, jar: Jar
) -> None:
    bff.login(jar, LONG)
    jar[COOKIE] = ""
    assert bff.who(jar) == LONG["email"]
    [user] = supabase.take("getUser", jar=jar)
    assert user["data"]["user"]["email"] == LONG["email"]


def test_a_chunk_behind_a_gap_is_left_out_by_both(bff: Bff, supabase: Supabase, jar: Jar) -> None:
    bff.login(jar, LONG)
    jar[f"{COOKIE}.{len(jar) + 1}"] = "of-an-older-session"
    assert bff.who(jar) == LONG["email"]
    [user] = supabase.take("getUser", jar=jar)
    assert user["data"]["user"]["email"] == LONG["email"]
