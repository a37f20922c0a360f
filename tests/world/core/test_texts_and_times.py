"""JSON objects as values, slugs, and instants as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.core import json_text, times
from emulator.world.workspaces import slugs

JSON = st.dictionaries(
    st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.text()), max_size=5
)


@given(JSON)
def test_json_text_is_equal_for_equal_objects_and_reads_back(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert json_text.json_text(turned) == json_text.json_text(value)
    assert json_text.json_object(json_text.json_text(value)) == value


def test_json_text_keeps_whole_and_broken_numbers_apart() -> None:
    assert json_text.json_text({"b": 1, "a": 1.0}) == '{"a":1.0,"b":1}'


def test_what_is_no_json_has_no_text() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text.json_text({"loss": float("nan")})


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("LIBERO Suites", "libero-suites"),
        ("  Café -- Noël! ", "cafe-noel"),
        ("日本", "untitled"),
        ("", "untitled"),
        ("x" * 60, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugs.slugify(name) == slug


@given(st.text())
def test_a_slug_is_never_empty_and_always_plain(name: str) -> None:
    slug = slugs.slugify(name)
    assert 1 <= len(slug) <= 40
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug == slug.strip("-")


@given(st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(8999, 12, 31)))  # noqa: DTZ001
def test_instants_are_exact_to_the_microsecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    instant = times.instant(aware)
    assert times.to_datetime(instant) == aware
    assert datetime.fromisoformat(times.to_text(instant)) == aware


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_500_000, "1970-01-01T00:00:01.500000Z"),
        (times.LATEST, "9000-01-01T00:00:00Z"),
    ],
)
def test_a_fraction_is_written_where_there_is_one(instant: int, text: str) -> None:
    assert times.to_text(instant) == text


def test_a_span_is_whole_microseconds() -> None:
    assert times.microseconds(timedelta(days=1, microseconds=1)) == times.DAY + 1
    assert times.DAY == 86_400 * times.SECOND
