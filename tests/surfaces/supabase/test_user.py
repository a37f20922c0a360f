"""`GET` and `PUT /user`: the user behind a token, its metadata, its password, its address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.gotrue import (
    A_CODE,
    ADA,
    ADAS,
    CONFIRMS,
    EPOCH,
    admin,
    advance,
    bearing,
    claims_of,
    done,
    error,
    follow,
    fragment_of,
    is_live,
    log_in,
    mails,
    newest_mail,
    own_metadata,
    project,
    refusal,
    session,
    signed_in,
    visitor,
)

LATER = "2026-01-01T00:00:10Z"
CHANGED = {"email": "ada@new.test"}
NAME = {"name": "Ada"}


def test_the_user_of_a_token_is_shown(tmp_path: Path) -> None:
    answer = signed_in(project(tmp_path)).get("/auth/v1/user")
    assert (answer.status_code, done(answer)) == (200, ADAS)
    assert answer.headers["content-type"] == "application/json"


def test_data_is_merged_and_null_deletes(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = signed_in(emulator)
    client.put("/auth/v1/user", json={"data": {"colour": "red", "size": {"a": 1}}})
    answer = client.put("/auth/v1/user", json={"data": {"colour": None, "size": 2, "email": "x"}})
    # Real: the metadata are the user's to write, what GoTrue put there included.
    metadata = {**NAME, **own_metadata(ADA, "ada@lab.test"), "size": 2, "email": "x"}
    expected = {**ADAS, "user_metadata": metadata}
    assert (answer.status_code, done(answer)) == (200, expected)
    assert done(client.get("/auth/v1/user")) == expected
    assert claims_of(log_in(emulator)["access_token"])["user_metadata"] == metadata


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": None}, {"email": "", "phone": ""}])
def test_an_update_of_nothing_changes_nothing(tmp_path: Path, body: dict[str, Any]) -> None:
    answer = signed_in(project(tmp_path)).put("/auth/v1/user", json=body)
    assert (answer.status_code, done(answer)) == (200, ADAS)


def test_another_password_ends_the_other_sessions(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    other, mine, bos = log_in(emulator), log_in(emulator), log_in(emulator, "bo")
    said = {"password": "next-password"}
    answer = bearing(emulator, mine["access_token"]).put("/auth/v1/user", json=said)
    assert (answer.status_code, done(answer)) == (200, ADAS)
    lives = [is_live(emulator, one["access_token"]) for one in (other, mine, bos)]
    assert lives == [False, True, True]
    old = {"email": "ada@lab.test", "password": "ada-password"}
    anyone = visitor(emulator)
    assert anyone.post("/auth/v1/token?grant_type=password", json=old).status_code == 400
    new = {**old, "password": "next-password"}
    assert anyone.post("/auth/v1/token?grant_type=password", json=new).status_code == 200


def test_another_password_voids_the_mails_under_way(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    visitor(emulator).post("/auth/v1/recover", json={"email": "ada@lab.test"})
    client = signed_in(emulator)
    assert done(client.get("/auth/v1/user"))["recovery_sent_at"] == EPOCH
    answer = client.put("/auth/v1/user", json={"password": "next-password"})
    assert done(answer) == ADAS
    link = newest_mail(emulator, "ada@lab.test")["link"]
    assert fragment_of(follow(emulator, link))["error_code"] == "otp_expired"


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (
            "ada-password",
            refusal(
                422,
                "same_password",
                "New password should be different from the old password.",
            ),
        ),
        (
            "short",
            refusal(
                422,
                "weak_password",
                "Password should be at least 6 characters.",
                weak_password={"reasons": ["length"]},
            ),
        ),
        (
            "",
            refusal(
                422,
                "weak_password",
                "Password should be at least 6 characters.",
                weak_password={"reasons": ["length"]},
            ),
        ),
        (
            "é" * 37,
            refusal(400, "validation_failed", "Password cannot be longer than 72 characters"),
        ),
        (7, refusal(400, "bad_json", "Could not parse request body as JSON")),
    ],
)
def test_a_password_may_not_be(tmp_path: Path, password: object, expected: object) -> None:
    answer = signed_in(project(tmp_path)).put("/auth/v1/user", json={"password": password})
    assert error(answer) == expected


def test_several_members_are_changed_all_or_none(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    other = log_in(emulator)
    client = signed_in(emulator)
    said = {"data": {"colour": "red"}, "password": "next-password", "email": "bo@lab.test"}
    answer = client.put("/auth/v1/user", json=said)
    taken = "A user with this email address has already been registered"
    assert error(answer) == refusal(422, "email_exists", taken)
    assert done(client.get("/auth/v1/user")) == ADAS
    assert is_live(emulator, other["access_token"])
    assert log_in(emulator)["user"] == ADAS
    said = {"data": {"colour": "red"}, "password": "next-password", "email": "ada@new.test"}
    answer = client.put("/auth/v1/user", json=said)
    expected = {
        **ADAS,
        "user_metadata": {**ADAS["user_metadata"], "colour": "red"},
        "new_email": "ada@new.test",
        "email_change_sent_at": EPOCH,
    }
    assert (answer.status_code, done(answer)) == (200, expected)


def test_the_own_address_is_no_change(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = signed_in(emulator).put("/auth/v1/user", json={"email": "ADA@lab.test"})
    assert (answer.status_code, done(answer)) == (200, ADAS)
    assert mails(emulator) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"email": "x"},
            (400, "validation_failed", "Unable to validate email address: invalid format"),
        ),
        ({"phone": "+15550100"}, (400, "phone_provider_disabled", "Unsupported phone provider")),
        ({"data": []}, (400, "bad_json", "Could not parse request body as JSON")),
        (
            {"app_metadata": {"role": "admin"}},
            (403, "not_admin", "Updating app_metadata requires admin privileges"),
        ),
    ],
)
def test_an_update_that_is_off_is_refused(
    tmp_path: Path, said: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert error(signed_in(project(tmp_path)).put("/auth/v1/user", json=said)) == refusal(*expected)


def ask_for_change(tmp_path: Path, auth: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Return a project where Ada asked for another address, and the mail to each."""
    emulator = project(tmp_path, auth)
    client = signed_in(emulator)
    advance(emulator, 10)
    answer = client.put("/auth/v1/user?redirect_to=http://localhost:3000/me", json=CHANGED)
    expected = {
        **ADAS,
        "new_email": "ada@new.test",
        "email_change_sent_at": LATER,
        "updated_at": LATER,
    }
    assert (answer.status_code, done(answer)) == (200, expected)
    new, old = mails(emulator)
    assert [(one["to"], one["kind"], one["code"]) for one in (old, new)] == [
        ("ada@lab.test", "email_change", A_CODE),
        ("ada@new.test", "email_change", A_CODE),
    ]
    assert old["code"] != new["code"]
    return emulator, old, new


HALFWAY = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
MOVED = {
    **ADAS,
    "email": "ada@new.test",
    "email_change_sent_at": LATER,
    "updated_at": LATER,
    "last_sign_in_at": LATER,
    "identities": [
        {
            **ADAS["identities"][0],
            "email": "ada@new.test",
            "identity_data": {"name": "Ada", **own_metadata(ADA, "ada@new.test")},
        }
    ],
}
"""Ada after the change. Real: the metadata still name the address that signed up."""


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_change_of_address_needs_both_codes(tmp_path: Path, first: str) -> None:
    emulator, old, new = ask_for_change(tmp_path, CONFIRMS)
    one, other = (old, new) if first == "old" else (new, old)
    said = [
        {"type": "email_change", "email": mail["to"], "token": mail["code"]}
        for mail in (one, other)
    ]
    anyone = visitor(emulator)
    half = anyone.post("/auth/v1/verify", json=said[0])
    assert (half.status_code, done(half)) == (200, {"msg": HALFWAY, "code": "200"})
    assert log_in(emulator)["user"]["email"] == "ada@lab.test"
    again = anyone.post("/auth/v1/verify", json=said[0])
    assert error(again) == refusal(403, "otp_expired", "Token has expired or is invalid")
    whole = anyone.post("/auth/v1/verify", json=said[1])
    assert (whole.status_code, done(whole)) == (200, session(MOVED))
    moved = {"email": "ada@new.test", "password": "ada-password"}
    assert anyone.post("/auth/v1/token?grant_type=password", json=moved).status_code == 200
    assert (
        anyone.post("/auth/v1/signup", json={**moved, "email": "ada@lab.test"}).status_code == 200
    )


def test_a_change_of_address_needs_both_links(tmp_path: Path) -> None:
    emulator, old, new = ask_for_change(tmp_path, CONFIRMS)
    half = follow(emulator, old["link"])
    assert half == (
        "http://localhost:3000/me#message=Confirmation+link+accepted.+Please+proceed+to+confirm"
        "+link+sent+to+the+other+email&sb="
    )
    whole = follow(emulator, new["link"])
    assert whole.startswith("http://localhost:3000/me#access_token=")
    assert fragment_of(whole)["type"] == "email_change"
    assert done(bearing(emulator, fragment_of(whole)["access_token"]).get("/auth/v1/user")) == MOVED


@pytest.mark.parametrize("which", ["old", "new"])
def test_where_no_mail_is_needed_one_of_both_is_enough(tmp_path: Path, which: str) -> None:
    emulator, old, new = ask_for_change(tmp_path, "")
    one, other = (old, new) if which == "old" else (new, old)
    landed = fragment_of(follow(emulator, one["link"]))
    assert done(bearing(emulator, landed["access_token"]).get("/auth/v1/user")) == MOVED
    assert fragment_of(follow(emulator, other["link"]))["error_code"] == "otp_expired"


def test_a_change_that_is_asked_for_again_begins_anew(tmp_path: Path) -> None:
    emulator, old, new = ask_for_change(tmp_path, CONFIRMS)
    follow(emulator, old["link"])
    said = {"type": "email_change", "email": "ada@lab.test"}
    answer = visitor(emulator).post("/auth/v1/resend", json=said)
    assert (answer.status_code, done(answer)) == (200, {})
    newer, older = mails(emulator)[:2]
    assert [one["to"] for one in (older, newer)] == ["ada@lab.test", "ada@new.test"]
    assert fragment_of(follow(emulator, new["link"]))["error_code"] == "otp_expired"
    assert fragment_of(follow(emulator, newer["link"]))["message"] == HALFWAY
    assert fragment_of(follow(emulator, older["link"]))["type"] == "email_change"


def test_an_address_that_was_taken_meanwhile_is_not_moved_to(tmp_path: Path) -> None:
    emulator, old, _ = ask_for_change(tmp_path, "")
    anyone = visitor(emulator)
    anyone.post("/auth/v1/signup", json={"email": "ada@new.test", "password": "other-password"})
    taken = "A user with this email address has already been registered"
    assert fragment_of(follow(emulator, old["link"])) == {
        "error_code": "email_exists",
        "error_description": taken,
        "sb": "",
    }
    said = {"type": "email_change", "email": "ada@lab.test", "token": old["code"]}
    answer = anyone.post("/auth/v1/verify", json=said)
    assert error(answer) == refusal(422, "email_exists", taken)
    assert log_in(emulator)["user"]["email"] == "ada@lab.test"


def test_the_changes_are_in_the_audit_log(tmp_path: Path) -> None:
    emulator, old, _ = ask_for_change(tmp_path, "")
    follow(emulator, old["link"])
    client = emulator.client()
    said = {"email": "ada@new.test", "password": "ada-password"}
    token = done(visitor(emulator).post("/auth/v1/token?grant_type=password", json=said))
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    bearing(emulator, token["access_token"]).put("/auth/v1/user", json={"password": "next-pass"})
    actions = [one["action"] for one in client.get("/api/audit/logs").json()["items"]]
    assert actions[:2] == ["password.changed", "session.ended"]
    assert "email.changed" in actions


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, (401, "no_authorization", "This endpoint requires a valid Bearer token")),
        ("", (401, "no_authorization", "This endpoint requires a valid Bearer token")),
        ("Basic x", (401, "no_authorization", "This endpoint requires a valid Bearer token")),
        ("Bearer ", (401, "no_authorization", "This endpoint requires a valid Bearer token")),
        ("Bearer x", (403, "bad_jwt", "invalid JWT: unable to parse or verify signature")),
        ("anon", (403, "bad_jwt", "invalid claim: missing sub claim")),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/auth/v1/user"), ("PUT", "/auth/v1/user"), ("POST", "/auth/v1/logout")],
)
def test_a_bad_bearer_is_told_apart(
    tmp_path: Path, method: str, path: str, authorization: str | None, expected: Any
) -> None:
    client = visitor(project(tmp_path))
    if authorization is None:
        del client.headers["Authorization"]
    elif authorization != "anon":
        client.headers["Authorization"] = authorization
    assert error(client.request(method, path)) == refusal(*expected)


def test_a_token_whose_signature_is_another_is_bad(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    head, body, _ = log_in(emulator)["access_token"].split(".")
    _, _, bos = log_in(emulator, "bo")["access_token"].split(".")
    answer = bearing(emulator, f"{head}.{body}.{bos}").get("/auth/v1/user")
    assert error(answer) == refusal(
        403, "bad_jwt", "invalid JWT: unable to parse or verify signature"
    )


def test_a_token_of_a_deleted_user_says_so(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = signed_in(emulator)
    assert admin(emulator).delete(f"/auth/v1/admin/users/{ADA}").status_code == 200
    answer = client.get("/auth/v1/user")
    assert error(answer) == refusal(
        403, "user_not_found", "User from sub claim in JWT does not exist"
    )


def test_a_token_of_an_ended_session_says_so(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = signed_in(emulator)
    client.post("/auth/v1/logout")
    gone = refusal(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    assert error(client.get("/auth/v1/user")) == gone
    assert error(client.put("/auth/v1/user", json={"data": {"x": 1}})) == gone
    assert error(client.post("/auth/v1/logout")) == gone


def test_a_token_of_a_banned_user_says_so(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = signed_in(emulator)
    admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "1h"})
    assert error(client.get("/auth/v1/user")) == refusal(403, "user_banned", "User is banned")
    advance(emulator, 3600)
    assert client.get("/auth/v1/user").status_code == 200
