"""The admin API: accounts, invitations and links, for whoever holds the service key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    A_CODE,
    A_HASH,
    ADA,
    ADAS,
    BO,
    CONFIRMS,
    EPOCH,
    NOBODY,
    SITE,
    admin,
    advance,
    bearing,
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
    query_of,
    refusal,
    signed_in,
    user,
    visitor,
)
from tests.support.messages import golden

USERS = "/auth/v1/admin/users"
TAKEN = refusal(422, "email_exists", "A user with this email address has already been registered")
UNSEEN = {name: said for name, said in ADAS.items() if name != "last_sign_in_at"}
"""Ada, who has not signed in yet."""


def made(email: str = "new@lab.test", **members: Any) -> dict[str, Any]:
    """Return an account that an administrator made. Real: its metadata say no address."""
    return user(A_UUID, email, **{"user_metadata": {}, **members})


CALLS = [
    ("GET", USERS),
    ("POST", USERS),
    ("GET", f"{USERS}/{ADA}"),
    ("PUT", f"{USERS}/{ADA}"),
    ("DELETE", f"{USERS}/{ADA}"),
    ("POST", "/auth/v1/invite"),
    ("POST", "/auth/v1/admin/generate_link"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_only_the_service_key_may(tmp_path: Path, method: str, path: str) -> None:
    emulator = project(tmp_path)
    denied = refusal(403, "not_admin", "User not allowed")
    assert error(visitor(emulator).request(method, path)) == denied
    assert error(signed_in(emulator).request(method, path)) == denied
    nobody = bearing(emulator, "x").request(method, path)
    assert error(nobody) == refusal(
        403, "bad_jwt", "invalid JWT: unable to parse or verify signature"
    )
    anyone = visitor(emulator)
    del anyone.headers["Authorization"]
    assert error(anyone.request(method, path)) == refusal(
        401, "no_authorization", "This endpoint requires a valid Bearer token"
    )


def test_users_are_listed_newest_first(tmp_path: Path) -> None:
    answer = admin(project(tmp_path)).get(f"{USERS}?page=&per_page=")
    listed = done(answer)
    assert [one["id"] for one in listed["users"]] == [BO, ADA]
    identity = {**UNSEEN["identities"][0], "last_sign_in_at": EPOCH}
    assert listed["users"][1] == {**UNSEEN, "identities": [identity]}
    assert listed == {"users": listed["users"], "aud": "authenticated"}
    assert answer.headers["x-total-count"] == "2"
    assert answer.headers["link"] == '</admin/users?page=1&per_page=50>; rel="last"'


def test_users_are_listed_by_pages(tmp_path: Path) -> None:
    client = admin(project(tmp_path))
    first = client.get(f"{USERS}?page=1&per_page=1")
    assert [one["id"] for one in done(first)["users"]] == [BO]
    assert first.headers["link"] == (
        '</admin/users?page=2&per_page=1>; rel="next", </admin/users?page=2&per_page=1>; rel="last"'
    )
    second = client.get(f"{USERS}?page=2&per_page=1")
    assert [one["id"] for one in done(second)["users"]] == [ADA]
    assert second.headers["link"] == '</admin/users?page=2&per_page=1>; rel="last"'
    assert done(client.get(f"{USERS}?page=3&per_page=1")) == {"users": [], "aud": "authenticated"}


def test_page_zero_is_the_first_page(tmp_path: Path) -> None:
    answer = admin(project(tmp_path)).get(f"{USERS}?page=0&per_page=1")
    assert [one["id"] for one in done(answer)["users"]] == [BO]
    assert answer.headers["link"] == (
        '</admin/users?page=1&per_page=1>; rel="next", </admin/users?page=2&per_page=1>; rel="last"'
    )


def test_where_there_is_no_account_the_last_page_is_none(tmp_path: Path) -> None:
    answer = admin(Emulator.of("users: []", tmp_path)).get(USERS)
    assert (done(answer)["users"], answer.headers["x-total-count"]) == ([], "0")
    assert answer.headers["link"] == '</admin/users?page=0&per_page=50>; rel="last"'


@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=x", f"page={'9' * 5000}", "per_page=0", "per_page=-1"],
    ids=["below", "no-number", "too-many-digits", "none", "fewer"],
)
def test_a_page_that_is_none_is_refused(tmp_path: Path, query: str) -> None:
    answer = admin(project(tmp_path)).get(f"{USERS}?{query}")
    name = query.partition("=")[0]
    assert error(answer) == refusal(400, "validation_failed", f"Bad Pagination Parameters: {name}")


def test_an_account_is_made_without_a_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "New@lab.test", "password": "new-password"}
    answer = admin(emulator).post(USERS, json=said)
    assert (answer.status_code, done(answer)) == (200, made())
    assert mails(emulator) == []
    login = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert error(login) == refusal(400, "email_not_confirmed", "Email not confirmed")


def test_an_account_is_made_with_all_that_may_be_said(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {
        "id": NOBODY.upper(),
        "email": "new@lab.test",
        "password": "new-password",
        "email_confirm": True,
        "user_metadata": {"name": "New"},
        "app_metadata": {"plan": "pro"},
        "ban_duration": "1h30m",
    }
    answer = admin(emulator).post(USERS, json=said)
    assert done(answer) == user(
        NOBODY,
        "new@lab.test",
        user_metadata={"name": "New", "email_verified": True},
        app_metadata={"provider": "email", "providers": ["email"], "plan": "pro"},
        email_confirmed_at=EPOCH,
        confirmed_at=EPOCH,
        banned_until="2026-01-01T01:30:00Z",
    )
    assert done(admin(emulator).get(f"{USERS}/{NOBODY}")) == done(answer)


def test_an_account_that_was_made_can_use_the_product(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "new@lab.test", "password": "new-password", "email_confirm": True}
    admin(emulator).post(USERS, json=said)
    client = emulator.client()
    assert (
        client.post(
            "/api/auth/login", json={"email": said["email"], "password": said["password"]}
        ).json()["user"]["email"]
        == "new@lab.test"
    )
    assert client.get("/api/cloud/runs").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"email": "ada@lab.test"}, TAKEN),
        (
            {},
            refusal(
                400, "validation_failed", "Cannot create a user without either an email or phone"
            ),
        ),
        (
            {"email": "new@lab.test", "id": "00000000-0000-0000-0000-000000000000"},
            refusal(400, "validation_failed", "ID cannot be a nil uuid"),
        ),
        (
            {"email": "x"},
            refusal(400, "validation_failed", "Unable to validate email address: invalid format"),
        ),
        (
            {"email": "x@lab.test", "password": "short"},
            refusal(
                422,
                "weak_password",
                "Password should be at least 6 characters.",
                weak_password={"reasons": ["length"]},
            ),
        ),
        (
            {"email": "x@lab.test", "id": "x"},
            refusal(400, "validation_failed", "ID must conform to the uuid v4 format"),
        ),
        (
            {"email": "x@lab.test", "id": ADA},
            refusal(
                400,
                "validation_failed",
                golden("all", "validation_error", "two-users-of-one-id", user=ADA),
            ),
        ),
        (
            {"email": "x@lab.test", "ban_duration": "long"},
            refusal(
                400,
                "validation_failed",
                "invalid format for ban duration: use none, 24h, 30m, 1h30m",
            ),
        ),
        (
            {"email": "x@lab.test", "ban_duration": "99999999999h"},
            refusal(
                400,
                "validation_failed",
                "invalid format for ban duration: use none, 24h, 30m, 1h30m",
            ),
        ),
        (
            {"email": "x@lab.test", "user_metadata": "x"},
            refusal(400, "bad_json", "Could not parse request body as JSON"),
        ),
    ],
)
def test_an_account_that_is_off_is_not_made(
    tmp_path: Path, said: dict[str, Any], expected: object
) -> None:
    emulator = project(tmp_path)
    assert error(admin(emulator).post(USERS, json=said)) == expected
    assert admin(emulator).get(USERS).headers["x-total-count"] == "2"


def test_an_account_is_shown(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    log_in(emulator)
    answer = admin(emulator).get(f"{USERS}/{ADA}")
    assert (answer.status_code, done(answer)) == (200, ADAS)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (NOBODY, (404, "user_not_found", "User not found")),
        ("x", (404, "validation_failed", "user_id must be an UUID")),
    ],
)
def test_an_account_that_is_not_there_is_not_found(
    tmp_path: Path, method: str, who: str, expected: tuple[int, str, str]
) -> None:
    answer = admin(project(tmp_path)).request(method, f"{USERS}/{who}", json={})
    assert error(answer) == refusal(*expected)


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", USERS, {"email": "new@lab.test", "password_hash": "$2y$10$x"}),
        ("POST", USERS, {"email": "new@lab.test", "phone": "+15550100"}),
        ("POST", USERS, {"phone": "+15550100"}),
        ("PUT", f"{USERS}/{ADA}", {"role": "supabase_admin"}),
        ("DELETE", f"{USERS}/{ADA}", {"should_soft_delete": True}),
    ],
)
def test_what_would_be_left_undone_is_refused_by_name(
    tmp_path: Path, method: str, path: str, said: dict[str, Any]
) -> None:
    answer = admin(project(tmp_path)).request(method, path, json=said)
    name = f"`{list(said)[-1]}` in {method} {path}"
    message = golden("all", "not_implemented", "operation-is-not-built", name=name)
    assert error(answer) == refusal(501, "not_implemented", message)


def test_what_asks_for_nothing_is_no_matter(tmp_path: Path) -> None:
    said = {"phone": "", "role": "authenticated", "password_hash": None}
    answer = admin(project(tmp_path)).put(f"{USERS}/{ADA}", json=said)
    assert answer.status_code == 200


def test_an_account_is_deleted_without_a_body_too(tmp_path: Path) -> None:
    answer = admin(project(tmp_path)).delete(f"{USERS}/{ADA}")
    assert (answer.status_code, done(answer)) == (200, {})


def test_an_account_is_changed(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {
        "email": "Ada@new.test",
        "user_metadata": {"name": None, "colour": "red"},
        "app_metadata": {"plan": "pro"},
    }
    log_in(emulator)
    answer = admin(emulator).put(f"{USERS}/{ADA}", json=said)
    identity = {
        **ADAS["identities"][0],
        "email": "ada@new.test",
        "identity_data": {
            "name": "Ada",
            **own_metadata(ADA, "ada@new.test", is_verified=False),
        },
    }
    expected = {
        **ADAS,
        "email": "ada@new.test",
        "identities": [identity],
        "user_metadata": {**own_metadata(ADA, "ada@lab.test"), "colour": "red"},
        "app_metadata": {**ADAS["app_metadata"], "plan": "pro"},
    }
    assert (answer.status_code, done(answer)) == (200, expected)
    assert mails(emulator) == []


@pytest.mark.parametrize("is_verified", [True, False])
def test_an_address_that_an_administrator_changes_is_verified_if_it_says_so(
    tmp_path: Path, is_verified: bool
) -> None:
    said = {"email": "ada@new.test", "email_confirm": is_verified}
    account = done(admin(project(tmp_path)).put(f"{USERS}/{ADA}", json=said))
    own = own_metadata(ADA, "ada@new.test", is_verified=is_verified)
    assert account["identities"][0]["identity_data"] == {"name": "Ada", **own}


def test_an_administrator_confirms_an_address(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "new@lab.test", "password": "new-password"}
    who = done(visitor(emulator).post("/auth/v1/signup", json=said))["id"]
    answer = admin(emulator).put(f"{USERS}/{who}", json={"email_confirm": True})
    assert done(answer)["email_confirmed_at"] == EPOCH
    login = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert login.status_code == 200


def test_an_address_that_an_administrator_changes_is_no_more_confirmed_than_before(
    tmp_path: Path,
) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "new@lab.test", "password": "new-password"}
    who = done(visitor(emulator).post("/auth/v1/signup", json=said))["id"]
    answer = admin(emulator).put(f"{USERS}/{who}", json={"email": "newer@lab.test"})
    assert "email_confirmed_at" not in done(answer)
    # The mail to the old address is void.
    link = newest_mail(emulator, "new@lab.test")["link"]
    assert fragment_of(follow(emulator, link))["error_code"] == "otp_expired"


def test_a_password_that_an_administrator_sets_ends_every_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    adas, bos = log_in(emulator), log_in(emulator, "bo")
    answer = admin(emulator).put(f"{USERS}/{ADA}", json={"password": "next-password"})
    assert (answer.status_code, done(answer)) == (200, ADAS)
    assert [is_live(emulator, one["access_token"]) for one in (adas, bos)] == [False, True]
    said = {"email": "ada@lab.test", "password": "next-password"}
    login = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert login.status_code == 200


def test_a_change_of_several_members_is_all_or_none(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    said = {"password": "next-password", "user_metadata": {"x": 1}, "email": "bo@lab.test"}
    assert error(admin(emulator).put(f"{USERS}/{ADA}", json=said)) == TAKEN
    assert is_live(emulator, session["access_token"])
    assert log_in(emulator)["user"] == ADAS


@pytest.mark.parametrize(
    ("duration", "until"),
    [
        ("24h", "2026-01-02T00:00:00Z"),
        ("1h30m10s", "2026-01-01T01:30:10Z"),
        ("876000h", "2125-12-08T00:00:00Z"),
        ("none", None),
        ("0s", None),
    ],
)
def test_a_ban_lasts_as_long_as_is_said(tmp_path: Path, duration: str, until: str | None) -> None:
    emulator = project(tmp_path)
    log_in(emulator)
    admin(emulator).put(f"{USERS}/{ADA}", json={"ban_duration": "1h"})
    answer = admin(emulator).put(f"{USERS}/{ADA}", json={"ban_duration": duration})
    expected = ADAS if until is None else {**ADAS, "banned_until": until}
    assert (answer.status_code, done(answer)) == (200, expected)


def test_a_banned_user_can_neither_sign_in_nor_refresh(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    admin(emulator).put(f"{USERS}/{ADA}", json={"ban_duration": "1h"})
    banned = refusal(400, "user_banned", "User is banned")
    anyone = visitor(emulator)
    # Real: the ban is told before the password is looked at.
    for password in ("ada-password", "wrong-password"):
        said = {"email": "ada@lab.test", "password": password}
        assert error(anyone.post("/auth/v1/token?grant_type=password", json=said)) == banned
    token = {"refresh_token": session["refresh_token"]}
    refused = anyone.post("/auth/v1/token?grant_type=refresh_token", json=token)
    assert error(refused) == refusal(400, "user_banned", "Invalid Refresh Token: User Banned")
    advance(emulator, 3600)
    assert anyone.post("/auth/v1/token?grant_type=refresh_token", json=token).status_code == 200
    assert log_in(emulator)["user"]["id"] == ADA


def test_an_account_is_deleted_at_once(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    answer = admin(emulator).request("DELETE", f"{USERS}/{ADA}", json={"should_soft_delete": False})
    assert (answer.status_code, done(answer)) == (200, {})
    assert admin(emulator).get(USERS).headers["x-total-count"] == "1"
    said = {"email": "ada@lab.test", "password": "ada-password"}
    anyone = visitor(emulator)
    login = anyone.post("/auth/v1/token?grant_type=password", json=said)
    assert error(login) == refusal(400, "invalid_credentials", "Invalid login credentials")
    token = {"refresh_token": session["refresh_token"]}
    refreshed = anyone.post("/auth/v1/token?grant_type=refresh_token", json=token)
    assert error(refreshed) == refusal(
        400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"
    )
    assert done(anyone.post("/auth/v1/signup", json=said))["user"]["id"] != ADA


def test_an_invitation_makes_an_account_and_mails_a_link(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "New@lab.test", "data": {"name": "New"}}
    answer = admin(emulator).post("/auth/v1/invite?redirect_to=http://localhost:3000/in", json=said)
    expected = made(user_metadata={"name": "New"}, invited_at=EPOCH, confirmation_sent_at=EPOCH)
    assert (answer.status_code, done(answer)) == (200, expected)
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("new@lab.test", "invitation")
    landed = follow(emulator, mail["link"])
    assert landed.startswith("http://localhost:3000/in#access_token=")
    members = fragment_of(landed)
    assert members["type"] == "invite"
    account = done(bearing(emulator, members["access_token"]).get("/auth/v1/user"))
    assert account["email_confirmed_at"] == EPOCH
    assert account["user_metadata"] == {"name": "New", "email_verified": True}


def test_an_invitation_can_be_repeated_until_it_was_accepted(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = admin(emulator)
    first = done(client.post("/auth/v1/invite", json={"email": "new@lab.test"}))
    again = done(client.post("/auth/v1/invite", json={"email": "new@lab.test"}))
    assert again == first
    newer, older = mails(emulator)
    assert fragment_of(follow(emulator, older["link"]))["error_code"] == "otp_expired"
    assert fragment_of(follow(emulator, newer["link"]))["type"] == "invite"
    assert error(client.post("/auth/v1/invite", json={"email": "new@lab.test"})) == TAKEN


def test_who_signs_up_for_an_invited_address_learns_nothing_of_the_invitation(
    tmp_path: Path,
) -> None:
    emulator = project(tmp_path, CONFIRMS)
    invited = done(
        admin(emulator).post(
            "/auth/v1/invite", json={"email": "new@lab.test", "data": {"salary": 1}}
        )
    )
    said = {"email": "new@lab.test", "password": "new-password"}
    answer = visitor(emulator).post("/auth/v1/signup", json=said)
    assert done(answer) == {**invited, "user_metadata": {}, "identities": []}


def link_of(emulator: Emulator, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is generated."""
    answer = admin(emulator).post("/auth/v1/admin/generate_link", json=said)
    assert answer.status_code == 200, answer.text
    assert mails(emulator) == []
    return done(answer)


def generated(account: dict[str, Any], kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what is generated for an account."""
    action = "email_change" if kind.startswith("email_change") else kind
    return {
        **account,
        "action_link": "http://localhost:8787/auth/v1/verify"
        f"?token={body['hashed_token']}&type={action}&redirect_to=http%3A%2F%2Flocalhost%3A3000",
        "email_otp": A_CODE,
        "hashed_token": A_HASH,
        "verification_type": kind,
        "redirect_to": SITE,
    }


@pytest.mark.parametrize("kind", ["recovery", "magiclink"])
def test_a_link_is_generated_for_an_account(tmp_path: Path, kind: str) -> None:
    emulator = project(tmp_path)
    body = link_of(emulator, {"type": kind, "email": "ada@lab.test"})
    assert body == generated({**UNSEEN, "recovery_sent_at": EPOCH}, kind, body)
    landed = fragment_of(follow(emulator, body["action_link"]))
    assert landed["type"] == kind


@pytest.mark.parametrize("by", ["email_otp", "hashed_token"])
def test_a_generated_code_and_hash_are_good(tmp_path: Path, by: str) -> None:
    emulator = project(tmp_path)
    body = link_of(emulator, {"type": "recovery", "email": "ada@lab.test"})
    said = {
        "email_otp": {"email": "ada@lab.test", "token": body["email_otp"]},
        "hashed_token": {"token_hash": body["hashed_token"]},
    }[by]
    answer = visitor(emulator).post("/auth/v1/verify", json={"type": "recovery", **said})
    assert done(answer)["user"]["id"] == ADA


@pytest.mark.parametrize(
    ("kind", "more", "shown", "moments"),
    [
        ("signup", {"password": "new-password"}, "signup", {"confirmation_sent_at": EPOCH}),
        ("invite", {}, "invite", {"invited_at": EPOCH, "confirmation_sent_at": EPOCH}),
        ("magiclink", {}, "signup", {"confirmation_sent_at": EPOCH}),
    ],
)
def test_a_link_is_generated_for_a_new_account(
    tmp_path: Path, kind: str, more: dict[str, str], shown: str, moments: dict[str, str]
) -> None:
    emulator = project(tmp_path)
    said = {"type": kind, "email": "new@lab.test", "data": {"name": "New"}, **more}
    body = link_of(emulator, said)
    account = made(user_metadata={"name": "New"}, **moments)
    assert body == generated(account, shown, body)
    landed = fragment_of(follow(emulator, body["action_link"]))
    assert landed["type"] == shown
    confirmed = done(bearing(emulator, landed["access_token"]).get("/auth/v1/user"))
    assert confirmed["email_confirmed_at"] == EPOCH
    login = {"email": "new@lab.test", "password": "new-password"}
    answer = visitor(emulator).post("/auth/v1/token?grant_type=password", json=login)
    assert answer.status_code == (200 if more else 400)


@pytest.mark.parametrize(
    ("kind", "address"),
    [("email_change_current", "ada@lab.test"), ("email_change_new", "ada@new.test")],
)
def test_a_link_is_generated_for_a_change_of_address(
    tmp_path: Path, kind: str, address: str
) -> None:
    emulator = project(tmp_path)
    said = {"type": kind, "email": "ada@lab.test", "new_email": "Ada@new.test"}
    body = link_of(emulator, said)
    account = {**UNSEEN, "new_email": "ada@new.test", "email_change_sent_at": EPOCH}
    assert body == generated(account, kind, body)
    code = {"type": "email_change", "email": address, "token": body["email_otp"]}
    answer = visitor(emulator).post("/auth/v1/verify", json=code)
    assert done(answer)["user"]["email"] == "ada@new.test"


def test_a_change_of_address_needs_both_generated_links(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "ada@lab.test", "new_email": "ada@new.test"}
    current = link_of(emulator, {**said, "type": "email_change_current"})
    new = link_of(emulator, {**said, "type": "email_change_new"})
    assert "message" in fragment_of(follow(emulator, new["action_link"]))
    assert fragment_of(follow(emulator, current["action_link"]))["type"] == "email_change"


def test_a_generated_link_leads_only_to_where_it_may(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"type": "recovery", "email": "ada@lab.test"}
    here = link_of(emulator, {**said, "redirect_to": "http://localhost:5173/in"})
    assert here["redirect_to"] == "http://localhost:5173/in"
    assert query_of(here["action_link"])["redirect_to"] == "http://localhost:5173/in"
    elsewhere = link_of(emulator, {**said, "redirect_to": "https://evil.example.com"})
    assert elsewhere["redirect_to"] == SITE


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"type": "other", "email": "ada@lab.test"},
            refusal(400, "validation_failed", "Invalid email action link type requested: other"),
        ),
        ({"type": "recovery"}, refusal(400, "validation_failed", "An email address is required")),
        (
            {"type": "recovery", "email": "nobody@lab.test"},
            refusal(404, "user_not_found", "User with this email not found"),
        ),
        (
            {"type": "email_change_new", "email": "nobody@lab.test", "new_email": "x@lab.test"},
            refusal(404, "user_not_found", "User with this email not found"),
        ),
        (
            {"type": "email_change_new", "email": "ada@lab.test"},
            refusal(400, "validation_failed", "An email address is required"),
        ),
        (
            {"type": "email_change_new", "email": "ada@lab.test", "new_email": "bo@lab.test"},
            TAKEN,
        ),
        ({"type": "signup", "email": "ada@lab.test", "password": "new-password"}, TAKEN),
        ({"type": "invite", "email": "ada@lab.test"}, TAKEN),
        (
            {"type": "signup", "email": "new@lab.test"},
            refusal(400, "validation_failed", "Signup requires a valid password"),
        ),
    ],
)
def test_a_link_that_is_off_is_not_generated(
    tmp_path: Path, said: dict[str, Any], expected: object
) -> None:
    answer = admin(project(tmp_path)).post("/auth/v1/admin/generate_link", json=said)
    assert error(answer) == expected
