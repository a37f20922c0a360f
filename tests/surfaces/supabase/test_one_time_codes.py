"""One-time codes: `/recover`, `/otp`, `/magiclink`, `/resend`, and `POST /verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    ADA,
    ADAS,
    CHALLENGE,
    CONFIRMS,
    EPOCH,
    admin,
    advance,
    bearing,
    claims_of,
    confirmed,
    done,
    error,
    log_in,
    mails,
    newest_mail,
    own_metadata,
    project,
    query_of,
    refusal,
    session,
    visitor,
)

UNCONFIRMED = "  - {email: eve@lab.test, name: Eve, password: eve-password, is_confirmed: false}"
EXPIRED = refusal(403, "otp_expired", "Token has expired or is invalid")
LINK_EXPIRED = refusal(403, "otp_expired", "Email link is invalid or has expired")
ASKED = {**ADAS, "recovery_sent_at": EPOCH}


@pytest.mark.parametrize("email", ["ada@lab.test", "ADA@lab.test", "nobody@lab.test"])
def test_asking_for_a_reset_does_not_tell_who_has_an_account(tmp_path: Path, email: str) -> None:
    answer = visitor(project(tmp_path)).post("/auth/v1/recover", json={"email": email})
    assert (answer.status_code, done(answer)) == (200, {})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "kind", "verified"),
    [
        ("/auth/v1/recover", "reset", "recovery"),
        ("/auth/v1/otp", "magic_link", "magiclink"),
        ("/auth/v1/magiclink", "magic_link", "magiclink"),
        ("/auth/v1/otp", "magic_link", "email"),
    ],
)
def test_a_code_opens_a_session_once(tmp_path: Path, path: str, kind: str, verified: str) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    answer = anyone.post(path, json={"email": "ada@lab.test"})
    assert (answer.status_code, done(answer)) == (200, {})
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("ada@lab.test", kind)
    said = {"type": verified, "email": "Ada@lab.test", "token": mail["code"]}
    answer = anyone.post("/auth/v1/verify", json=said)
    assert (answer.status_code, done(answer)) == (200, session(ASKED))
    assert claims_of(done(answer)["access_token"])["amr"] == [
        {"method": "otp", "timestamp": 1_767_225_600}
    ]
    assert error(anyone.post("/auth/v1/verify", json=said)) == EXPIRED


def test_a_token_hash_opens_a_session_once(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    token = query_of(mails(emulator)[0]["link"])["token"]
    said = {"type": "recovery", "token_hash": token}
    answer = anyone.post("/auth/v1/verify", json=said)
    assert (answer.status_code, done(answer)) == (200, session(ASKED))
    assert error(anyone.post("/auth/v1/verify", json=said)) == LINK_EXPIRED


def test_a_reset_ends_with_another_password(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    code = mails(emulator)[0]["code"]
    said = {"type": "recovery", "email": "ada@lab.test", "token": code}
    token = done(anyone.post("/auth/v1/verify", json=said))["access_token"]
    bearing(emulator, token).put("/auth/v1/user", json={"password": "next-password"})
    login = {"email": "ada@lab.test", "password": "next-password"}
    assert anyone.post("/auth/v1/token?grant_type=password", json=login).status_code == 200


@pytest.mark.parametrize(("seconds", "is_good"), [(3599, True), (3600, False)])
def test_a_code_lives_for_an_hour(tmp_path: Path, seconds: int, is_good: bool) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    mail = mails(emulator)[0]
    advance(emulator, seconds)
    by_hash = {"type": "recovery", "token_hash": query_of(mail["link"])["token"]}
    by_code = {"type": "recovery", "email": "ada@lab.test", "token": mail["code"]}
    if is_good:
        assert anyone.post("/auth/v1/verify", json=by_code).status_code == 200
    else:
        assert error(anyone.post("/auth/v1/verify", json=by_hash)) == LINK_EXPIRED
        assert error(anyone.post("/auth/v1/verify", json=by_code)) == EXPIRED


@pytest.mark.parametrize(
    ("asked", "verified", "is_good"),
    [
        ("signup", "signup", True),
        ("signup", "invite", True),
        ("signup", "email", True),
        ("signup", "magiclink", False),
        ("signup", "recovery", False),
        ("signup", "email_change", False),
        ("recovery", "recovery", True),
        ("recovery", "magiclink", True),
        ("recovery", "email", True),
        ("recovery", "signup", False),
        ("recovery", "email_change", False),
    ],
)
def test_a_code_is_good_for_what_it_was_asked_for(
    tmp_path: Path, asked: str, verified: str, is_good: bool
) -> None:
    emulator = project(tmp_path, CONFIRMS, UNCONFIRMED)
    anyone = visitor(emulator)
    path = {"signup": "/auth/v1/resend", "recovery": "/auth/v1/recover"}[asked]
    anyone.post(path, json={"type": asked, "email": "eve@lab.test"})
    code = newest_mail(emulator, "eve@lab.test")["code"]
    said = {"type": verified, "email": "eve@lab.test", "token": code}
    answer = anyone.post("/auth/v1/verify", json=said)
    if is_good:
        assert done(answer)["user"]["email_confirmed_at"] == EPOCH
    else:
        assert error(answer) == EXPIRED


def test_a_newer_code_replaces_the_older_one(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    # Real: reset and magic link lie in one place.
    anyone.post("/auth/v1/otp", json={"email": "ada@lab.test"})
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    reset, magic = mails(emulator)
    said = {"email": "ada@lab.test"}
    stale = {**said, "type": "magiclink", "token": magic["code"]}
    assert error(anyone.post("/auth/v1/verify", json=stale)) == EXPIRED
    fresh = {**said, "type": "recovery", "token": reset["code"]}
    assert anyone.post("/auth/v1/verify", json=fresh).status_code == 200


def test_a_code_that_was_used_voids_the_others(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS, UNCONFIRMED)
    anyone = visitor(emulator)
    said = {"email": "eve@lab.test"}
    anyone.post("/auth/v1/resend", json={**said, "type": "signup"})
    anyone.post("/auth/v1/recover", json=said)
    reset, confirmation = mails(emulator)
    used = {**said, "type": "signup", "token": confirmation["code"]}
    assert anyone.post("/auth/v1/verify", json=used).status_code == 200
    voided = {**said, "type": "recovery", "token": reset["code"]}
    assert error(anyone.post("/auth/v1/verify", json=voided)) == EXPIRED


@pytest.mark.parametrize(
    ("email", "token"),
    [("ada@lab.test", "000000"), ("bo@lab.test", None), ("nobody@lab.test", "123456")],
)
def test_a_code_that_is_wrong_and_one_of_another_are_the_same(
    tmp_path: Path, email: str, token: str | None
) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    mail = mails(emulator)[0]
    said = {"type": "recovery", "email": email, "token": token or mail["code"]}
    assert error(anyone.post("/auth/v1/verify", json=said)) == EXPIRED
    right = {"type": "recovery", "email": "ada@lab.test", "token": mail["code"]}
    assert anyone.post("/auth/v1/verify", json=right).status_code == 200


def test_a_link_for_a_new_address_makes_an_account(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    said = {"email": "New@lab.test", "data": {"name": "New"}, "create_user": True}
    assert done(anyone.post("/auth/v1/otp", json=said)) == {}
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("new@lab.test", "magic_link")
    said = {"type": "email", "email": "new@lab.test", "token": mail["code"]}
    answer = anyone.post("/auth/v1/verify", json=said)
    who = done(answer)["user"]["id"]
    metadata = {"name": "New", **own_metadata(who, "new@lab.test")}
    expected = confirmed(
        A_UUID,
        "new@lab.test",
        user_metadata=metadata,
        identity_data={**metadata, "email_verified": False},
        recovery_sent_at=EPOCH,
    )
    assert (answer.status_code, done(answer)) == (200, session(expected))
    client = emulator.client()
    client.headers["Authorization"] = f"Bearer {done(answer)['access_token']}"
    assert client.get("/api/runs").json() == {"items": [], "next_cursor": None}


def test_an_account_without_a_password_cannot_sign_in_by_one(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/otp", json={"email": "new@lab.test"})
    for password in ("", "new-password"):
        said = {"email": "new@lab.test", "password": password}
        answer = anyone.post("/auth/v1/token?grant_type=password", json=said)
        assert error(answer) == refusal(400, "invalid_credentials", "Invalid login credentials")


def test_an_account_without_a_password_gets_its_first_one(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/otp", json={"email": "new@lab.test"})
    said = {"type": "email", "email": "new@lab.test", "token": mails(emulator)[0]["code"]}
    token = done(anyone.post("/auth/v1/verify", json=said))["access_token"]
    answer = bearing(emulator, token).put("/auth/v1/user", json={"password": "new-password"})
    assert answer.status_code == 200
    login = {"email": "new@lab.test", "password": "new-password"}
    assert anyone.post("/auth/v1/token?grant_type=password", json=login).status_code == 200


@pytest.mark.parametrize("users", ["", UNCONFIRMED.replace("eve@", "new@")])
def test_whoever_is_not_confirmed_gets_the_confirmation(tmp_path: Path, users: str) -> None:
    emulator = project(tmp_path, CONFIRMS, users)
    anyone = visitor(emulator)
    assert done(anyone.post("/auth/v1/otp", json={"email": "new@lab.test"})) == {}
    [mail] = mails(emulator)
    assert (mail["kind"], query_of(mail["link"])["type"]) == ("confirmation", "signup")
    said = {"type": "email", "email": "new@lab.test", "token": mail["code"]}
    account = done(anyone.post("/auth/v1/verify", json=said))["user"]
    assert (account["email_confirmed_at"], account["confirmation_sent_at"]) == (EPOCH, EPOCH)


def test_a_link_is_refused_where_no_account_shall_be_made(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "new@lab.test", "create_user": False}
    answer = visitor(emulator).post("/auth/v1/otp", json=said)
    assert error(answer) == refusal(422, "otp_disabled", "Signups not allowed for otp")
    known = visitor(emulator).post("/auth/v1/otp", json={**said, "email": "ada@lab.test"})
    assert (known.status_code, done(known)) == (200, {})
    assert [mail["to"] for mail in mails(emulator)] == ["ada@lab.test"]


@pytest.mark.parametrize(
    "said", [{"email": "no-address"}, {"phone": "+15550100"}], ids=["malformed", "phone"]
)
def test_what_can_be_no_account_is_refused_alike_where_none_shall_be_made(
    tmp_path: Path, said: dict[str, str]
) -> None:
    answer = visitor(project(tmp_path)).post("/auth/v1/otp", json={**said, "create_user": False})
    assert error(answer) == refusal(422, "otp_disabled", "Signups not allowed for otp")


@pytest.mark.parametrize("said", [{}, {"email": ""}, {"phone": "+15550100"}])
def test_a_magic_link_wants_an_address(tmp_path: Path, said: dict[str, str]) -> None:
    answer = visitor(project(tmp_path)).post("/auth/v1/magiclink", json=said)
    assert error(answer) == refusal(422, "validation_failed", "Password recovery requires an email")


def test_a_magic_link_is_mailed_to_a_new_account_too(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "new@lab.test", "create_user": False, "data": {"name": "New"}}
    assert done(visitor(emulator).post("/auth/v1/magiclink", json=said)) == {}
    assert [mail["to"] for mail in mails(emulator)] == ["new@lab.test"]


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"type": "signup", "email": "eve@lab.test"}, ["confirmation"]),
        ({"type": "signup", "email": "ada@lab.test"}, []),
        ({"type": "email_change", "email": "ada@lab.test"}, []),
        ({"type": "signup", "email": "nobody@lab.test"}, []),
        ({"type": "phone_change", "email": "ada@lab.test"}, []),
    ],
)
def test_a_confirmation_is_sent_again_to_whoever_waits_for_one(
    tmp_path: Path, said: dict[str, str], kinds: list[str]
) -> None:
    emulator = project(tmp_path, CONFIRMS, UNCONFIRMED)
    answer = visitor(emulator).post("/auth/v1/resend", json=said)
    assert (answer.status_code, done(answer)) == (200, {})
    assert [mail["kind"] for mail in mails(emulator)] == kinds


RESENT = "Missing one of these types: signup, email_change, sms, phone_change"
ONE_WAY = "Only an email address or phone number should be provided on verify"
HALF = {"code_challenge": CHALLENGE}
BAD_EMAIL = "Unable to validate email address: invalid format"


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("recover", {}, (400, "validation_failed", "Password recovery requires an email")),
        ("recover", {"email": "x", **HALF}, (400, "validation_failed", BAD_EMAIL)),
        ("recover", {"email": "x"}, (400, "validation_failed", BAD_EMAIL)),
        ("otp", {}, (400, "validation_failed", "One of email or phone must be set")),
        (
            "otp",
            {"email": "ada@lab.test", "phone": "+1"},
            (400, "validation_failed", "Only an email address or phone number should be provided"),
        ),
        (
            "otp",
            {"email": "ada@lab.test", "channel": "sms"},
            (400, "validation_failed", "Channel should only be specified with Phone OTP"),
        ),
        ("otp", {"phone": "+1"}, (400, "phone_provider_disabled", "Unsupported phone provider")),
        ("resend", {}, (400, "validation_failed", RESENT)),
        ("resend", {"type": "recovery"}, (400, "validation_failed", RESENT)),
        (
            "resend",
            {"type": "sms", "phone": "+1"},
            (400, "phone_provider_disabled", "Phone logins are disabled"),
        ),
        (
            "resend",
            {"type": "sms", "email": "ada@lab.test"},
            (400, "validation_failed", "Type provided requires a phone number"),
        ),
        (
            "resend",
            {"type": "email_change"},
            (400, "validation_failed", "Missing email address or phone number"),
        ),
        (
            "resend",
            {"type": "signup", "email": "ada@lab.test", "phone": "+1"},
            (400, "validation_failed", "Only an email address or phone number should be provided."),
        ),
        (
            "resend",
            {"type": "signup"},
            (400, "validation_failed", "Type provided requires an email address"),
        ),
        ("verify", {}, (400, "validation_failed", "Verify requires a verification type")),
        (
            "verify",
            {"type": "other", "token_hash": "x"},
            (400, "validation_failed", "Invalid email verification type"),
        ),
        (
            "verify",
            {"type": "sms", "phone": "+1", "token": "123456"},
            (403, "otp_expired", "Token has expired or is invalid"),
        ),
        (
            "verify",
            {"type": "other", "email": "ada@lab.test", "token": "123456"},
            (403, "otp_expired", "Token has expired or is invalid"),
        ),
        (
            "verify",
            {"type": "sms", "token_hash": "x"},
            (400, "validation_failed", "Invalid email verification type"),
        ),
        (
            "verify",
            {"type": "email", "email": "ada", "token": "123456"},
            (422, "validation_failed", "Invalid email format"),
        ),
        (
            "verify",
            {"type": "email", "token_hash": "x", "redirect_to": "http://localhost:3000"},
            (400, "validation_failed", "Only the token_hash and type should be provided"),
        ),
        (
            "verify",
            {"type": "email"},
            (400, "validation_failed", "Verify requires either a token or a token hash"),
        ),
        (
            "verify",
            {"type": "email", "token": "123456", "token_hash": "x", "email": "ada@lab.test"},
            (400, "validation_failed", "Verify requires either a token or a token hash"),
        ),
        (
            "verify",
            {"type": "email", "token_hash": "x", "email": "ada@lab.test"},
            (400, "validation_failed", "Only the token_hash and type should be provided"),
        ),
        (
            "verify",
            {"type": "email", "token": "123456"},
            (400, "validation_failed", ONE_WAY),
        ),
        (
            "verify",
            {"type": "email", "token": "123456", "email": "ada@lab.test", "phone": "+1"},
            (400, "validation_failed", ONE_WAY),
        ),
        (
            "verify",
            {"type": "email", "token_hash": "x"},
            (403, "otp_expired", "Email link is invalid or has expired"),
        ),
        ("verify", {"type": 7}, (400, "bad_json", "Could not parse request body as JSON")),
    ],
)
def test_what_is_off_is_refused(
    tmp_path: Path, path: str, said: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    answer = visitor(project(tmp_path)).post(f"/auth/v1/{path}", json=said)
    assert error(answer) == refusal(*expected)


def test_a_banned_user_cannot_use_a_code(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "30m"})
    said = {"type": "recovery", "email": "ada@lab.test", "token": mails(emulator)[0]["code"]}
    banned = refusal(403, "user_banned", "User is banned")
    assert error(anyone.post("/auth/v1/verify", json=said)) == banned
    # The code has not been used up.
    advance(emulator, 1800)
    assert anyone.post("/auth/v1/verify", json=said).status_code == 200
    assert log_in(emulator)["user"]["id"] == ADA
