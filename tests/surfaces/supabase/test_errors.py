"""GoTrue's errors, in both shapes."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import BODY_MAX
from tests.lawful import Emulator
from tests.scene import caller

VERSION = {"X-Supabase-Api-Version": "2024-01-01"}

REFUSED: dict[str, tuple[str, str, bytes, tuple[int, str, str]]] = {
    "wrong password": (
        "POST",
        "token?grant_type=password",
        b'{"email":"ada@lab.test","password":"wrong"}',
        (400, "invalid_credentials", "Invalid login credentials"),
    ),
    "unknown user": (
        "POST",
        "token?grant_type=password",
        b'{"email":"nobody@lab.test","password":"ada-password"}',
        (400, "invalid_credentials", "Invalid login credentials"),
    ),
    "no password": (
        "POST",
        "token?grant_type=password",
        b'{"email":"ada@lab.test"}',
        (400, "validation_failed", "password is required and should be a string"),
    ),
    "email of another type": (
        "POST",
        "token?grant_type=password",
        b'{"email":1,"password":"x"}',
        (400, "validation_failed", "email is required and should be a string"),
    ),
    "no refresh token": (
        "POST",
        "token?grant_type=refresh_token",
        b'{"refresh_token":""}',
        (400, "validation_failed", "refresh_token is required and should be a string"),
    ),
    "no JSON": (
        "POST",
        "token?grant_type=password",
        b"{",
        (400, "bad_json", "Could not parse request body as JSON"),
    ),
    "no body": (
        "POST",
        "token?grant_type=password",
        b"",
        (400, "bad_json", "Could not parse request body as JSON"),
    ),
    "no object": (
        "POST",
        "token?grant_type=password",
        b"[]",
        (400, "bad_json", "Could not parse request body as JSON"),
    ),
    "NaN": (
        "POST",
        "token?grant_type=password",
        b'{"email":NaN}',
        (400, "bad_json", "Could not parse request body as JSON"),
    ),
    "unknown grant": (
        "POST",
        "token?grant_type=pkce",
        b"{}",
        (400, "invalid_credentials", "unsupported_grant_type"),
    ),
    "no grant": ("POST", "token", b"{}", (400, "invalid_credentials", "unsupported_grant_type")),
    "oversize": (
        "POST",
        "token?grant_type=password",
        b" " * (BODY_MAX + 1),
        (413, "request_too_large", "The body is larger than 10 MiB; send less at once."),
    ),
    "scope": (
        "POST",
        "logout?scope=odd",
        b"",
        (
            400,
            "validation_failed",
            "Unsupported logout scope 'odd'; use one of ('global', 'local', 'others')",
        ),
    ),
    "method": (
        "DELETE",
        "user",
        b"",
        (405, "method_not_allowed", "DELETE is not allowed on /auth/v1/user; use GET, HEAD."),
    ),
    "path": (
        "GET",
        "nothing",
        b"",
        (
            404,
            "not_found",
            "There is nothing at /auth/v1/nothing; `worldflux-emulator routes` lists all.",
        ),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_error_takes_the_shape_that_the_version_asks_for(scene: Emulator, what: str) -> None:
    method, path, body, (status, code, message) = REFUSED[what]
    client = caller(scene, "ada")
    plain = client.request(method, f"/auth/v1/{path}", content=body)
    expected: dict[str, Any] = {"code": status, "error_code": code, "msg": message}
    assert (plain.status_code, plain.json()) == (status, expected)
    assert plain.headers["x-sb-error-code"] == code
    assert "x-supabase-api-version" not in plain.headers
    versioned = client.request(method, f"/auth/v1/{path}", content=body, headers=VERSION)
    assert (versioned.status_code, versioned.json()) == (
        status,
        {"code": code, "message": message},
    )
    assert versioned.headers["x-sb-error-code"] == code
    assert versioned.headers["x-supabase-api-version"] == "2024-01-01"


def test_a_method_that_is_not_allowed_names_those_that_are(scene: Emulator) -> None:
    for path, allow in (("user", "GET, HEAD"), ("token", "POST"), ("logout", "POST")):
        answer = scene.client().put(f"/auth/v1/{path}")
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)
