"""Effects of faults: every way to arm a fault knows each field of each effect, and no other."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from emulator.cli.faults import arm_fault
from emulator.faults.effects import EFFECTS, ErrorResponse
from emulator.faults.rules import RequestMatcher
from emulator.persistence.capsule import StoredFault
from emulator.surfaces.control.faults import FaultEffect, FaultMatch
from emulator.testing import playwright
from emulator.testing.world import TestWorld

EFFECT = [field.name for effect in EFFECTS for field in fields(effect)]
MATCHER = [field.name for field in fields(RequestMatcher)]
TYPESCRIPT = Path(playwright.__path__[0], "templates/worldflux.ts").read_text("utf-8")


def members(name: str) -> list[str]:
    """Return the members of a type of the Playwright kit."""
    found = re.search(rf"^export type {name} = {{(.*)}};$", TYPESCRIPT, re.MULTILINE)
    assert found is not None
    return re.findall(r"(\w+)\?:", found[1])


WAYS = {
    "control": lambda: [*FaultMatch.model_fields, *FaultEffect.model_fields],
    "CLI": lambda: [option.name for option in arm_fault.params if option.name in MATCHER + EFFECT],
    "pytest": lambda: list(inspect.signature(TestWorld.fault).parameters)[1:],
    "Playwright": lambda: members("Match") + members("Effect"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_is_armed_with_the_fields_of_matcher_and_effects(way: str) -> None:
    assert WAYS[way]() == MATCHER + EFFECT


def test_a_capsule_stores_each_field_of_an_error() -> None:
    assert list(StoredFault.model_fields) == [field.name for field in fields(ErrorResponse)]
