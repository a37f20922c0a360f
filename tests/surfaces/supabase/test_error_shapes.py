"""The shape of a refusal with and without the version, and what has no route."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.gotrue import admin, done, error, project, refusal, signed_in, visitor
from tests.support.messages import golden

PASSWORD = "/auth/v1/token?grant_type=password"
WRONG = {"email": "ada@lab.test", "password": "wrong-password"}
LOGIN = "Invalid login credentials"
GOOGLE = 'Provider (issuer "https://accounts.google.com") is not enabled'


def test_who_knows_the_version_gets_code_and_message(tmp_path: Path) -> None:
    answer = visitor(project(tmp_path)).post(PASSWORD, json=WRONG)
    assert (answer.status_code, done(answer)) == (
        400,
        {"code": "invalid_credentials", "message": LOGIN},
    )
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"
    assert answer.headers["x-sb-error-code"] == "invalid_credentials"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("version", [None, "", "2023-12-31", "soon", "20240101"])
def test_who_does_not_gets_the_older_shape(tmp_path: Path, version: str | None) -> None:
    client = visitor(project(tmp_path))
    del client.headers["X-Supabase-Api-Version"]
    headers = {} if version is None else {"X-Supabase-Api-Version": version}
    answer = client.post(PASSWORD, json=WRONG, headers=headers)
    assert (answer.status_code, done(answer)) == (
        400,
        {"code": 400, "error_code": "invalid_credentials", "msg": LOGIN},
    )
    assert "x-supabase-api-version" not in answer.headers
    assert answer.headers["x-sb-error-code"] == "invalid_credentials"


def test_a_later_version_gets_the_newest_shape(tmp_path: Path) -> None:
    later = {"X-Supabase-Api-Version": "2030-06-01"}
    answer = visitor(project(tmp_path)).post(PASSWORD, json=WRONG, headers=later)
    assert done(answer) == {"code": "invalid_credentials", "message": LOGIN}
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"


def test_a_weak_password_says_why_in_both_shapes(tmp_path: Path) -> None:
    client = visitor(project(tmp_path))
    said = {"email": "new@lab.test", "password": "short"}
    message = "Password should be at least 6 characters."
    newer = client.post("/auth/v1/signup", json=said)
    assert (newer.status_code, done(newer)) == (
        422,
        {"code": "weak_password", "message": message, "weak_password": {"reasons": ["length"]}},
    )
    del client.headers["X-Supabase-Api-Version"]
    older = client.post("/auth/v1/signup", json=said)
    assert (older.status_code, done(older)) == (
        422,
        {
            "code": 422,
            "error_code": "weak_password",
            "msg": message,
            "weak_password": {"reasons": ["length"]},
        },
    )


@pytest.mark.parametrize(
    ("asked", "status", "code", "allow"),
    [
        ("GET /auth/v1/nothing", 404, "not_found", None),
        ("POST /auth/v1/", 404, "not_found", None),
        ("PATCH /auth/v1/user", 405, "method_not_allowed", "GET, HEAD, PUT"),
        ("GET /auth/v1/token", 405, "method_not_allowed", "POST"),
    ],
)
def test_what_has_no_route_is_refused_as_gotrue_would(
    shared: Emulator, asked: str, status: int, code: str, allow: str | None
) -> None:
    method, path = asked.split(" ")
    message = {
        404: golden("all", "not_found", "no-route", path=path),
        405: golden(
            "all", "method_not_allowed", "other-method", method=method, path=path, allow=allow
        ),
    }[status]
    newer = visitor(shared).request(method, path)
    assert error(newer) == refusal(status, code, message)
    assert newer.headers.get("allow") == allow
    older = shared.client().request(method, path)
    shape = {"code": status, "error_code": code, "msg": message}
    assert error(older) == (status, code, shape)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    """Return one project for many calls that change nothing."""
    return project(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def user(shared: Emulator) -> LawfulClient:
    """Return a client of it that is signed in."""
    return signed_in(shared)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"7", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 9999],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "signup"),
        ("POST", "token?grant_type=password"),
        ("POST", "token?grant_type=refresh_token"),
        ("POST", "token?grant_type=pkce"),
        ("POST", "recover"),
        ("POST", "otp"),
        ("POST", "resend"),
        ("POST", "verify"),
        ("PUT", "user"),
        ("POST", "invite"),
        ("POST", "admin/users"),
        ("POST", "admin/generate_link"),
    ],
)
def test_a_body_that_is_no_object_is_bad_json(
    shared: Emulator, user: LawfulClient, method: str, path: str, body: bytes
) -> None:
    client = admin(shared) if path.startswith(("invite", "admin")) else user
    answer = client.request(method, f"/auth/v1/{path}", content=body)
    assert error(answer) == refusal(400, "bad_json", "Could not parse request body as JSON")


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    body = b'{"email": "' + b"x" * (10 * 2**20) + b'"}'
    answer = visitor(project(tmp_path)).post("/auth/v1/signup", content=body)
    assert error(answer) == refusal(
        413, "request_too_large", golden("all", "payload_too_large", "body-above-ten-mib")
    )


def test_signing_out_reads_no_body(tmp_path: Path) -> None:
    client = signed_in(project(tmp_path))
    answer = client.post(
        "/auth/v1/logout?scope=local",
        content=b"{",
        headers={"Content-Type": "application/json;charset=UTF-8"},
    )
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("grant", ["", "?grant_type=", "?grant_type=x"])
def test_a_grant_that_is_not_there_is_refused(tmp_path: Path, grant: str) -> None:
    answer = visitor(project(tmp_path)).post(f"/auth/v1/token{grant}", json=WRONG)
    assert error(answer) == refusal(400, "invalid_credentials", "unsupported_grant_type")


@pytest.mark.parametrize(
    ("grant", "said", "expected"),
    [
        (
            "id_token",
            {"provider": "google", "id_token": "x"},
            (400, "provider_disabled", GOOGLE),
        ),
        (
            "id_token",
            {"provider": "nobody", "id_token": "x"},
            (400, "validation_failed", 'Custom OIDC provider "nobody" not allowed'),
        ),
        (
            "web3",
            {"chain": "solana", "message": "x", "signature": "x"},
            (422, "web3_provider_disabled", "Web3 provider is disabled"),
        ),
    ],
)
def test_a_grant_of_a_provider_is_refused_as_in_a_new_project(
    tmp_path: Path, grant: str, said: dict[str, str], expected: tuple[int, str, str]
) -> None:
    answer = visitor(project(tmp_path)).post(f"/auth/v1/token?grant_type={grant}", json=said)
    assert error(answer) == refusal(*expected)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {**WRONG, "phone": "+1"},
            refusal(
                400,
                "validation_failed",
                "Only an email address or phone number should be provided on login.",
            ),
        ),
        (WRONG, refusal(400, "invalid_credentials", LOGIN)),
        ({**WRONG, "password": ""}, refusal(400, "invalid_credentials", LOGIN)),
        ({"email": "ada@lab.test"}, refusal(400, "invalid_credentials", LOGIN)),
        (
            {"email": "nobody@lab.test", "password": "ada-password"},
            refusal(400, "invalid_credentials", LOGIN),
        ),
        ({"email": "x", "password": "x"}, refusal(400, "invalid_credentials", LOGIN)),
        ({"password": "x"}, refusal(400, "validation_failed", "missing email or phone")),
        (
            {"phone": "+1", "password": "x"},
            refusal(422, "phone_provider_disabled", "Phone logins are disabled"),
        ),
        (
            {**WRONG, "password": 7},
            refusal(400, "bad_json", "Could not parse request body as JSON"),
        ),
    ],
)
def test_a_sign_in_that_is_off_is_refused(
    tmp_path: Path, said: dict[str, Any], expected: object
) -> None:
    assert error(visitor(project(tmp_path)).post(PASSWORD, json=said)) == expected
