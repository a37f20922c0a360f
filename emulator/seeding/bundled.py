"""Bundled seeds as validation returns them, in a generated file: loading them needs neither YAML
nor the schema, which takes longer to import than any of them but `crowded` takes to plant.

A line of the file begins with a hash of the seed's text, so that an edited seed has no line. Users
have the `password_hash` that planting the seed gives them: hashing took a quarter of planting demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import orjson

from emulator.world.core.times import microseconds

if TYPE_CHECKING:
    from emulator.seeding.schema import Seed

FILE = Path(__file__).with_name("bundled.jsonl")


class Validated(SimpleNamespace):
    """A model of the schema without its class: its fields, and the names of those that are set."""

    model_fields_set: set[str]


def bundled_seed(text: str) -> Seed | None:
    """Return the bundled seed that has this text, or None."""
    return seed_in(FILE.read_bytes(), text)


def seed_in(lines: bytes, text: str) -> Seed | None:
    """Return the seed that has this text in the content of a generated file, or None."""
    start = _start(text)
    for line in lines.splitlines():
        if line.startswith(start):
            return cast("Seed", _read(orjson.loads(line[len(start) :])))
    return None


def line_of(text: str, seed: Seed, *, password_hashes: Mapping[str, str]) -> bytes:
    """Return the line of a seed in a generated file; the hashes are by e-mail."""
    stored = _stored(seed)
    for user in stored["users"]:
        user["password_hash"] = password_hashes[user["email"]]
    return _start(text) + orjson.dumps(stored) + b"\n"


def _start(text: str) -> bytes:
    """Return the start of the line of the seed that has this text."""
    return blake2b(text.encode(), digest_size=16).hexdigest().encode() + b" "


_MODEL = "$model"
"""The key of an object's set fields, where the object is a model."""


def _stored(value: Any) -> Any:
    """Return a value as JSON; what JSON does not have becomes an object with a key in `$`."""
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, timedelta):
        return {"$microseconds": microseconds(value)}
    if isinstance(value, tuple):
        return {"$tuple": [_stored(item) for item in value]}
    if isinstance(value, list):
        return [_stored(item) for item in value]
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            raise ValueError("a key of a bundled seed cannot start with $")
        return {key: _stored(item) for key, item in value.items()}
    if fields := getattr(type(value), "model_fields", None):
        members = {name: _stored(getattr(value, name)) for name in fields}
        return {_MODEL: sorted(value.model_fields_set), **members}
    return value


def _read(stored: Any) -> Any:
    """Return the value of what `_stored` returns."""
    if type(stored) is list:
        return [_read(item) for item in stored]
    if type(stored) is not dict:
        return stored
    set_fields = stored.pop(_MODEL, None)
    if set_fields is None and len(stored) == 1:
        [(key, item)] = stored.items()
        if key in _READERS:
            return _READERS[key](item)
    members = {
        name: _read(item) if type(item) in _NESTED else item for name, item in stored.items()
    }
    return members if set_fields is None else Validated(model_fields_set=set(set_fields), **members)


_NESTED = (list, dict)
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "$datetime": datetime.fromisoformat,
    "$microseconds": lambda value: timedelta(microseconds=value),
    "$tuple": lambda items: tuple(map(_read, items)),
}
