"""PKCE: a challenge with the request, a code with the link, and the verifier for a session."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    A_HASH,
    ADA,
    ADAS,
    CHALLENGE,
    CONFIRMS,
    EPOCH,
    EPOCH_SECONDS,
    NOBODY,
    SITE,
    VERIFIER,
    admin,
    advance,
    claims_of,
    done,
    error,
    follow,
    fragment_of,
    newest_mail,
    project,
    query_of,
    refusal,
    session,
    signed_in,
    visitor,
)

S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "s256"}
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
GRANT = "/auth/v1/token?grant_type=pkce"
UNKNOWN = refusal(404, "flow_state_not_found", "invalid flow state, no valid flow state found")
ASKED = {**ADAS, "recovery_sent_at": EPOCH}


def test_the_challenge_is_that_of_the_verifier() -> None:
    digest = sha256(VERIFIER.encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == CHALLENGE


def ask(emulator: Emulator, challenge: dict[str, str] = S256, path: str = "recover") -> str:
    """Return the link that Ada was mailed."""
    said = {"email": "ada@lab.test", **challenge}
    answer = visitor(emulator).post(f"/auth/v1/{path}?redirect_to={SITE}/cb?next=/a", json=said)
    assert answer.status_code == 200, answer.text
    link: str = newest_mail(emulator, "ada@lab.test")["link"]
    return link


def code_of(emulator: Emulator, link: str) -> str:
    """Return the code that a link leads on with."""
    landed = follow(emulator, link)
    code = query_of(landed)["code"]
    assert landed == f"{SITE}/cb?next=/a&code={code}"
    return code


@pytest.mark.parametrize(
    "challenge",
    [S256, PLAIN, {**S256, "code_challenge_method": "S256"}],
    ids=["s256", "plain", "S256"],
)
def test_a_link_leads_on_with_a_code_that_is_good_once(
    tmp_path: Path, challenge: dict[str, str]
) -> None:
    emulator = project(tmp_path)
    link = ask(emulator, challenge)
    token = query_of(link)["token"]
    assert token.startswith("pkce_")
    assert token.removeprefix("pkce_") == A_HASH
    said = {"auth_code": code_of(emulator, link), "code_verifier": VERIFIER}
    assert said["auth_code"] == A_UUID
    answer = visitor(emulator).post(GRANT, json=said)
    assert (answer.status_code, done(answer)) == (200, session(ASKED))
    assert error(visitor(emulator).post(GRANT, json=said)) == UNKNOWN


@pytest.mark.parametrize(("path", "method"), [("recover", "recovery"), ("otp", "magiclink")])
def test_a_session_says_which_flow_opened_it(tmp_path: Path, path: str, method: str) -> None:
    emulator = project(tmp_path)
    said = {"auth_code": code_of(emulator, ask(emulator, path=path)), "code_verifier": VERIFIER}
    token = done(visitor(emulator).post(GRANT, json=said))["access_token"]
    assert claims_of(token)["amr"] == [{"method": method, "timestamp": EPOCH_SECONDS}]


def test_a_sign_up_is_confirmed_through_a_flow(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "new@lab.test", "password": "new-password", **S256}
    anyone = visitor(emulator)
    anyone.post("/auth/v1/signup", json=said)
    landed = follow(emulator, newest_mail(emulator, "new@lab.test")["link"])
    # The link alone confirms, whoever holds the verifier.
    assert anyone.post("/auth/v1/token?grant_type=password", json=said).status_code == 200
    answer = anyone.post(
        GRANT, json={"auth_code": query_of(landed)["code"], "code_verifier": VERIFIER}
    )
    assert done(answer)["user"]["email_confirmed_at"] == EPOCH
    amr = claims_of(done(answer)["access_token"])["amr"]
    assert amr == [{"method": "email/signup", "timestamp": EPOCH_SECONDS}]


def test_a_change_of_address_goes_through_a_flow(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    signed_in(emulator).put("/auth/v1/user", json={"email": "ada@new.test", **S256})
    half = follow(emulator, newest_mail(emulator, "ada@lab.test")["link"])
    said = {
        "message": "Confirmation link accepted. "
        "Please proceed to confirm link sent to the other email"
    }
    assert (query_of(half), fragment_of(half)) == (said, {**said, "sb": ""})
    whole = follow(emulator, newest_mail(emulator, "ada@new.test")["link"])
    answer = visitor(emulator).post(
        GRANT, json={"auth_code": query_of(whole)["code"], "code_verifier": VERIFIER}
    )
    assert done(answer)["user"]["email"] == "ada@new.test"


def test_the_code_of_a_mail_needs_no_verifier(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    ask(emulator)
    code = newest_mail(emulator, "ada@lab.test")["code"]
    said = {"type": "recovery", "email": "ada@lab.test", "token": code}
    answer = visitor(emulator).post("/auth/v1/verify", json=said)
    assert (answer.status_code, done(answer)) == (200, session(ASKED))


def test_a_token_hash_that_is_handed_in_needs_no_verifier(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"type": "recovery", "token_hash": query_of(ask(emulator))["token"]}
    answer = visitor(emulator).post("/auth/v1/verify", json=said)
    assert (answer.status_code, done(answer)) == (200, session(ASKED))


@pytest.mark.parametrize("verifier", [CHALLENGE, "v" * 49, "w" * 50])
def test_a_wrong_verifier_is_refused_and_the_flow_stays(tmp_path: Path, verifier: str) -> None:
    emulator = project(tmp_path)
    code = code_of(emulator, ask(emulator))
    answer = visitor(emulator).post(GRANT, json={"auth_code": code, "code_verifier": verifier})
    assert error(answer) == refusal(
        400, "bad_code_verifier", "code challenge does not match previously saved code verifier"
    )
    right = {"auth_code": code, "code_verifier": VERIFIER}
    assert visitor(emulator).post(GRANT, json=right).status_code == 200


@pytest.mark.parametrize("code", [NOBODY, "x"])
def test_a_code_that_nobody_was_given_is_not_found(tmp_path: Path, code: str) -> None:
    said = {"auth_code": code, "code_verifier": VERIFIER}
    assert error(visitor(project(tmp_path)).post(GRANT, json=said)) == UNKNOWN


def test_a_code_is_good_for_five_minutes_after_the_link(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    advance(emulator, 3599)
    code = code_of(emulator, link)
    advance(emulator, 299)
    said = {"auth_code": code, "code_verifier": VERIFIER}
    before = emulator.world.state
    assert visitor(emulator).post(GRANT, json=said).status_code == 200
    emulator.world.state = before
    advance(emulator, 1)
    assert error(visitor(emulator).post(GRANT, json=said)) == refusal(
        422, "flow_state_expired", "invalid flow state, flow state has expired"
    )


def test_a_link_that_is_used_up_says_so_in_the_query_too(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    follow(emulator, link)
    said = (
        "error=access_denied&error_code=otp_expired"
        "&error_description=Email+link+is+invalid+or+has+expired"
    )
    assert follow(emulator, link) == f"{SITE}/cb?next=/a&{said}#{said}&sb="


def test_a_banned_user_gets_no_code(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "1m"})
    landed = follow(emulator, link)
    assert query_of(landed) == {
        "next": "/a",
        "error": "access_denied",
        "error_code": "user_banned",
        "error_description": "User is banned",
    }


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        (
            {"code_challenge": CHALLENGE},
            "PKCE flow requires code_challenge_method and code_challenge",
        ),
        (
            {"code_challenge_method": "s256"},
            "PKCE flow requires code_challenge_method and code_challenge",
        ),
        (
            {**S256, "code_challenge": "c" * 42},
            "code challenge has to be 43 to 128 unreserved characters",
        ),
        (
            {**S256, "code_challenge": "c" * 129},
            "code challenge has to be 43 to 128 unreserved characters",
        ),
        (
            {**S256, "code_challenge": "c" * 42 + "+"},
            "code challenge has to be 43 to 128 unreserved characters",
        ),
        (
            {**S256, "code_challenge_method": "md5"},
            "code challenge method must be s256 or plain",
        ),
    ],
)
@pytest.mark.parametrize("path", ["recover", "otp", "signup"])
def test_a_challenge_that_is_off_is_refused(
    tmp_path: Path, path: str, challenge: dict[str, Any], message: str
) -> None:
    said = {"email": "new@lab.test", "password": "new-password", **challenge}
    answer = visitor(project(tmp_path, CONFIRMS)).post(f"/auth/v1/{path}", json=said)
    assert error(answer) == refusal(400, "validation_failed", message)


@pytest.mark.parametrize(
    "said", [{}, {"auth_code": NOBODY}, {"auth_code": NOBODY, "code_verifier": ""}]
)
def test_an_exchange_needs_both(tmp_path: Path, said: dict[str, str]) -> None:
    answer = visitor(project(tmp_path)).post(GRANT, json=said)
    needed = "invalid request: both auth code and code verifier should be non-empty"
    assert error(answer) == refusal(400, "validation_failed", needed)
