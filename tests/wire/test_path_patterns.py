"""Patterns of paths: what they match, and that they match in linear time."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.wire.path_patterns import PATTERN_MAX, path_fits
from tests.faults.test_faults import arm
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import invalid
from tests.support.messages import golden

PLACES = re.compile(r"(\*|\{[^{}]*\})")
PARTS = st.sampled_from(["a", "b", "/", "*", "{x}", "{}", "{", "}", "é", "ab/"])
CHARACTERS = st.sampled_from(["a", "b", "/", "\n", "é", "{", "}", "*"])


def expression(pattern: str) -> re.Pattern[str]:
    """Return what a pattern means as a regular expression, which may backtrack."""
    parts = PLACES.split(pattern)
    places = [".*" if place == "*" else "[^/]+" for place in parts[1::2]] + [""]
    texts = map(re.escape, parts[::2])
    return re.compile("".join(map("".join, zip(texts, places, strict=True))), re.DOTALL)


@given(st.lists(PARTS, max_size=8).map("".join), st.lists(CHARACTERS, max_size=10).map("".join))
@example("/api/runs/{run_id}/log", "/api/runs/7/log")
@example("*/{x}a*b{y}", "/ba/baab/bb")
@example("", "")
def test_a_pattern_matches_what_its_expression_does(pattern: str, path: str) -> None:
    assert path_fits(pattern, path) == (expression(pattern).fullmatch(path) is not None)


@given(st.lists(PARTS, max_size=8).map("".join), st.data())
def test_a_pattern_matches_what_is_made_from_it(pattern: str, data: st.DataObject) -> None:
    path = data.draw(st.from_regex(expression(pattern), fullmatch=True))
    assert path_fits(pattern, path)


def test_a_pattern_matches_any_number_of_different_paths() -> None:
    pattern = "/{x}ab*{y}b{z}/*"
    for place in range(3_000):
        path = f"/{chr(0x4E00 + place)}ab/{chr(0x6E00 + place)}bx/"
        assert path_fits(pattern, path)
        assert not path_fits(pattern, path[:-1])


LONG = """
from emulator.wire.path_patterns import path_fits
text = "/" + "a" * 500_000
stars, mixed, segments = "*a*a*a*a*a*a*b", "*{x}a{y}a{z}a*b", "/" + "{x}a" * 200 + "b"
for pattern in (stars, mixed, segments, "*" + "a" * 999 + "b"):
    assert not path_fits(pattern, text)
    assert path_fits(pattern.replace("b", "/*"), text + "/")
"""


def test_matching_takes_linear_time() -> None:
    # Quadratic time would be hours of it.
    subprocess.run(
        [sys.executable, "-c", LONG],
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )


def test_a_path_of_many_stars_is_looked_for_at_once(demo: Emulator) -> None:
    client = demo.client()
    client.get("/" + "a" * 5_000)
    arm(client, match={"path": "*a" * 100 + "*b"}, then={"status": 503})
    assert client.get("/" + "a" * 5_000).status_code == 404
    for stars in (5, 100):
        answer = client.get("/_emulator/requests", params={"path": "*a" * stars + "*b"})
        assert answer.json() == {"items": [], "count": 0}


@pytest.mark.parametrize("path", ["/_emulator/requests", "/_emulator/requests/verify"])
def test_a_pattern_that_is_too_long_is_refused(demo: Emulator, path: str) -> None:
    client = demo.client()
    client.get("/healthz")
    assert client.get(path, params={"path": "*" * PATTERN_MAX}).status_code == 200
    answer = client.get(path, params={"path": "*" * (PATTERN_MAX + 1)})
    assert answer.status_code == 422
    message = golden("all", "validation_error", "pattern-too-long")
    assert answer.json() == {"error": invalid(("path", message))}


def test_a_fault_whose_pattern_is_too_long_is_refused(demo: Emulator) -> None:
    fault = {"match": {"path": "*" * (PATTERN_MAX + 1)}, "then": {"status": 503}}
    answer = demo.client().post("/_emulator/faults", json=fault)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["path"] == "match.path"
