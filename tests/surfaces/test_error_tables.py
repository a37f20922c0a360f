"""Every refusal there is has a row in the error table of every surface it can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

from emulator.app import operation_catalog
from emulator.surfaces import supabase as package
from emulator.surfaces.bff import errors as bff
from emulator.surfaces.control import errors as control
from emulator.surfaces.supabase import errors as supabase
from emulator.surfaces.supabase.disabled_features import REFUSALS
from emulator.surfaces.upstream import errors as upstream
from emulator.wire.gotrue.error_codes import CODE_OF_STATUS, GOTRUE_STATUS
from emulator.wire.http.codes import STATUS, Code, InjectedError
from emulator.world.core.refusals import RateLimited, Refusal, UserBanned

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


CARRIES_ITS_OWN = {supabase.GoTrueError, supabase.GatewayRefusal}
"""Refusals that say themselves what a surface sends for them."""


@pytest.mark.parametrize("surface", SURFACES)
def test_the_error_table_is_total_and_has_no_row_too_many(surface: str) -> None:
    assert list(operation_catalog())  # imports every surface, and so every refusal
    _, table = SURFACES[surface]
    assert {one.__name__ for one in table} == {
        one.__name__
        for one in all_refusals()
        if reaches(one, surface) and one not in CARRIES_ITS_OWN
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


def test_every_code_that_gotrue_sends_has_its_status() -> None:
    for code in (*supabase.TABLE.values(), *CODE_OF_STATUS.values()):
        assert 400 <= GOTRUE_STATUS[code] < 600
    for status, code in CODE_OF_STATUS.items():
        assert GOTRUE_STATUS[code] == status or code == "validation_failed"


def test_every_error_of_gotrue_is_an_error_with_a_known_code() -> None:
    makers: dict[str, Callable[[], supabase.GoTrueError]] = {
        str(feature): make for feature, make in REFUSALS.items()
    }
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        for name, value in vars(import_module(found.name)).items():
            if isinstance(value, partial) and value.func is supabase.GoTrueError:
                makers[f"{found.name}.{name}"] = value
    assert len(makers) > 12
    for place, make in makers.items():
        refusal = make()
        assert refusal.code in GOTRUE_STATUS, place
        assert 400 <= refusal.status < 600, place


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (UserBanned(), (400, "user_banned")),
        (supabase.GoTrueError("user_banned", "x"), (403, "user_banned")),
        (supabase.GoTrueError("user_not_found", "x", status=403), (403, "user_not_found")),
        (RateLimited("mail", retry_after_seconds=1), (429, "over_email_send_rate_limit")),
        (RateLimited("request", retry_after_seconds=1), (429, "over_request_rate_limit")),
        (InjectedError(422, None, None), (422, "validation_failed")),
        (InjectedError(418, None, None), (418, "unexpected_failure")),
        (InjectedError(503, "validation_error", None), (503, "unexpected_failure")),
        (InjectedError(503, "user_banned", None), (503, "user_banned")),
    ],
)
def test_a_refusal_has_the_status_and_code_of_gotrue(
    refusal: Refusal, expected: tuple[int, str]
) -> None:
    assert supabase.status_and_code(refusal) == expected
