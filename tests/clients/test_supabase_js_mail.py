"""The real supabase-js and the mailbox: what begins with a mail and ends with a session."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.auth_project import (
    ADA,
    BOB,
    NEW,
    OTHER,
    PAGE,
    PASSWORD,
    Project,
    arrive,
    follow,
    token_hash,
)
from tests.support.console import Client
from tests.support.supabase_clients import MISSING
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]

REDIRECTED = {"emailRedirectTo": PAGE}


def sign_up(client: Client, email: str = NEW, **options: object) -> dict[str, object]:
    said = {"email": email, "password": PASSWORD, "options": {**REDIRECTED, **options}}
    taken = client.call("signUp", said)
    assert taken.error is None, taken.error
    assert isinstance(taken.data, dict)
    return taken.data


def test_where_nothing_must_be_confirmed_a_sign_up_is_a_session(project: MakeProject) -> None:
    client = project().client()
    signed_up = sign_up(client, data={"name": "Nia", "team": "red"})
    session, user = signed_up["session"], signed_up["user"]
    assert session == client.held()
    assert isinstance(user, dict)
    assert (user["email"], user["user_metadata"]["team"]) == (NEW, "red")
    assert client.call("getUser").user == user


def test_a_confirmation_is_typed_as_a_code(project: MakeProject) -> None:
    here = project(confirm_email=True)
    client = here.client()
    signed_up = sign_up(client)
    assert (signed_up["session"], client.held()) == (None, None)
    assert client.sign_in(NEW, PASSWORD).code == "email_not_confirmed"

    code = here.newest_mail(NEW, "confirmation")["code"]
    said = {"email": NEW, "token": code, "type": "signup"}
    verified = client.call("verifyOtp", said)
    assert verified.session == client.held()
    assert verified.user["email_confirmed_at"]
    assert client.call("getUser").user["id"] == verified.user["id"]
    assert client.call("verifyOtp", said).code == "otp_expired"


def test_a_confirmation_is_proved_by_the_hash_that_its_link_carries(project: MakeProject) -> None:
    here = project(confirm_email=True)
    client = here.client()
    sign_up(client)
    said = {"token_hash": token_hash(here.newest_mail(NEW, "confirmation")), "type": "email"}
    assert client.call("verifyOtp", said).session == client.held()
    assert client.call("verifyOtp", said).code == "otp_expired"
    assert here.client().sign_in(NEW, PASSWORD).user["email"] == NEW


def test_a_confirmation_whose_link_is_followed_leads_on_with_a_session(
    project: MakeProject,
) -> None:
    here = project(confirm_email=True)
    sign_up(here.client())
    link = here.newest_mail(NEW, "confirmation")["link"]
    arrival = follow(link)
    assert (arrival.page, arrival.query, arrival.fragment["type"]) == (PAGE, {}, "signup")
    client = arrive(here.client(), arrival)
    assert client.call("getUser").user["email"] == NEW

    again = follow(link)
    assert (again.page, again.fragment) == (
        PAGE,
        {
            "error": "access_denied",
            "error_code": "otp_expired",
            "error_description": "Email link is invalid or has expired",
            "sb": "",
        },
    )


def test_a_confirmation_is_sent_again_and_only_the_last_one_works(project: MakeProject) -> None:
    here = project(confirm_email=True)
    client = here.client()
    sign_up(client)
    assert client.call("resend", {"email": NEW, "type": "signup"}).error is None
    last, first = here.mail(NEW, kind="confirmation")
    hashes = [{"token_hash": token_hash(mail), "type": "signup"} for mail in (first, last)]
    assert [client.call("verifyOtp", said).code for said in hashes] == ["otp_expired", None]


def test_a_taken_address_is_not_told_where_sign_ups_are_confirmed(project: MakeProject) -> None:
    here = project(confirm_email=True)
    fresh, taken = (sign_up(here.client(), email) for email in (NEW, ADA))
    assert (fresh["session"], taken["session"]) == (None, None)
    real, shown = fresh["user"], taken["user"]
    assert isinstance(real, dict) and isinstance(shown, dict)
    [ada] = [
        one for one in here.admin().call("admin.listUsers").data["users"] if one["email"] == ADA
    ]
    assert shown["id"] not in (ada["id"], real["id"])
    assert (shown["email"], shown["identities"], shown["role"]) == (ADA, [], "")
    assert len(real["identities"]) == 1
    assert here.mail(ADA) == []


def test_a_forgotten_password_is_reset_and_older_sessions_end(project: MakeProject) -> None:
    here = project()
    old = here.signed_in()
    asked = here.client().call("resetPasswordForEmail", ADA, {"redirectTo": PAGE})
    assert (asked.error, asked.data) == (None, {})

    arrival = follow(here.newest_mail(ADA, "reset")["link"])
    assert (arrival.page, arrival.fragment["type"]) == (PAGE, "recovery")
    client = arrive(here.client(), arrival)
    assert client.call("updateUser", {"password": OTHER}).user["email"] == ADA

    assert client.call("getUser").user["email"] == ADA
    assert (old.call("getUser").error, old.held()) == (MISSING, None)
    assert here.client().sign_in(ADA, PASSWORD).code == "invalid_credentials"
    assert here.client().sign_in(ADA, OTHER).user["email"] == ADA


def test_a_reset_for_an_unknown_address_looks_alike_and_sends_nothing(
    project: MakeProject,
) -> None:
    here = project()
    client = here.client()
    known, unknown = (client.call("resetPasswordForEmail", email) for email in (ADA, NEW))
    assert known == unknown
    assert (len(here.mail(ADA)), len(here.mail(NEW))) == (1, 0)


def test_a_recovery_code_is_typed(project: MakeProject) -> None:
    here = project()
    client = here.client()
    client.call("resetPasswordForEmail", ADA)
    code = here.newest_mail(ADA, "reset")["code"]
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    said = [{"email": ADA, "token": token, "type": "recovery"} for token in (wrong, code)]
    assert [client.call("verifyOtp", one).code for one in said] == ["otp_expired", None]


def test_a_code_is_too_old_after_an_hour(project: MakeProject) -> None:
    here = project()
    client = here.client()
    client.call("resetPasswordForEmail", ADA)
    said = {"email": ADA, "token": here.newest_mail(ADA, "reset")["code"], "type": "recovery"}
    here.control("clock/advance", duration="PT1H")
    assert client.call("verifyOtp", said).code == "otp_expired"


def test_a_pkce_reset_leads_on_with_a_code_that_only_its_client_can_exchange(
    project: MakeProject,
) -> None:
    here = project()
    client = here.client(flowType="pkce")
    client.call("resetPasswordForEmail", ADA, {"redirectTo": PAGE})
    arrival = follow(here.newest_mail(ADA, "reset")["link"])
    assert (arrival.page, list(arrival.query), arrival.fragment) == (PAGE, ["code"], {})

    stranger = here.client(flowType="pkce")
    stranger.call("resetPasswordForEmail", BOB)
    code = arrival.query["code"]
    assert stranger.call("exchangeCodeForSession", code).code == "bad_code_verifier"
    assert stranger.held() is None

    exchanged = client.call("exchangeCodeForSession", code)
    assert exchanged.requests == ["POST /auth/v1/token?grant_type=pkce"]
    assert exchanged.session == client.held()
    assert client.call("updateUser", {"password": OTHER}).user["email"] == ADA
    assert here.client().sign_in(ADA, OTHER).user["email"] == ADA


def test_a_pkce_sign_up_is_confirmed_by_its_link(project: MakeProject) -> None:
    here = project(confirm_email=True)
    client = here.client(flowType="pkce")
    assert sign_up(client)["session"] is None
    code = follow(here.newest_mail(NEW, "confirmation")["link"]).query["code"]
    assert client.call("exchangeCodeForSession", code).user["email"] == NEW


def test_a_code_for_a_session_is_exchanged_once_and_within_five_minutes(
    project: MakeProject,
) -> None:
    here = project()
    client = here.client(flowType="pkce")

    def ask() -> str:
        client.call("signInWithOtp", {"email": ADA, "options": REDIRECTED})
        return follow(here.newest_mail(ADA, "magic_link")["link"]).query["code"]

    late = ask()
    here.control("clock/advance", seconds=300)
    assert client.call("exchangeCodeForSession", late).code == "flow_state_expired"
    code = ask()
    assert client.call("exchangeCodeForSession", code).error is None
    client.call("resetPasswordForEmail", BOB)
    assert client.call("exchangeCodeForSession", code).code == "flow_state_not_found"


def test_a_link_that_signs_in_is_mailed_to_an_account(project: MakeProject) -> None:
    here = project()
    client = here.client()
    asked = client.call("signInWithOtp", {"email": ADA, "options": REDIRECTED})
    assert (asked.error, asked.data) == (None, {"user": None, "session": None})
    mail = here.newest_mail(ADA, "magic_link")
    arrival = follow(mail["link"])
    assert (arrival.page, arrival.fragment["type"]) == (PAGE, "magiclink")
    assert arrive(client, arrival).call("getUser").user["email"] == ADA


def test_a_code_that_signs_in_is_mailed_to_a_new_account_too(project: MakeProject) -> None:
    here = project()
    client = here.client()
    asked = {"email": NEW, "options": {"data": {"name": "Nia"}}}
    assert client.call("signInWithOtp", asked).error is None
    said = {"email": NEW, "token": here.newest_mail(NEW, "magic_link")["code"], "type": "email"}
    user = client.call("verifyOtp", said).user
    assert (user["email"], user["user_metadata"]["name"]) == (NEW, "Nia")


def test_metadata_is_merged_and_null_deletes(project: MakeProject) -> None:
    client = project().signed_in()
    client.call("updateUser", {"data": {"team": "red", "level": {"n": 1}}})
    before = client.call("getUser").user["user_metadata"]
    user = client.call("updateUser", {"data": {"team": None, "level": {"m": 2}}}).user
    assert before.pop("team") == "red"
    assert user["user_metadata"] == {**before, "level": {"m": 2}}
    held = client.held()
    assert held is not None and held["user"] == user


def test_both_addresses_confirm_a_change_where_addresses_are_confirmed(
    project: MakeProject,
) -> None:
    here = project(confirm_email=True)
    client = here.signed_in()
    asked = client.call("updateUser", {"email": NEW}, REDIRECTED)
    assert (asked.user["email"], asked.user["new_email"]) == (ADA, NEW)

    first = follow(here.newest_mail(ADA, "email_change")["link"])
    assert (first.page, first.fragment) == (
        PAGE,
        {
            "message": "Confirmation link accepted. Please proceed to confirm link sent to the "
            "other email",
            "sb": "",
        },
    )
    assert client.call("getUser").user["email"] == ADA

    said = {"token_hash": token_hash(here.newest_mail(NEW, "email_change")), "type": "email_change"}
    assert here.client().call("verifyOtp", said).user["email"] == NEW
    user = client.call("getUser").user
    assert (user["email"], "new_email" in user) == (NEW, False)
    assert here.client().sign_in(NEW, PASSWORD).user["id"] == user["id"]
    assert here.client().sign_in(ADA, PASSWORD).code == "invalid_credentials"


def test_the_first_half_of_a_change_is_no_session_to_the_client(project: MakeProject) -> None:
    here = project(confirm_email=True)
    here.signed_in().call("updateUser", {"email": NEW})
    client = here.client()
    codes = [here.newest_mail(email, "email_change")["code"] for email in (NEW, ADA)]
    said = [
        {"email": email, "token": code, "type": "email_change"}
        for email, code in zip((NEW, ADA), codes, strict=True)
    ]
    halfway = client.call("verifyOtp", said[0])
    assert (halfway.error, halfway.data["session"], client.held()) == (None, None, None)
    assert client.call("verifyOtp", said[1]).user["email"] == NEW


def test_one_address_confirms_a_change_where_none_are_confirmed(project: MakeProject) -> None:
    here = project()
    here.signed_in().call("updateUser", {"email": NEW})
    said = {"token_hash": token_hash(here.newest_mail(NEW, "email_change")), "type": "email_change"}
    assert here.client().call("verifyOtp", said).user["email"] == NEW
