"""`POST /signup`: with and without a mail to confirm the address, and for one that is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    A_CODE,
    A_HASH,
    ADAS,
    BO,
    CHALLENGE,
    CONFIRMS,
    EPOCH,
    SITE,
    admin,
    advance,
    bearing,
    confirmed,
    done,
    error,
    follow,
    fragment_of,
    log_in,
    mails,
    newest_mail,
    own_metadata,
    project,
    refusal,
    session,
    signed_in,
    user,
    visitor,
)
from tests.support.messages import golden

NEW = {"email": "New@Lab.test", "password": "new-password"}
UNCONFIRMED = "  - {email: eve@lab.test, name: Eve, password: eve-password, is_confirmed: false}"


def test_a_sign_up_opens_a_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = visitor(emulator).post("/auth/v1/signup", json={**NEW, "data": {"name": "New"}})
    who = done(answer)["user"]["id"]
    metadata = {"name": "New", **own_metadata(who, "new@lab.test")}
    # Real: what no mail has verified is not verified in the identity, signed in or not.
    said_once = {**metadata, "email_verified": False}
    expected = session(
        confirmed(A_UUID, "new@lab.test", user_metadata=metadata, identity_data=said_once)
    )
    assert (answer.status_code, done(answer)) == (200, expected)
    assert answer.headers["cache-control"].startswith("private, no-cache, no-store")
    assert mails(emulator) == []


def test_who_signed_up_can_use_the_product(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    token = done(visitor(emulator).post("/auth/v1/signup", json=NEW))["access_token"]
    client = emulator.client()
    client.headers["Authorization"] = f"Bearer {token}"
    [workspace] = client.get("/api/workspaces").json()["items"]
    assert (workspace["name"], workspace["role"]) == ("My workspace", "owner")
    assert client.get("/api/runs").json() == {"items": [], "next_cursor": None}


def test_the_noise_of_clients_is_tolerated(tmp_path: Path) -> None:
    noise: dict[str, Any] = {
        "data": {},
        "gotrue_meta_security": {},
        "code_challenge": None,
        "code_challenge_method": None,
        "channel": "sms",
    }
    emulator = project(tmp_path)
    for place, content_type in enumerate(
        ("application/json;charset=UTF-8", "text/plain", "application/x-www-form-urlencoded")
    ):
        said = {**NEW, **noise, "email": f"{place}@lab.test"}
        answer = visitor(emulator).post(
            "/auth/v1/signup", json=said, headers={"Content-Type": content_type}
        )
        assert (answer.status_code, done(answer)) == (
            200,
            session(
                confirmed(
                    A_UUID,
                    f"{place}@lab.test",
                    user_metadata=own_metadata(done(answer)["user"]["id"], f"{place}@lab.test"),
                )
            ),
        )


def test_what_the_data_says_of_the_address_is_not_believed(tmp_path: Path) -> None:
    said = {**NEW, "data": {"email": "x", "email_verified": "x", "sub": "x", "gone": None}}
    account = done(visitor(project(tmp_path)).post("/auth/v1/signup", json=said))["user"]
    assert account["user_metadata"] == own_metadata(account["id"], "new@lab.test")


def test_the_identity_has_the_data_of_a_sign_up_beside_its_own_claims(tmp_path: Path) -> None:
    data = {"team": "blue", "email": "x", "email_verified": "x"}
    said = {**NEW, "data": data}
    account = done(visitor(project(tmp_path)).post("/auth/v1/signup", json=said))["user"]
    [identity] = account["identities"]
    assert identity["identity_data"] == {
        "team": "blue",
        **own_metadata(account["id"], "new@lab.test", is_verified=False),
    }


def test_the_identity_of_whom_an_administrator_makes_has_the_claims_alone(tmp_path: Path) -> None:
    said = {"email": "made@lab.test", "user_metadata": {"team": "blue"}}
    account = done(admin(project(tmp_path)).post("/auth/v1/admin/users", json=said))
    [identity] = account["identities"]
    assert (account["user_metadata"], identity["identity_data"]) == (
        {"team": "blue"},
        own_metadata(account["id"], "made@lab.test", is_verified=False),
    )


def test_a_sign_up_with_a_mail_shows_the_bare_user(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {**NEW, "data": {"name": "New"}}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    who = done(answer)["id"]
    metadata = {"name": "New", **own_metadata(who, "new@lab.test", is_verified=False)}
    expected = user(
        A_UUID,
        "new@lab.test",
        user_metadata=metadata,
        identity_data=metadata,
        confirmation_sent_at=EPOCH,
    )
    assert (answer.status_code, done(answer)) == (200, expected)
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("new@lab.test", "confirmation")
    # The code is not for whoever signs up, only for whoever reads the mail.
    assert mail["code"] not in answer.text


def test_who_signed_up_signs_in_once_the_address_is_confirmed(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/signup", json=NEW)
    unconfirmed = anyone.post("/auth/v1/token?grant_type=password", json=NEW)
    assert error(unconfirmed) == refusal(400, "email_not_confirmed", "Email not confirmed")
    said = {
        "type": "signup",
        "email": "new@lab.test",
        "token": newest_mail(emulator, "new@lab.test")["code"],
    }
    assert anyone.post("/auth/v1/verify", json=said).status_code == 200
    assert anyone.post("/auth/v1/token?grant_type=password", json=NEW).status_code == 200


def test_a_mail_that_is_answered_verifies_the_identity_and_later_data_leave_it(
    tmp_path: Path,
) -> None:
    emulator = project(tmp_path, CONFIRMS)
    told = {"name": "New", "plan": {"tier": "pro"}}
    signed_up = visitor(emulator).post("/auth/v1/signup", json={**NEW, "data": told})
    who = done(signed_up)["id"]
    landed = fragment_of(follow(emulator, newest_mail(emulator, "new@lab.test")["link"]))
    client = bearing(emulator, landed["access_token"])
    account = done(client.put("/auth/v1/user", json={"data": {"name": "Newer", "plan": None}}))
    own = own_metadata(who, "new@lab.test")
    assert account["user_metadata"] == {"name": "Newer", **own}
    assert account["identities"][0]["identity_data"] == {**told, **own}


def test_a_wrong_password_of_an_unconfirmed_account_tells_nothing(tmp_path: Path) -> None:
    anyone = visitor(project(tmp_path, CONFIRMS, UNCONFIRMED))
    said = {"email": "eve@lab.test", "password": "wrong-password"}
    answer = anyone.post("/auth/v1/token?grant_type=password", json=said)
    assert error(answer) == refusal(400, "invalid_credentials", "Invalid login credentials")


def test_a_taken_address_is_refused_where_no_mail_is_needed(tmp_path: Path) -> None:
    answer = visitor(project(tmp_path)).post(
        "/auth/v1/signup", json={**NEW, "email": "ADA@lab.test"}
    )
    assert error(answer) == refusal(422, "user_already_exists", "User already registered")


def test_a_taken_address_is_not_told_where_a_mail_is_needed(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "ada@lab.test", "password": "other-password", "data": {"name": "Mallory"}}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    expected = user(
        A_UUID,
        "ada@lab.test",
        role="",
        identities=[],
        user_metadata={"name": "Mallory"},
        confirmation_sent_at=EPOCH,
    )
    assert (answer.status_code, done(answer)) == (200, expected)
    assert done(answer)["id"] != ADAS["id"]
    assert mails(emulator) == []
    assert log_in(emulator)["user"] == ADAS


def test_an_unconfirmed_address_is_asked_again_and_nothing_else_changes(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    anyone = visitor(emulator)
    first = done(anyone.post("/auth/v1/signup", json={**NEW, "data": {"name": "New"}}))
    [before] = mails(emulator)
    advance(emulator, 60)
    again = {**NEW, "password": "other-password", "data": {"name": "Mallory"}}
    second = done(anyone.post("/auth/v1/signup", json=again))
    moment = "2026-01-01T00:01:00Z"
    assert second == {**first, "confirmation_sent_at": moment, "updated_at": moment}
    [after, _] = mails(emulator)
    assert after["code"] != before["code"]
    # Only the newest code is good, and the password is the first one.
    said = {"type": "signup", "email": "new@lab.test"}
    stale = anyone.post("/auth/v1/verify", json={**said, "token": before["code"]})
    assert error(stale) == refusal(403, "otp_expired", "Token has expired or is invalid")
    assert anyone.post("/auth/v1/verify", json={**said, "token": after["code"]}).status_code == 200
    other = anyone.post("/auth/v1/token?grant_type=password", json=again)
    assert error(other) == refusal(400, "invalid_credentials", "Invalid login credentials")
    assert anyone.post("/auth/v1/token?grant_type=password", json=NEW).status_code == 200


def test_an_unconfirmed_address_that_needs_no_mail_is_confirmed_by_a_sign_up(
    tmp_path: Path,
) -> None:
    # Real: GoTrue confirms and signs in whoever comes, and leaves the password as it was.
    emulator = project(tmp_path, users=UNCONFIRMED)
    said = {"email": "eve@lab.test", "password": "other-password"}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    who = done(answer)["user"]["id"]
    metadata = {"name": "Eve", **own_metadata(who, "eve@lab.test")}
    said_once = {**metadata, "email_verified": False}
    expected = session(
        confirmed(A_UUID, "eve@lab.test", user_metadata=metadata, identity_data=said_once)
    )
    assert (answer.status_code, done(answer)) == (200, expected)
    assert log_in(emulator, "eve")["user"]["id"] == who


def test_an_account_that_was_never_confirmed_cannot_sign_in_even_without_mails(
    tmp_path: Path,
) -> None:
    emulator = project(tmp_path, users=UNCONFIRMED)
    said = {"email": "eve@lab.test", "password": "eve-password"}
    answer = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert error(answer) == refusal(400, "email_not_confirmed", "Email not confirmed")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"email": "x@lab.test"}, (400, "validation_failed", "Signup requires a valid password")),
        (
            {"email": "x@lab.test", "password": ""},
            (400, "validation_failed", "Signup requires a valid password"),
        ),
        (
            {"email": "x", "password": "new-password"},
            (400, "validation_failed", "Unable to validate email address: invalid format"),
        ),
        (
            {"email": "x@lab.test", "password": "p" * 73},
            (400, "validation_failed", "Password cannot be longer than 72 characters"),
        ),
        (
            {"password": "new-password"},
            (422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"),
        ),
        ({}, (422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")),
        (
            {"phone": "+15550100", "password": "new-password"},
            (400, "phone_provider_disabled", "Phone signups are disabled"),
        ),
        (
            {"email": "x@lab.test", "phone": "+15550100", "password": "new-password"},
            (
                400,
                "validation_failed",
                "Only an email address or phone number should be provided on signup.",
            ),
        ),
        ({"email": "x"}, (400, "validation_failed", "Signup requires a valid password")),
        (
            {"email": "x", "password": "p" * 73},
            (400, "validation_failed", "Password cannot be longer than 72 characters"),
        ),
        (
            {"email": 7, "password": "new-password"},
            (400, "bad_json", "Could not parse request body as JSON"),
        ),
        (
            {"email": "x@lab.test", "password": 7},
            (400, "bad_json", "Could not parse request body as JSON"),
        ),
        (
            {"email": "x@lab.test", "password": "new-password", "data": []},
            (400, "bad_json", "Could not parse request body as JSON"),
        ),
        (
            {"email": "x@lab.test", "password": "new-password", "code_challenge": CHALLENGE},
            (
                400,
                "validation_failed",
                "PKCE flow requires code_challenge_method and code_challenge",
            ),
        ),
    ],
)
def test_a_sign_up_that_is_off_is_refused(
    tmp_path: Path, said: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    answer = visitor(project(tmp_path)).post("/auth/v1/signup", json=said)
    assert error(answer) == refusal(*expected)


@pytest.mark.parametrize(("minimum", "password"), [(6, "12345"), (10, "123456789")])
def test_a_short_password_is_weak(tmp_path: Path, minimum: int, password: str) -> None:
    emulator = project(tmp_path, f"password_min_length: {minimum}")
    said = {"email": "x@lab.test", "password": password}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    assert error(answer) == refusal(
        422,
        "weak_password",
        f"Password should be at least {minimum} characters.",
        weak_password={"reasons": ["length"]},
    )
    enough = {**said, "password": password + "0"}
    assert visitor(emulator).post("/auth/v1/signup", json=enough).status_code == 200


def test_sign_ups_can_be_switched_off_and_signing_in_stays(tmp_path: Path) -> None:
    emulator = project(tmp_path, "disable_signup: true")
    anyone = visitor(emulator)
    closed = refusal(422, "signup_disabled", "Signups not allowed for this instance")
    assert error(anyone.post("/auth/v1/signup", json=NEW)) == closed
    assert error(anyone.post("/auth/v1/otp", json={"email": "new@lab.test"})) == closed
    assert mails(emulator) == []
    assert log_in(emulator)["user"] == ADAS


def test_the_mail_of_a_sign_up_says_what_to_do(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    visitor(emulator).post("/auth/v1/signup?redirect_to=http://localhost:3000/welcome", json=NEW)
    [mail] = mails(emulator)
    link = mail["link"]
    head, _, rest = link.partition("?")
    token, _, rest = rest.partition("&")
    assert head == "http://localhost:8787/auth/v1/verify"
    assert token.removeprefix("token=") == A_HASH
    assert rest == "type=signup&redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fwelcome"
    assert mail == {
        "id": A_UUID,
        "to": "new@lab.test",
        "kind": "confirmation",
        "subject": golden("mail", "confirmation", "subject"),
        "link": link,
        "code": A_CODE,
        "text": golden("mail", "confirmation", "text", link=link, code=mail["code"]),
        "html": mail["html"],
        "sent_at": EPOCH,
    }
    assert SITE + "/welcome" not in link  # it is encoded


def test_a_sign_up_is_signed_in_on_the_dashboard_too(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    token = done(visitor(emulator).post("/auth/v1/signup", json=NEW))["access_token"]
    client = emulator.client()
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/api/me").json()["email"] == "new@lab.test"
    assert signed_in(emulator, "bo").get("/auth/v1/user").json()["id"] == BO
