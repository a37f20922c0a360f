"""Access tokens: their bytes as GoTrue writes them, their times, and what others forge."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.settings import Settings
from emulator.wire.gotrue.tokens import anon_key, read_token
from emulator.wire.gotrue.views import session_view
from emulator.world import lifecycle
from emulator.world.core.json_text import json_text
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.identity.sessions import sign_in
from emulator.world.records.identity import User
from tests.support.world_builder import account, begin

SETTINGS = Settings()
WALL = Settings(is_wall_clock=True)
NEW_YEAR = 1_767_225_600
FOREVER = 2_300_000_000
TRICKY = 'Zoë <b>&amp;</b> \u2028\u2029 "\\/ \x01\x7f\t😀'


def signed_in(world: World, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Sign Ada in and return her session as clients see it."""
    new = sign_in(world, email="ada@x.test", password="ada-password")
    return session_view(world, settings, new)


def world_of_ada(**metadata: Any) -> World:
    """Return a world in which Ada has an account with that metadata."""
    world = begin()
    account(world, "ada")
    user = world.find(User, "email", "ada@x.test")
    assert user is not None
    world.put(replace(user, user_metadata=json_text(metadata)))
    return world


def segments(token: str) -> tuple[bytes, bytes]:
    """Return the bytes of a token's header and payload."""
    head, payload, _ = token.split(".")
    return (
        base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)),
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)),
    )


def test_a_payload_keeps_utf_8_and_escapes_what_go_escapes() -> None:
    _, payload = segments(signed_in(world_of_ada(note=TRICKY))["access_token"])
    escaped = (
        'Zoë \\u003cb\\u003e\\u0026amp;\\u003c/b\\u003e \\u2028\\u2029 \\"\\\\/ \\u0001\x7f\\t😀'
    )
    assert f'"user_metadata":{{"note":"{escaped}"}}'.encode() in payload
    assert json.loads(payload)["user_metadata"] == {"note": TRICKY}


@pytest.mark.parametrize(
    ("algorithm", "header"),
    [
        ("HS256", b'{"alg":"HS256","typ":"JWT"}'),
        ("ES256", b'{"alg":"ES256","kid":"worldflux-emulator-es256","typ":"JWT"}'),
    ],
)
def test_both_algorithms_write_header_and_payload_alike(algorithm: Any, header: bytes) -> None:
    world = world_of_ada(note=TRICKY)
    first = signed_in(world)["access_token"]
    world.put(replace(world.auth, signing=algorithm))
    token = signed_in(world)["access_token"]
    assert segments(token)[0] == header
    claims = json.loads(segments(token)[1])
    assert {**claims, "session_id": ""} == {**json.loads(segments(first)[1]), "session_id": ""}
    assert read_token(token, SETTINGS) is not None


def test_no_token_of_a_virtual_clock_is_issued_in_the_future() -> None:
    world = world_of_ada()
    for by, issued_at in ((0, NEW_YEAR), (365 * DAY, NEW_YEAR), (5000 * 365 * DAY, NEW_YEAR)):
        lifecycle.move(world, to=world.now + by)
        session = signed_in(world)
        claims = jwt.decode(
            session["access_token"],
            SETTINGS.jwt_secret,
            algorithms=["HS256"],
            audience="authenticated",
        )
        assert (claims["iat"], claims["exp"]) == (issued_at, issued_at + FOREVER)
        assert (session["expires_at"], session["expires_in"]) == (claims["exp"], FOREVER)


def test_a_world_before_2026_issues_tokens_at_its_own_time() -> None:
    world = begin(epoch=NEW_YEAR * SECOND - 10 * DAY)
    account(world, "ada")
    session = signed_in(world)
    claims = json.loads(segments(session["access_token"])[1])
    assert claims["iat"] == NEW_YEAR - 10 * 86_400
    assert session["expires_at"] == claims["exp"] == claims["iat"] + FOREVER


def test_a_token_of_a_wall_clock_is_issued_now_for_an_hour() -> None:
    world = world_of_ada()
    lifecycle.move(world, to=world.now + DAY)
    session = signed_in(world, WALL)
    claims = json.loads(segments(session["access_token"])[1])
    assert claims["iat"] == NEW_YEAR + 86_400
    assert (claims["exp"], session["expires_at"]) == (claims["iat"] + 3600, claims["iat"] + 3600)
    assert session["expires_in"] == 3600


def forged(header: Any, payload: bytes) -> str:
    """Return a token that is signed with the public secret, whatever it says."""
    head = json.dumps(header).encode()
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, payload)]
    message = b".".join(parts)
    signature = hmac.digest(SETTINGS.jwt_secret.encode(), message, "sha256")
    return (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


HS256 = {"alg": "HS256", "typ": "JWT"}
GOOD = {"role": "authenticated", "sub": "u", "session_id": "s", "exp": 1}


def read_exp(exp: str) -> int | None:
    """Return when a token with that text as its `exp` expires, or None where it is refused."""
    payload = json.dumps(GOOD).replace('"exp": 1', f'"exp": {exp}').encode()
    claims = read_token(forged(HS256, payload), SETTINGS)
    return None if claims is None else claims.expires_at


@pytest.mark.parametrize(
    "exp",
    [
        *("1e999", "-1e999", "NaN", "Infinity", "1e300", str(2**63), str(2**70), str(-(2**70))),
        *("9" * 5000, '"1"', "true", "null", "[]", "{}"),
    ],
)
def test_an_expiry_that_is_no_number_of_64_bits_is_no_token(exp: str) -> None:
    assert read_exp(exp) is None


@pytest.mark.parametrize(
    ("exp", "seconds"), [("1.9", 1), ("-1", -1), ("1e3", 1000), (str(2**63 - 1), 2**63 - 1)]
)
def test_an_expiry_within_64_bits_is_read_in_whole_seconds(exp: str, seconds: int) -> None:
    assert read_exp(exp) == seconds


@pytest.mark.parametrize("times", [{"nbf": 2**40}, {"iat": 2**40}, {"nbf": "x"}, {"iat": None}])
def test_the_machines_clock_has_no_say_in_who_a_token_is(times: dict[str, Any]) -> None:
    assert read_token(forged(HS256, json.dumps(GOOD | times).encode()), SETTINGS) is not None


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(("HS256", "ES256", "none", "HS512", "", "hs256")) | ANYTHING,
        "typ": ANYTHING,
        "kid": ANYTHING,
        "crit": ANYTHING,
        "b64": ANYTHING,
    },
)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from((GOOD.get(name, 1), "u", "s")) | ANYTHING
        for name in ("role", "sub", "session_id", "exp", "nbf", "iat", "jti", "emulator_world")
    },
)


@given(HEADERS | ANYTHING, CLAIMS | ANYTHING)
def test_whatever_is_signed_is_a_token_or_none(header: Any, claims: Any) -> None:
    found = read_token(forged(header, json.dumps(claims).encode()), SETTINGS)
    if found is not None:
        assert -(2**63) <= found.expires_at < 2**63
        assert isinstance(found.role, str)
        assert isinstance(found.world, str)


@given(st.binary(max_size=60), st.text(max_size=60))
def test_whatever_is_no_token_is_none(payload: bytes, token: str) -> None:
    assert read_token(token, SETTINGS) is None
    assert read_token(f"{token}.{token}.{token}", SETTINGS) is None
    assert read_token(forged(HS256, payload), SETTINGS) is None


@pytest.mark.parametrize("levels", [129, 161, 1000, 1025, 30_000])
def test_a_token_that_is_nested_too_deeply_is_none(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    head = f'{{"alg":"HS256","x":{deep}}}'.encode()
    parts = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (head, b"{}", b"x")]
    assert read_token(".".join(parts), SETTINGS) is None
    payload = json.dumps(GOOD).replace('"u"', deep).encode()
    if levels > 160:
        assert read_token(forged(HS256, payload), SETTINGS) is None


def test_the_keys_of_a_project_are_those_of_every_local_supabase() -> None:
    world = begin()
    head, payload = segments(anon_key(world, SETTINGS))
    assert head == b'{"alg":"HS256","typ":"JWT"}'
    assert payload == b'{"iss":"supabase-demo","role":"anon","exp":1983812996}'
