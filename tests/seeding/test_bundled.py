"""The generated file of bundled seeds holds what validation makes of them, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from emulator.seeding.bundled import Validated, bundled_seed, line_of, seed_in
from emulator.seeding.files import SeedError, bundled_names, find, parse
from emulator.seeding.plant import plant
from emulator.seeding.validation import validated
from tests.support.seed_contents import run_python

PRINT_IMPORTS = """
import sys
from emulator.seeding.files import bundled_names, load
for name in bundled_names():
    load(name)
print([name for name in ("yaml", "emulator.seeding.schema") if name in sys.modules])
"""


def text_of(name: str) -> str:
    return find(name).read_text("utf-8")


def unfolded(value: Any) -> Any:
    """Return a value with the type of everything in it, and with the fields of models."""
    if isinstance(value, BaseModel):
        members = {name: getattr(value, name) for name in type(value).model_fields}
        return "model", sorted(value.model_fields_set), unfolded(members)
    if isinstance(value, Validated):
        members = dict(vars(value))
        members.pop("password_hash", None)
        return "model", sorted(members.pop("model_fields_set")), unfolded(members)
    if isinstance(value, dict):
        return type(value), {key: unfolded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [unfolded(item) for item in value]
    return type(value), value


@pytest.mark.parametrize("name", bundled_names())
def test_a_bundled_seed_is_what_validation_makes_of_its_text(name: str) -> None:
    stored = bundled_seed(text_of(name))
    assert stored is not None, "run make generate"
    assert unfolded(stored) == unfolded(validated(text_of(name), source=name))


@pytest.mark.parametrize("name", bundled_names())
def test_a_bundled_seed_plants_as_its_text_does(name: str) -> None:
    stored, read = bundled_seed(text_of(name)), validated(text_of(name), source=name)
    assert stored is not None
    # Passwords have other salts in a world of another name, so that their hashes are not known.
    for planted_as in (name, "another"):
        digests = [str(plant(seed, name=planted_as).world.state.digest) for seed in (stored, read)]
        assert digests[0] == digests[1]


def test_a_seed_that_was_edited_is_validated() -> None:
    text = text_of("empty").replace("description", "descripion")
    assert bundled_seed(text) is None
    with pytest.raises(SeedError, match="line 2: descripion: Extra inputs are not permitted"):
        parse(text, source="empty")


def test_values_without_a_form_in_json_come_back_as_they_were() -> None:
    text = """
        epoch: 2026-02-03T04:05:06.000007+01:00
        auth: {session_timebox: PT1H}
        users: [{email: a@example.com, password: abcdef, user_metadata: {a: [1, 1.0, {b: ~}]}}]
        webhooks: [{url: "http://localhost:1/hook", enabled_events: [invoice.paid]}]
        """
    seed = validated(text, source="")
    other = validated("description: Another.", source="")
    lines = line_of("description: Another.", other, password_hashes={})
    lines += line_of(text, seed, password_hashes={"a@example.com": "scrypt$"})
    assert unfolded(seed_in(lines, text)) == unfolded(seed)


def test_a_key_that_would_be_taken_for_a_type_is_refused() -> None:
    text = "users: [{email: a@example.com, password: abcdef, user_metadata: {$tuple: []}}]"
    with pytest.raises(ValueError, match="cannot start with"):
        line_of(text, validated(text, source=""), password_hashes={"a@example.com": "scrypt$"})


def test_loading_bundled_seeds_imports_neither_yaml_nor_the_schema() -> None:
    assert run_python(PRINT_IMPORTS).strip() == "[]"
