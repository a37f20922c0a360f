"""The switches that limit: mails a minute for each address, requests a minute in all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gotrue import (
    CONFIRMS,
    admin,
    advance,
    done,
    error,
    log_in,
    mails,
    project,
    refusal,
    signed_in,
    visitor,
)


def mails_are_over(seconds: int) -> object:
    """Return the refusal of one mail too many."""
    message = f"For security purposes, you can only request this after {seconds} seconds."
    return refusal(429, "over_email_send_rate_limit", message)


REQUESTS_ARE_OVER = refusal(429, "over_request_rate_limit", "Request rate limit reached")


def test_nothing_is_limited_by_default(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    anyone = visitor(emulator)
    for _ in range(40):
        assert anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"}).status_code == 200
    assert len(mails(emulator)) == 40


def test_mails_to_one_address_are_limited_by_the_minute(tmp_path: Path) -> None:
    emulator = project(tmp_path, "mails_per_minute: 2")
    anyone = visitor(emulator)
    said = {"email": "ada@lab.test"}
    anyone.post("/auth/v1/recover", json=said)
    advance(emulator, 20)
    assert anyone.post("/auth/v1/otp", json=said).status_code == 200
    over = anyone.post("/auth/v1/recover", json=said)
    assert error(over) == mails_are_over(40)
    assert len(mails(emulator)) == 2
    # Another address is free, and the window ends a minute after it began.
    assert anyone.post("/auth/v1/recover", json={"email": "bo@lab.test"}).status_code == 200
    advance(emulator, 39)
    assert error(anyone.post("/auth/v1/recover", json=said)) == mails_are_over(1)
    advance(emulator, 1)
    assert anyone.post("/auth/v1/recover", json=said).status_code == 200


def test_a_mail_too_many_leaves_the_code_before_it_good(tmp_path: Path) -> None:
    emulator = project(tmp_path, "mails_per_minute: 1")
    anyone = visitor(emulator)
    anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"})
    assert anyone.post("/auth/v1/recover", json={"email": "ada@lab.test"}).status_code == 429
    said = {"type": "recovery", "email": "ada@lab.test", "token": mails(emulator)[0]["code"]}
    assert anyone.post("/auth/v1/verify", json=said).status_code == 200


def test_a_sign_up_whose_mail_is_one_too_many_is_none(tmp_path: Path) -> None:
    emulator = project(tmp_path, f"{CONFIRMS}, mails_per_minute: 0")
    said = {"email": "new@lab.test", "password": "new-password"}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    assert error(answer) == mails_are_over(60)
    assert admin(emulator).get("/auth/v1/admin/users").headers["x-total-count"] == "2"


def test_every_sender_counts(tmp_path: Path) -> None:
    emulator = project(tmp_path, "mails_per_minute: 1")
    client = signed_in(emulator)
    assert client.put("/auth/v1/user", json={"email": "ada@new.test"}).status_code == 200
    over = client.put("/auth/v1/user", json={"email": "ada@newer.test"})
    assert error(over) == mails_are_over(60)
    assert done(client.get("/auth/v1/user"))["new_email"] == "ada@new.test"
    invite = {"email": "new@lab.test"}
    assert admin(emulator).post("/auth/v1/invite", json=invite).status_code == 200
    assert error(admin(emulator).post("/auth/v1/invite", json=invite)) == mails_are_over(60)


def test_requests_are_limited_by_the_minute(tmp_path: Path) -> None:
    emulator = project(tmp_path, "requests_per_minute: 2")
    anyone = visitor(emulator)
    log_in(emulator)
    advance(emulator, 10)
    log_in(emulator)
    said = {"email": "ada@lab.test", "password": "ada-password"}
    over = anyone.post("/auth/v1/token?grant_type=password", json=said)
    assert error(over) == REQUESTS_ARE_OVER
    advance(emulator, 50)
    assert anyone.post("/auth/v1/token?grant_type=password", json=said).status_code == 200


def test_requests_that_are_refused_count(tmp_path: Path) -> None:
    emulator = project(tmp_path, "requests_per_minute: 3")
    anyone = visitor(emulator)
    wrong = {"email": "ada@lab.test", "password": "wrong-password"}
    for _ in range(2):
        answer = anyone.post("/auth/v1/token?grant_type=password", json=wrong)
        assert error(answer) == refusal(400, "invalid_credentials", "Invalid login credentials")
    assert error(anyone.post("/auth/v1/signup", content=b"{")) == refusal(
        400, "bad_json", "Could not parse request body as JSON"
    )
    right = {**wrong, "password": "ada-password"}
    over = anyone.post("/auth/v1/token?grant_type=password", json=right)
    assert error(over) == REQUESTS_ARE_OVER


def test_a_refusal_that_counts_changes_nothing_else(tmp_path: Path) -> None:
    emulator = project(tmp_path, f"{CONFIRMS}, requests_per_minute: 9, mails_per_minute: 1")
    anyone = visitor(emulator)
    said = {"email": "new@lab.test", "password": "new-password"}
    anyone.post("/auth/v1/signup", json=said)
    before = emulator.client().get("/_emulator/state").json()["tables"]
    assert error(anyone.post("/auth/v1/signup", json=said)) == mails_are_over(60)
    assert emulator.client().get("/_emulator/state").json()["tables"] == before


def test_reading_is_not_limited(tmp_path: Path) -> None:
    emulator = project(tmp_path, "requests_per_minute: 1")
    client = signed_in(emulator)
    for _ in range(3):
        assert client.get("/auth/v1/user").status_code == 200
    assert error(client.post("/auth/v1/logout")) == REQUESTS_ARE_OVER


@pytest.mark.parametrize("auth", ["requests_per_minute: 0", "mails_per_minute: 0"])
def test_a_limit_does_not_reach_beyond_supabase(tmp_path: Path, auth: str) -> None:
    emulator = project(tmp_path, auth)
    assert emulator.signed_in().get("/api/cloud/me").status_code == 200


def test_the_dashboard_says_that_a_mail_was_one_too_many(tmp_path: Path) -> None:
    emulator = project(tmp_path, "mails_per_minute: 0")
    answer = emulator.client().post("/api/auth/reset-password", json={"email": "ada@lab.test"})
    message = "For security purposes, you can only request this after 60 seconds."
    expected = {"error": {"code": "rate_limited", "message": message}}
    assert (answer.status_code, answer.json()) == (429, expected)
