"""Health, settings, keys, and the tokens that the keys verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from emulator.wire.gotrue.tokens import anon_key, service_key
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    ADA,
    ADAS,
    CONFIRMS,
    EPOCH_SECONDS,
    FOREVER_SECONDS,
    bearing,
    claims_of,
    done,
    error,
    log_in,
    project,
    refusal,
    visitor,
)

LOCAL_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long"
CLAIMS: dict[str, Any] = {
    "iss": "http://localhost:8787/auth/v1",
    "sub": ADA,
    "aud": "authenticated",
    "exp": EPOCH_SECONDS + FOREVER_SECONDS,
    "iat": EPOCH_SECONDS,
    "email": "ada@lab.test",
    "phone": "",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": ADAS["user_metadata"],
    "role": "authenticated",
    "aal": "aal1",
    "amr": [{"method": "password", "timestamp": EPOCH_SECONDS}],
    "session_id": A_UUID,
    "is_anonymous": False,
}
PROVIDERS = [
    *("anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly"),
    *("github", "gitlab", "google", "kakao", "keycloak", "linkedin", "linkedin_oidc", "notion"),
    *("slack", "slack_oidc", "snapchat", "spotify", "twitch", "twitter", "workos", "zoom"),
    "phone",
]


def test_the_service_says_who_it_is(tmp_path: Path) -> None:
    answer = project(tmp_path).client().get("/auth/v1/health")
    assert (answer.status_code, done(answer)) == (
        200,
        {
            "version": "worldflux-emulator 0.1.0",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        },
    )


@pytest.mark.parametrize(
    ("auth", "is_closed", "confirms_itself"),
    [("", False, True), (CONFIRMS, False, False), ("disable_signup: true", True, True)],
)
def test_the_settings_say_what_is_switched_on(
    tmp_path: Path, auth: str, is_closed: bool, confirms_itself: bool
) -> None:
    answer = project(tmp_path, auth).client().get("/auth/v1/settings")
    assert (answer.status_code, done(answer)) == (
        200,
        {
            "external": {**dict.fromkeys(PROVIDERS, False), "email": True},
            "disable_signup": is_closed,
            "mailer_autoconfirm": confirms_itself,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
            "saml_private_key_next_configured": False,
            "passkeys_enabled": False,
        },
    )


def keys_of(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the public keys."""
    answer = emulator.client().get("/auth/v1/.well-known/jwks.json")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=600")
    keys: list[dict[str, Any]] = done(answer)["keys"]
    assert done(answer) == {"keys": keys}
    return keys


def test_the_secret_of_every_local_project_signs_by_default(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    assert keys_of(emulator) == []
    token = log_in(emulator)["access_token"]
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(
        token,
        LOCAL_SECRET,
        algorithms=["HS256"],
        audience="authenticated",
        issuer="http://localhost:8787/auth/v1",
    )
    assert claims == CLAIMS


def test_a_public_key_verifies_what_was_signed_with_es256(tmp_path: Path) -> None:
    emulator = project(tmp_path, "signing: ES256")
    [key] = keys_of(emulator)
    assert sorted(key) == ["alg", "crv", "ext", "key_ops", "kid", "kty", "use", "x", "y"]
    assert "d" not in key
    token = log_in(emulator)["access_token"]
    header = {"alg": "ES256", "kid": key["kid"], "typ": "JWT"}
    assert jwt.get_unverified_header(token) == header
    claims = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience="authenticated",
        issuer="http://localhost:8787/auth/v1",
    )
    assert claims == CLAIMS
    assert done(bearing(emulator, token).get("/auth/v1/user")) == ADAS


@pytest.mark.parametrize("signing", ["HS256", "ES256"])
def test_the_same_sign_in_gives_the_same_token(tmp_path: Path, signing: str) -> None:
    tokens = [log_in(project(tmp_path, f"signing: {signing}"))["access_token"] for _ in range(2)]
    assert tokens[0] == tokens[1]


def test_a_token_that_claims_another_algorithm_is_bad(tmp_path: Path) -> None:
    emulator = project(tmp_path, "signing: ES256")
    claims = claims_of(log_in(emulator)["access_token"])
    none = jwt.encode(claims, "", algorithm="none")
    other = jwt.encode(claims, "x" * 32, algorithm="HS256")
    for token in (none, other):
        answer = bearing(emulator, token).get("/auth/v1/user")
        assert error(answer) == refusal(
            403, "bad_jwt", "invalid JWT: unable to parse or verify signature"
        )


@pytest.mark.parametrize(
    "change",
    [{"exp": "soon"}, {"session_id": 7}, {"sub": ["x"]}],
)
def test_a_token_that_a_test_made_wrongly_is_bad(tmp_path: Path, change: dict[str, Any]) -> None:
    emulator = project(tmp_path)
    claims = {**claims_of(log_in(emulator)["access_token"]), **change}
    token = jwt.encode(claims, LOCAL_SECRET, algorithm="HS256")
    answer = bearing(emulator, token).get("/auth/v1/user")
    assert (answer.status_code, answer.headers["x-sb-error-code"]) == (403, "bad_jwt")


def test_a_key_is_what_every_local_project_has(tmp_path: Path) -> None:
    emulator = project(tmp_path, "signing: ES256")
    keys = [make(emulator.world, emulator.settings) for make in (anon_key, service_key)]
    read = [jwt.decode(key, LOCAL_SECRET, algorithms=["HS256"]) for key in keys]
    assert read == [
        {"iss": "supabase-demo", "role": "anon", "exp": 1983812996},
        {"iss": "supabase-demo", "role": "service_role", "exp": 1983812996},
    ]


ORIGIN = {"Origin": "http://localhost:3000"}
ASKED = "apikey,authorization,content-type,x-client-info,x-supabase-api-version"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/v1/token?grant_type=password"),
        ("PUT", "/auth/v1/user"),
        ("GET", "/auth/v1/user"),
    ],
)
def test_a_page_may_call(tmp_path: Path, method: str, path: str) -> None:
    emulator = project(tmp_path)
    preflight = emulator.client().options(
        path,
        headers={
            **ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ASKED,
        },
    )
    headers = preflight.headers
    assert preflight.status_code == 200
    assert headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-allow-headers"] == ASKED
    assert method in headers["access-control-allow-methods"].split(", ")
    assert "Origin" in headers["vary"]


def test_a_page_may_read_the_version(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = visitor(emulator).get("/auth/v1/user", headers=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"X-Supabase-Api-Version", "X-Total-Count", "Link"} <= set(exposed)
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"


def test_a_page_of_elsewhere_may_not_call(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    origin = {"Origin": "https://evil.example.com"}
    answer = visitor(emulator).get("/auth/v1/user", headers=origin)
    assert "access-control-allow-origin" not in answer.headers
    preflight = emulator.client().options(
        "/auth/v1/user", headers={**origin, "Access-Control-Request-Method": "GET"}
    )
    assert preflight.status_code == 400


def test_the_settings_have_a_head_and_options(tmp_path: Path) -> None:
    client = project(tmp_path).client()
    head = client.head("/auth/v1/settings")
    assert (head.status_code, head.content) == (200, b"")
    assert (
        head.headers["content-length"] == client.get("/auth/v1/settings").headers["content-length"]
    )
    options = client.options("/auth/v1/user")
    assert (options.status_code, options.content) == (204, b"")
    assert options.headers["allow"] == "GET, HEAD, PUT"
