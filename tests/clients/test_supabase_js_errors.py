"""Every refusal that an application can meet, as the real supabase-js reports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.auth_project import ADA, BOB, NEW, NOBODY, OTHER, PASSWORD, Project
from tests.support.console import Client, Taken
from tests.support.supabase_clients import MISSING
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]
Case = tuple[dict[str, Any], str, list[Any], tuple[int, str, str]]

LOGIN = {"email": ADA, "password": PASSWORD}
SIGN_UP = {"email": NEW, "password": PASSWORD}

TO_ANYONE: dict[str, Case] = {
    "taken-address": (
        {},
        "signUp",
        [LOGIN],
        (422, "user_already_exists", "User already registered"),
    ),
    "malformed-address": (
        {},
        "signUp",
        [{**SIGN_UP, "email": "new"}],
        (400, "validation_failed", "Unable to validate email address: invalid format"),
    ),
    "long-password": (
        {},
        "signUp",
        [{**SIGN_UP, "password": "p" * 73}],
        (400, "validation_failed", "Password cannot be longer than 72 characters"),
    ),
    "no-password": (
        {},
        "signUp",
        [{**SIGN_UP, "password": ""}],
        (400, "validation_failed", "Signup requires a valid password"),
    ),
    "sign-ups-off": (
        {"disable_signup": True},
        "signUp",
        [SIGN_UP],
        (422, "signup_disabled", "Signups not allowed for this instance"),
    ),
    "sign-ups-off-by-link": (
        {"disable_signup": True},
        "signInWithOtp",
        [{"email": NEW}],
        (422, "signup_disabled", "Signups not allowed for this instance"),
    ),
    "link-for-nobody": (
        {},
        "signInWithOtp",
        [{"email": NEW, "options": {"shouldCreateUser": False}}],
        (422, "otp_disabled", "Signups not allowed for otp"),
    ),
    "anonymous": (
        {},
        "signInAnonymously",
        [],
        (422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"),
    ),
    "phone": (
        {},
        "signUp",
        [{"phone": "+15550100", "password": PASSWORD}],
        (400, "phone_provider_disabled", "Phone signups are disabled"),
    ),
    "phone-login": (
        {},
        "signInWithPassword",
        [{"phone": "+15550100", "password": PASSWORD}],
        (422, "phone_provider_disabled", "Phone logins are disabled"),
    ),
    "phone-link": (
        {},
        "signInWithOtp",
        [{"phone": "+15550100"}],
        (400, "phone_provider_disabled", "Unsupported phone provider"),
    ),
    "phone-code": (
        {},
        "verifyOtp",
        [{"phone": "+15550100", "token": "000000", "type": "sms"}],
        (403, "otp_expired", "Token has expired or is invalid"),
    ),
    "phone-code-again": (
        {},
        "resend",
        [{"phone": "+15550100", "type": "sms"}],
        (400, "phone_provider_disabled", "Phone logins are disabled"),
    ),
    "token-of-google": (
        {},
        "signInWithIdToken",
        [{"provider": "google", "token": "t"}],
        (
            400,
            "provider_disabled",
            'Provider (issuer "https://accounts.google.com") is not enabled',
        ),
    ),
    "single-sign-on": (
        {},
        "signInWithSSO",
        [{"domain": "example.com"}],
        (404, "saml_provider_disabled", "SAML 2.0 is disabled"),
    ),
    "weak-password-before-a-malformed-address": (
        {"disable_signup": True},
        "signUp",
        [{"email": "new", "password": "p"}],
        (422, "signup_disabled", "Signups not allowed for this instance"),
    ),
    "wrong-code": (
        {},
        "verifyOtp",
        [{"email": ADA, "token": "000000", "type": "email"}],
        (403, "otp_expired", "Token has expired or is invalid"),
    ),
    "wrong-hash": (
        {},
        "verifyOtp",
        [{"token_hash": "0" * 56, "type": "email"}],
        (403, "otp_expired", "Email link is invalid or has expired"),
    ),
    "kind-of-code": (
        {},
        "verifyOtp",
        [{"token_hash": "0" * 56, "type": "telepathy"}],
        (400, "validation_failed", "Invalid email verification type"),
    ),
    "short-refresh-token": (
        {},
        "refreshSession",
        [{"refresh_token": "short"}],
        (400, "validation_failed", "Refresh token is not valid"),
    ),
    "unknown-refresh-token": (
        {},
        "refreshSession",
        [{"refresh_token": "aaaaaaaaaaaa"}],
        (400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"),
    ),
    "garbled-token": (
        {},
        "getUser",
        ["not.a.token"],
        (403, "bad_jwt", "invalid JWT: unable to parse or verify signature"),
    ),
    "mails-of-a-minute": (
        {"mails_per_minute": 0},
        "resetPasswordForEmail",
        [ADA],
        (
            429,
            "over_email_send_rate_limit",
            "For security purposes, you can only request this after 60 seconds.",
        ),
    ),
    "requests-of-a-minute": (
        {"requests_per_minute": 0},
        "signInWithPassword",
        [LOGIN],
        (429, "over_request_rate_limit", "Request rate limit reached"),
    ),
}

TO_ADA: dict[str, Case] = {
    "same-password": (
        {},
        "updateUser",
        [{"password": PASSWORD}],
        (422, "same_password", "New password should be different from the old password."),
    ),
    "taken-address": (
        {},
        "updateUser",
        [{"email": BOB}],
        (422, "email_exists", "A user with this email address has already been registered"),
    ),
    "long-password": (
        {},
        "updateUser",
        [{"password": "p" * 73}],
        (400, "validation_failed", "Password cannot be longer than 72 characters"),
    ),
    "metadata-of-another-type": (
        {},
        "updateUser",
        [{"data": "text"}],
        (400, "bad_json", "Could not parse request body as JSON"),
    ),
    "phone": (
        {},
        "updateUser",
        [{"phone": "+15550100"}],
        (400, "phone_provider_disabled", "Unsupported phone provider"),
    ),
    "address-before-password": (
        {},
        "updateUser",
        [{"email": "ada", "password": "p"}],
        (400, "validation_failed", "Unable to validate email address: invalid format"),
    ),
    "second-factor": (
        {},
        "mfa.challenge",
        [{"factorId": NOBODY}],
        (404, "mfa_factor_not_found", "Factor not found"),
    ),
    "link-of-an-identity": (
        {},
        "unlinkIdentity",
        [{"identity_id": NOBODY}],
        (404, "manual_linking_disabled", "Manual linking is disabled"),
    ),
    "app-metadata": (
        {},
        "updateUser",
        [{"app_metadata": {"plan": "pro"}}],
        (403, "not_admin", "Updating app_metadata requires admin privileges"),
    ),
    "administration": (
        {},
        "admin.listUsers",
        [],
        (403, "not_admin", "User not allowed"),
    ),
}

TO_AN_ADMINISTRATOR: dict[str, Case] = {
    "taken-address": (
        {},
        "admin.createUser",
        [{"email": ADA}],
        (422, "email_exists", "A user with this email address has already been registered"),
    ),
    "invitation-of-an-account": (
        {},
        "admin.inviteUserByEmail",
        [ADA],
        (422, "email_exists", "A user with this email address has already been registered"),
    ),
    "nobody": (
        {},
        "admin.getUserById",
        [NOBODY],
        (404, "user_not_found", "User not found"),
    ),
    "link-for-nobody": (
        {},
        "admin.generateLink",
        [{"type": "recovery", "email": NEW}],
        (404, "user_not_found", "User with this email not found"),
    ),
    "soft-deletion": (
        {},
        "admin.deleteUser",
        [NOBODY, True],
        (404, "user_not_found", "User not found"),
    ),
    "ban-without-an-end": (
        {},
        "admin.createUser",
        [{"email": NEW, "ban_duration": "for good"}],
        (400, "validation_failed", "invalid format for ban duration: "),
    ),
}


def cases(table: dict[str, Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", table.values(), ids=table)


def judge(client: Client, case: Case) -> None:
    """Call what the case calls; long messages are compared as far as the case goes."""
    _, method, args, (status, code, message) = case
    error = client.call(method, *args).error
    assert error is not None
    said = {**error, "message": error["message"][: len(message)]}
    assert said == {"name": "AuthApiError", "status": status, "code": code, "message": message}


@cases(TO_ANYONE)
def test_a_refusal_to_anyone(project: MakeProject, case: Case) -> None:
    judge(project(**case[0]).client(), case)


@cases(TO_ADA)
def test_a_refusal_to_whoever_is_signed_in(project: MakeProject, case: Case) -> None:
    client = project(**case[0]).signed_in()
    before = client.held()
    judge(client, case)
    assert client.held() == before


@cases(TO_AN_ADMINISTRATOR)
def test_a_refusal_to_an_administrator(project: MakeProject, case: Case) -> None:
    judge(project(**case[0]).admin(), case)


def test_what_is_not_built_is_an_error_whose_words_the_client_keeps_to_itself(
    project: MakeProject,
) -> None:
    # Real: this version takes a 501 for a failure of the network and never reads its body; the
    # newest does (test_supabase_newest.py).
    said = {"email": NEW, "password_hash": "$2y$10$x"}
    error = project().admin().call("admin.createUser", said).error
    assert error == {
        "name": "AuthRetryableFetchError",
        "status": 501,
        "code": None,
        "message": "{}",
    }


def test_a_weak_password_says_why(project: MakeProject) -> None:
    here = project(password_min_length=10)
    ada = here.signed_in()
    weak = [
        here.client().call("signUp", {"email": NEW, "password": "9-letters"}),
        ada.call("updateUser", {"password": "9-letters"}),
    ]
    expected = {
        "name": "AuthWeakPasswordError",
        "status": 422,
        "code": "weak_password",
        "message": "Password should be at least 10 characters.",
        "reasons": ["length"],
    }
    assert [taken.error for taken in weak] == [expected, expected]


def test_the_anon_key_is_no_user(project: MakeProject) -> None:
    here = project()
    refused = here.client().call("getUser", here.server.anon_key)
    assert refused.error is not None
    assert (refused.error["status"], refused.code) == (403, "bad_jwt")


def test_an_old_refresh_token_revokes_the_newest_too(project: MakeProject) -> None:
    client = project().signed_in()
    held = client.held()
    assert held is not None
    for _ in range(2):
        assert client.call("refreshSession").error is None
    reused = client.call("refreshSession", {"refresh_token": held["refresh_token"]})
    assert reused.error is not None
    assert (reused.error["status"], reused.code) == (400, "refresh_token_already_used")
    # The newest of the family is no better now.
    assert client.call("refreshSession").code == "refresh_token_already_used"


def test_the_parent_of_the_active_refresh_token_may_come_again(project: MakeProject) -> None:
    client = project().signed_in()
    held = client.held()
    assert held is not None
    parent = {"refresh_token": held["refresh_token"]}
    first, second = (client.call("refreshSession", parent).session for _ in range(2))
    assert first["refresh_token"] == second["refresh_token"] != held["refresh_token"]


def test_a_rate_limit_is_over_after_a_minute(project: MakeProject) -> None:
    here = project(mails_per_minute=1)
    client = here.client()

    def ask() -> Taken:
        return client.call("resetPasswordForEmail", ADA)

    assert [ask().code, ask().code] == [None, "over_email_send_rate_limit"]
    here.control("clock/advance", seconds=60)
    assert [ask().code, len(here.mail(ADA))] == [None, 2]


def test_a_refused_change_changes_nothing(project: MakeProject) -> None:
    here = project()
    ada = here.signed_in()
    refused = ada.call("updateUser", {"data": {"team": "red"}, "password": "short"})
    assert refused.code == "weak_password"
    assert "team" not in ada.call("getUser").user["user_metadata"]
    assert here.client().sign_in(ADA, OTHER).code == "invalid_credentials"


def test_a_session_that_ended_is_missing_and_not_an_error_of_the_api(
    project: MakeProject,
) -> None:
    here = project()
    ada = here.signed_in()
    here.control("sessions/expire", email=ADA)
    assert ada.call("updateUser", {"data": {"team": "red"}}).error == MISSING
    assert (ada.call("getUser").error, ada.held()) == (MISSING, None)
