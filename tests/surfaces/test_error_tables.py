"""Every refusal there is has a row in the error table of every surface it can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from emulator.contract import legacy as catalog  # imports every surface, and so every refusal
from emulator.surfaces.bff import errors as bff
from emulator.surfaces.control import errors as control
from emulator.surfaces.supabase import errors as supabase
from emulator.surfaces.upstream import errors as upstream
from emulator.wire.gotrue.error_codes import GOTRUE_STATUS
from emulator.wire.http.errors import STATUS, Code
from emulator.world.core.refusals import Refusal

SURFACES: dict[str, tuple[ModuleType, Mapping[type[Refusal], Any]]] = {
    "upstream": (upstream, upstream.TABLE),
    "bff": (bff, bff.TABLE),
    "supabase": (supabase, supabase.TABLE),
    "control": (control, control.TABLE),
}


def all_refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Return every class of refusal, however deep."""
    for one in kind.__subclasses__():
        yield one
        yield from all_refusals(one)


def reaches(kind: type[Refusal], surface: str) -> bool:
    """Tell whether a refusal can be raised there: the world's and the wire's, and its own."""
    module = kind.__module__
    if not module.startswith("emulator."):
        return False
    return not module.startswith("emulator.surfaces.") or module.startswith(
        f"emulator.surfaces.{surface}."
    )


@pytest.mark.parametrize("surface", SURFACES)
def test_the_error_table_is_total_and_has_no_row_too_many(surface: str) -> None:
    assert catalog.route_table()
    _, table = SURFACES[surface]
    assert {one.__name__ for one in table} == {
        one.__name__ for one in all_refusals() if reaches(one, surface)
    }


def test_every_refusal_has_a_name_of_its_own_and_reaches_some_surface() -> None:
    kinds = [one for one in all_refusals() if one.__module__.startswith("emulator.")]
    assert len({one.__name__ for one in kinds}) == len(kinds) > 20
    for one in kinds:
        assert any(reaches(one, surface) for surface in SURFACES), one


@pytest.mark.parametrize("surface", ["upstream", "bff", "control"])
def test_every_row_leads_to_a_code_with_a_status(surface: str) -> None:
    _, table = SURFACES[surface]
    assert set(table.values()) <= set(Code)
    assert all(400 <= STATUS[code] < 600 for code in table.values())


def test_every_code_has_its_documented_status() -> None:
    assert {str(code): status for code, status in STATUS.items()} == {
        "login_required": 401,
        "validation_error": 422,
        "quota_exceeded": 402,
        "not_found": 404,
        "unsupported_action": 405,
        "invalid_credentials": 401,
        "forbidden": 403,
        "conflict": 409,
        "payload_too_large": 413,
        "unsupported_media_type": 415,
        "rate_limited": 429,
        "internal_error": 500,
        "not_implemented": 501,
    }
    assert set(STATUS) == set(Code)


def test_every_code_of_gotrue_can_be_asked_of_a_fault_by_itself() -> None:
    raised = {(code, status) for status, code in supabase.TABLE.values()}
    assert {code for code, _ in raised} <= set(GOTRUE_STATUS)
    assert set(GOTRUE_STATUS.items()) >= {
        (code, status) for code, status in raised if sum(one == code for one, _ in raised) == 1
    }


def test_gotrues_statuses_are_errors_and_its_codes_are_plain() -> None:
    for status, code in supabase.TABLE.values():
        assert 400 <= status < 600
        assert code == code.lower().replace(" ", "_")
