"""The admin API of the real supabase-js, which holds the service key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.auth_project import (
    ADA,
    BOB,
    NEW,
    NOBODY,
    OTHER,
    PAGE,
    PASSWORD,
    Project,
    arrive,
    follow,
)
from tests.support.console import Client
from tests.support.supabase_clients import MISSING
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]


def user_of(admin: Client, email: str) -> dict[str, Any]:
    users: list[dict[str, Any]] = admin.call("admin.listUsers").data["users"]
    [user] = [one for one in users if one["email"] == email]
    return user


def test_a_created_user_signs_in_once_it_is_confirmed(project: MakeProject) -> None:
    here = project()
    admin = here.admin()
    said = {
        "id": "b0000000-0000-4000-8000-000000000001",
        "email": NEW,
        "password": PASSWORD,
        "user_metadata": {"team": "red"},
        "app_metadata": {"plan": "pro"},
    }
    created = admin.call("admin.createUser", said).user
    assert (created["id"], created["user_metadata"]) == (said["id"], {"team": "red"})
    assert created["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "pro"}
    assert here.client().sign_in(NEW, PASSWORD).code == "email_not_confirmed"

    confirmed = admin.call("admin.updateUserById", created["id"], {"email_confirm": True}).user
    assert confirmed["email_confirmed_at"]
    client = here.client()
    client.sign_in(NEW, PASSWORD)
    claims = client.call("getClaims").data["claims"]
    assert (claims["sub"], claims["app_metadata"]["plan"]) == (created["id"], "pro")
    assert admin.held() is None


def test_users_are_listed_in_pages(project: MakeProject) -> None:
    admin = project().admin()
    admin.call("admin.createUser", {"email": NEW, "email_confirm": True})
    first = admin.call("admin.listUsers", {"page": 1, "perPage": 2})
    second = admin.call("admin.listUsers", {"page": 2, "perPage": 2})
    emails = [[user["email"] for user in page.data["users"]] for page in (first, second)]
    assert [sorted(emails[0] + emails[1]), len(emails[0])] == [[ADA, BOB, NEW], 2]
    pages = ("nextPage", "lastPage", "total")
    assert [first.data[name] for name in pages] == [2, 2, 3]
    assert [second.data[name] for name in pages] == [None, 2, 3]


def test_a_user_is_read_changed_and_deleted_by_id(project: MakeProject) -> None:
    here = project()
    admin, ada = here.admin(), here.signed_in()
    user_id = user_of(admin, ADA)["id"]
    assert admin.call("admin.getUserById", user_id).user == ada.call("getUser").user

    change = {"email": NEW, "user_metadata": {"team": "red", "name": None}}
    changed = admin.call("admin.updateUserById", user_id, change).user
    assert changed["email"] == NEW
    assert (changed["user_metadata"]["team"], "name" in changed["user_metadata"]) == ("red", False)
    assert ada.call("getUser").user == changed

    assert admin.call("admin.deleteUser", user_id).error is None
    assert ada.call("getUser").code == "user_not_found"
    gone = admin.call("admin.getUserById", user_id)
    assert gone.error is not None
    assert (gone.error["status"], gone.code) == (404, "user_not_found")
    assert here.client().sign_in(NEW, PASSWORD).code == "invalid_credentials"


def test_a_password_that_an_administrator_sets_ends_every_session(project: MakeProject) -> None:
    here = project()
    admin, ada = here.admin(), here.signed_in()
    admin.call("admin.updateUserById", user_of(admin, ADA)["id"], {"password": OTHER})
    assert (ada.call("getUser").error, ada.held()) == (MISSING, None)
    assert here.client().sign_in(ADA, OTHER).error is None


def test_a_banned_user_is_refused_until_the_ban_is_over(project: MakeProject) -> None:
    here = project()
    admin, ada = here.admin(), here.signed_in()
    user_id = user_of(admin, ADA)["id"]
    banned = admin.call("admin.updateUserById", user_id, {"ban_duration": "24h"}).user
    assert banned["banned_until"] > banned["updated_at"]
    refused = [
        here.client().sign_in(ADA, PASSWORD),
        ada.call("getUser"),
        ada.call("refreshSession"),
    ]
    assert [taken.code for taken in refused] == ["user_banned"] * 3

    here.control("clock/advance", duration="P1D")
    assert here.client().sign_in(ADA, PASSWORD).error is None
    admin.call("admin.updateUserById", user_id, {"ban_duration": "1h"})
    admin.call("admin.updateUserById", user_id, {"ban_duration": "none"})
    assert here.client().sign_in(ADA, PASSWORD).error is None


@pytest.mark.parametrize(
    ("said", "verification"),
    [
        ({"type": "signup", "email": NEW, "password": PASSWORD}, "signup"),
        ({"type": "invite", "email": NEW}, "invite"),
        ({"type": "magiclink", "email": ADA}, "magiclink"),
        ({"type": "recovery", "email": ADA}, "recovery"),
        ({"type": "email_change_new", "email": ADA, "newEmail": NEW}, "email_change"),
    ],
    ids=["signup", "invite", "magiclink", "recovery", "email-change"],
)
def test_a_generated_link_its_code_and_its_hash_each_open_a_session_without_a_mail(
    project: MakeProject, said: dict[str, str], verification: str
) -> None:
    ways: list[Callable[[Project, dict[str, Any]], str]] = [
        lambda here, link: (
            arrive(here.client(), follow(link["action_link"])).call("getUser").user["email"]
        ),
        lambda here, link: verified(
            here, email=said.get("newEmail", said["email"]), token=link["email_otp"]
        ),
        lambda here, link: verified(here, token_hash=link["hashed_token"]),
    ]

    def verified(here: Project, **proof: str) -> str:
        taken = here.client().call("verifyOtp", {**proof, "type": verification})
        return str(taken.user["email"])

    for way in ways:
        here = project()
        made = here.admin().call("admin.generateLink", {**said, "options": {"redirectTo": PAGE}})
        assert made.error is None, made.error
        link = made.data["properties"]
        assert (link["verification_type"], link["redirect_to"]) == (said["type"], PAGE)
        assert made.user["email"] == said["email"]
        assert way(here, link) == said.get("newEmail", said["email"])
        assert here.mail(ADA) + here.mail(NEW) == []


def test_an_invited_user_follows_the_link_and_chooses_a_password(project: MakeProject) -> None:
    here = project()
    options = {"redirectTo": PAGE, "data": {"team": "red"}}
    invited = here.admin().call("admin.inviteUserByEmail", NEW, options).user
    assert (invited["email"], bool(invited["invited_at"])) == (NEW, True)

    arrival = follow(here.newest_mail(NEW, "invitation")["link"])
    assert (arrival.page, arrival.fragment["type"]) == (PAGE, "invite")
    client = arrive(here.client(), arrival)
    user = client.call("updateUser", {"password": PASSWORD}).user
    assert (user["id"], user["user_metadata"]["team"]) == (invited["id"], "red")
    assert here.client().sign_in(NEW, PASSWORD).user["id"] == invited["id"]


def test_an_administrator_signs_a_user_out(project: MakeProject) -> None:
    here = project()
    first, second = here.signed_in(), here.signed_in()
    held = first.held()
    assert held is not None
    assert here.admin().call("admin.signOut", held["access_token"], "global").error is None
    assert [client.call("getUser").error for client in (first, second)] == [MISSING, MISSING]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("admin.listUsers", []),
        ("admin.getUserById", [NOBODY]),
        ("admin.createUser", [{"email": NEW}]),
        ("admin.updateUserById", [NOBODY, {"email": NEW}]),
        ("admin.deleteUser", [NOBODY]),
        ("admin.generateLink", [{"type": "magiclink", "email": ADA}]),
        ("admin.inviteUserByEmail", [NEW]),
    ],
    ids=["list", "get", "create", "update", "delete", "generate-link", "invite"],
)
def test_the_anon_key_is_no_administrator(
    project: MakeProject, method: str, args: list[Any]
) -> None:
    here = project()
    refused = here.client().call(method, *args)
    assert refused.error is not None
    assert (refused.error["status"], refused.code) == (403, "not_admin")
    users = here.admin().call("admin.listUsers").data["users"]
    assert sorted(user["email"] for user in users) == [ADA, BOB]
