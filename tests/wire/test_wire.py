"""Credentials, cursors, tokens, cookies and bodies, below any surface."""

from __future__ import annotations

import json
import math
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.settings import Settings
from emulator.wire.gotrue.session_cookie import (
    CHUNK,
    cleared_cookies,
    read_session,
    session_cookies,
)
from emulator.wire.gotrue.tokens import access_token, anon_key, read_token, service_key
from emulator.wire.http.bodies import parse_json
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.wire.world_tags import tagged, untagged
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import World
from emulator.world.identity.sessions import sign_in
from emulator.world.records.identity import Session
from tests.support.world_builder import account, begin

SETTINGS = Settings()
NAME = SETTINGS.session_cookie
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.floats(-9, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def named(name: str) -> World:
    """Return a world of that name."""
    return World(name, begin().state)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True), st.sampled_from(("default", "w1")))
def test_a_credential_is_known_in_its_own_world_alone(credential: str, name: str) -> None:
    sent = tagged(credential, named(name))
    assert sent == (credential if name == "default" else f"{credential}~w1")
    known = {other: untagged(sent, named(other)) for other in ("default", "w1", "w2", "w")}
    assert known == {**dict.fromkeys(known), name: credential}


@given(st.integers(-(2**62), 2**62), st.integers(0, 2**31), st.text(min_size=1))
def test_a_cursor_is_the_place_after_its_record(moment: int, ordinal: int, key: str) -> None:
    record = Session(id=key, user_id="u", method="password", created_at=moment, ordinal=ordinal)
    cursor = cursor_after(record)
    assert read_cursor(cursor) == (moment, ordinal, key)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text())
def test_any_other_cursor_is_refused_or_a_place(cursor: str) -> None:
    try:
        place = read_cursor(cursor)
    except Invalid as refusal:
        assert refusal.path == "cursor"
    else:
        assert place is not None
        assert [type(part) for part in place] == [int, int, str]


@pytest.mark.parametrize("name", ["default", "w1"])
def test_tokens_carry_their_world_and_the_default_worlds_carry_nothing(name: str) -> None:
    world = named(name)
    account(world, "ada")
    new = sign_in(world, email="ada@x.test", password="ada-password")
    token = access_token(world, SETTINGS, new.user, new.session)
    claims = read_token(token, SETTINGS)
    assert claims is not None
    assert (claims.session_id, claims.user_id, claims.world) == (
        new.session.id,
        new.user.id,
        name,
    )
    for one in (token, anon_key(world, SETTINGS), service_key(world, SETTINGS)):
        held = jwt.decode(one, options={"verify_signature": False})
        assert held.get("emulator_world") == (None if name == "default" else name)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "u", "exp": 1},
        {"sub": "u", "session_id": "s"},
        {"session_id": "s", "exp": 1},
        {"sub": "u", "session_id": ["s"], "exp": 1},
        {"sub": "u", "session_id": None, "exp": 1},
        {"sub": "u", "session_id": "s", "exp": "soon"},
        {"sub": 1, "session_id": "s", "exp": 1},
    ],
)
def test_a_token_that_is_signed_well_and_says_nonsense_is_none(claims: dict[str, Any]) -> None:
    # Not `jwt.encode`, which signs no nonsense.
    token = jwt.api_jws.encode(json.dumps(claims).encode(), SETTINGS.jwt_secret)
    assert read_token(token, SETTINGS) is None


def test_a_token_without_a_signature_or_of_another_kind_is_none() -> None:
    claims = {"sub": "u", "session_id": "s", "exp": 1}
    unsigned = jwt.encode(claims, "", algorithm="none")
    longer = jwt.encode(claims, SETTINGS.jwt_secret * 2, algorithm="HS512")
    assert [read_token(one, SETTINGS) for one in (unsigned, longer)] == [None, None]


def stored(jar: dict[str, str], cookies: list[str]) -> dict[str, str]:
    """Return what a browser holds after it was sent those Set-Cookie values."""
    jar = dict(jar)
    for cookie in cookies:
        pair, *attributes = cookie.split("; ")
        name, value = pair.split("=", 1)
        if "Max-Age=0" in attributes:
            jar.pop(name, None)
        else:
            jar[name] = value
    return jar


def sent(jar: dict[str, str]) -> str:
    """Return the Cookie header of a jar."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@given(st.lists(st.integers(0, 4 * CHUNK), min_size=1, max_size=4))
def test_a_browser_always_holds_the_session_that_was_set_last(sizes: list[int]) -> None:
    jar = {"unrelated": "x", "sb-other-auth-token": "stale"}
    for place, size in enumerate(sizes):
        session = {"place": place, "access_token": "x" * size}
        jar = stored(jar, session_cookies(NAME, session, sent(jar)))
        assert read_session(sent(jar), NAME) == session
        assert all(len(value) <= CHUNK for value in jar.values())
        assert "sb-other-auth-token" not in jar
    assert stored(jar, cleared_cookies(sent(jar))) == {"unrelated": "x"}


@given(st.text())
def test_no_cookie_header_is_an_error(header: str) -> None:
    for one in (header, f"{NAME}={header}", f"{NAME}=base64-{header}"):
        assert isinstance(read_session(one, NAME), dict | None)


@given(JSON)
def test_json_reads_as_what_it_says(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


def pathed(path: list[str | int], leaf: Any) -> Any:
    """Return a value that holds `leaf` at the end of a path."""
    value = leaf
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [0] * step + [value]
    return value


@given(
    st.lists(st.text("abc", min_size=1) | st.integers(0, 3), max_size=6),
    st.sampled_from((math.nan, math.inf, -math.inf, 2**64, -(2**63) - 1, 10**400)),
)
def test_a_number_that_cannot_be_kept_is_refused_where_it_stands(
    path: list[str | int], leaf: float
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_json(json.dumps(pathed(path, leaf)).encode())
    assert refused.value.path == ".".join(str(step) for step in path)


@given(st.binary())
def test_no_bytes_are_an_error(body: bytes) -> None:
    try:
        parse_json(body)
    except Invalid as refusal:
        assert refusal.message
