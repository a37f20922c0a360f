"""Credentials of every kind: good ones, others', expired, forged, broken."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256
from random import Random

from emulator.settings import Settings

SECRET = Settings().jwt_secret
_CLAIMS = (
    '{"role":"service_role","exp":1983812996}',
    '{"role":"anon","exp":1983812996}',
    '{"role":"authenticated","exp":1e999}',
    '{"role":"authenticated","exp":-1e999,"sub":"x"}',
    '{"role":"authenticated","exp":1180591620717411303424}',
    '{"role":"authenticated","exp":"soon"}',
    '{"role":"authenticated","exp":1}',
    '{"role":"authenticated","exp":1983812996,"nbf":4102444800}',
    '{"role":"authenticated","exp":1983812996,"iat":1e999}',
    '{"role":"authenticated"}',
    '{"exp":1983812996}',
    '{"role":["service_role"],"exp":1983812996}',
    '{"role":"service_role","exp":1983812996,"emulator_world":"nosuch"}',
    '{"role":"service_role","exp":1983812996,"emulator_world":{"a":1}}',
    '{"role":"service_role","exp":1983812996,"emulator_world":"\\u0000"}',
    '{"role":"authenticated","exp":1983812996,"session_id":"none","sub":"none"}',
    '{"role":"authenticated","exp":1983812996,"session_id":7,"sub":{}}',
    '{"role":"authenticated","exp":1983812996,"aud":7,"iss":[]}',
    '{"role":"authenticated","exp":NaN}',
    "[]",
    "null",
    "not json",
    "[" * 3000,
)
_HEADERS = (
    '{"alg":"HS256","typ":"JWT"}',
    '{"alg":"none"}',
    '{"alg":"ES256"}',
    '{"alg":"HS512"}',
    '{"alg":["HS256"]}',
    '{"alg":"HS256","kid":7,"crit":["x"]}',
    '{"alg":"HS256","b64":false,"crit":["b64"]}',
    "{}",
    "7",
)
GARBAGE = (
    *("", " ", "x", "wbx_", "wbx_none", "wbx_" + "z" * 5_000, "a.b.c", "..", "eyJ.eyJ.", "~", "x~"),
    *("x~nosuch", "wbx_none~default", "eyJ" + "a" * 3_000, "é", "\x7f", "null", "undefined"),
)


def forged(dice: Random) -> str:
    """Return a token that somebody made who knows the secret, or does not."""
    header = _HEADERS[0] if dice.random() < 0.7 else dice.choice(_HEADERS)
    secret = SECRET if dice.random() < 0.85 else "another secret"
    return signed(header, dice.choice(_CLAIMS), secret)


def signed(header: str, claims: str, secret: str = SECRET) -> str:
    """Return a token with these texts as header and claims."""
    said = f"{_base64(header.encode())}.{_base64(claims.encode())}"
    return f"{said}.{_base64(hmac.digest(secret.encode(), said.encode(), sha256))}"


def altered(token: str, dice: Random) -> str:
    """Return a good token with other claims, signed anew."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return token[:-1]
    changes = {"exp": dice.choice((1, 2**70, "x", None)), "session_id": None, "sub": "x", "role": 7}
    changes |= {"emulator_world": "default", "aud": "x"}
    name = dice.choice(list(changes))
    return signed(_HEADERS[0], json.dumps({**claims, name: changes[name]}))


def cookie(session: object, dice: Random) -> str:
    """Return a session cookie that holds something: whole, in chunks, or broken."""
    text = session if isinstance(session, str) else json.dumps(session)
    value = "base64-" + _base64(text.encode("utf-8", "surrogatepass"))
    name = dice.choice(("sb-localhost-auth-token", "sb-x-auth-token"))
    way = dice.randrange(4)
    if way == 0:
        return f"{name}.0={value[:40]}; {name}.1={value[40:]}"
    if way == 1:
        return f"{name}.0={value[:40]}; {name}.2={value[40:]}"
    if way == 2:
        return f"{name}={value[: dice.randrange(len(value))]}"
    return f"{name}={value}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
