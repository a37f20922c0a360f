"""Tokens that anyone can sign, as the secret is public: each is judged, and none breaks a path."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from itertools import product
from typing import Any

import jwt
import orjson
import pytest
from jwt import api_jws

from emulator.wire.gotrue.session_cookie import session_cookies
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.gotrue import visitor

PATHS = (
    "/api/me",
    "/api/auth/session",
    "/api/cloud/me",
    "/auth/v1/user",
    "/auth/v1/admin/users",
    "/_emulator/worlds",
    "/_emulator/clock",
    "/nothing/here",
    "/healthz",
)
GOOD = b'{"role":"authenticated","sub":"u","session_id":"s","exp":1}'
ADA = {"email": "ada@lab.test", "password": "ada-password"}

PAYLOADS = {
    "exp infinite": GOOD.replace(b":1", b":1e999"),
    "exp of 70 bits": GOOD.replace(b":1", b":%d" % 2**70),
    "exp of 5,000 digits": GOOD.replace(b":1", b":" + b"9" * 5000),
    "exp NaN": GOOD.replace(b":1", b":NaN"),
    "deep": GOOD.replace(b'"u"', b"[" * 2000 + b"]" * 2000),
    "world of another kind": GOOD.replace(b"}", b',"emulator_world":[1]}'),
    "world that has no name": GOOD.replace(b"}", b',"emulator_world":"\xff"}'),
    "world of 300 letters": GOOD.replace(b"}", b',"emulator_world":"' + b"x" * 300 + b'"}'),
    "list": b"[]",
    "nothing": b"",
}


def sign(client: LawfulClient, scene: Emulator, payload: bytes) -> str:
    """Return a token with that payload, and have the client send it in a cookie too."""
    token: str = api_jws.encode(payload, scene.settings.jwt_secret)
    cookies = session_cookies(scene.settings.session_cookie, {"access_token": token}, None)
    client.headers["Cookie"] = "; ".join(cookie.partition(";")[0] for cookie in cookies)
    return token


@pytest.mark.parametrize("kind", PAYLOADS)
def test_no_forged_token_breaks_a_path(scene: Emulator, kind: str) -> None:
    client = scene.client()
    token = sign(client, scene, PAYLOADS[kind])
    sent: tuple[dict[str, str], ...] = ({"Authorization": f"Bearer {token}"}, {"apikey": token}, {})
    for path, headers in product(PATHS, sent):
        answer = client.get(path, headers=headers)
        assert answer.status_code < 500
        assert answer.headers["x-emulator"].startswith("worldflux-emulator/")


def test_an_unsigned_header_that_is_nested_deeply_breaks_nothing(scene: Emulator) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 30_000).decode()
    answer = scene.client().get("/api/me", headers={"Authorization": f"Bearer {head}.e30.e30"})
    assert answer.status_code == 401


def test_a_live_session_with_an_expiry_beyond_64_bits_is_no_session(scene: Emulator) -> None:
    answer = visitor(scene).post("/auth/v1/token?grant_type=password", json=ADA)
    options: Any = {"verify_signature": False}
    claims = jwt.decode(answer.json()["access_token"], options=options)
    client = scene.client()
    sign(client, scene, orjson.dumps(claims))
    assert client.get("/api/auth/session").json()["expires_at"] == claims["exp"]
    later = orjson.dumps(claims).replace(b'"exp":%d' % claims["exp"], b'"exp":%d' % 2**70)
    sign(client, scene, later)
    assert client.get("/api/auth/session").status_code == 401


def test_a_token_passes_a_strict_verifier_after_the_clock_was_moved_a_year(
    scene: Emulator,
) -> None:
    client = visitor(scene)
    client.post("/_emulator/clock/advance", json={"duration": "P100Y"})
    session = client.post("/auth/v1/token?grant_type=password", json=ADA).json()
    # PyJWT judges `iat`, `nbf` and `exp` by the machine's clock.
    claims = jwt.decode(
        session["access_token"],
        scene.settings.jwt_secret,
        algorithms=["HS256"],
        audience="authenticated",
    )
    assert claims["iat"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert claims["exp"] - claims["iat"] == session["expires_in"] == 2_300_000_000
    bff = scene.client()
    shown = bff.post("/api/auth/login", json=ADA).json()
    assert shown["expires_at"] == bff.get("/api/auth/session").json()["expires_at"]
    assert shown["expires_at"] == session["expires_at"] == claims["exp"]
