"""What GoTrue has and the emulator has not, and providers, of which none is enabled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from emulator.contract.catalog import Operation
from emulator.surfaces.supabase.app import OPERATIONS
from emulator.surfaces.supabase.disabled_features import DISABLED
from tests.support.checked_client import Emulator
from tests.support.gotrue import admin, error, project, refusal, signed_in, visitor
from tests.support.messages import golden

NOT_BUILT = [
    operation
    for operation in OPERATIONS
    if operation.availability == "not built" and operation.provenance == "GoTrue"
]
CLIENTS = {"anyone": visitor, "user": signed_in, "service": admin}


@pytest.mark.parametrize("operation", NOT_BUILT, ids=lambda operation: operation.id)
def test_what_is_not_built_yet_says_its_name(tmp_path: Path, operation: Operation) -> None:
    emulator = project(tmp_path)
    message = golden("all", "not_implemented", "operation-is-not-built", name=operation.id)
    assert_refused_after_the_caller(emulator, operation, refusal(501, "not_implemented", message))


def assert_refused_after_the_caller(
    emulator: Emulator, operation: Operation, expected: tuple[int, str, dict[str, Any]]
) -> None:
    method, url = operation.method, re.sub(r"[{}]", "", operation.path)
    assert error(CLIENTS[operation.caller](emulator).request(method, url)) == expected
    if operation.caller == "service":
        assert error(signed_in(emulator).request(method, url))[:2] == (403, "not_admin")
    if operation.caller == "user":
        assert error(visitor(emulator).request(method, url))[:2] == (403, "bad_jwt")


OFF = {
    "SAML": ("saml_provider_disabled", "SAML 2.0 is disabled"),
    "passkeys": ("passkey_disabled", "Passkeys are disabled"),
    "OAuth server": ("feature_disabled", "OAuth server is disabled"),
    "custom providers": ("feature_disabled", "Custom OAuth providers are disabled"),
    "linking": ("manual_linking_disabled", "Manual linking is disabled"),
    "factors": ("mfa_factor_not_found", "Factor not found"),
}


FEATURES = {f"{method} /auth/v1{path}": feature for feature, _, method, path in DISABLED}


@pytest.mark.parametrize(
    "operation",
    [operation for operation in OPERATIONS if operation.availability == "disabled"],
    ids=lambda operation: operation.id,
)
def test_what_a_new_project_has_disabled_is_refused_as_gotrue_does(
    tmp_path: Path, operation: Operation
) -> None:
    expected = refusal(404, *OFF[FEATURES[operation.id]])
    assert_refused_after_the_caller(project(tmp_path), operation, expected)


@pytest.mark.parametrize("path", ["/factor", "/factors/x/y", "/admin/audits", "/oauth"])
def test_what_gotrue_has_not_either_is_not_found(tmp_path: Path, path: str) -> None:
    assert visitor(project(tmp_path)).get(f"/auth/v1{path}").status_code == 404


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?provider=github", "provider is not enabled"),
        ("?provider=GitHub&redirect_to=http://localhost:3000", "provider is not enabled"),
        ("?provider=nobody", "Provider nobody could not be found"),
        ("", "Provider  could not be found"),
    ],
)
def test_a_provider_that_is_not_enabled_is_refused(tmp_path: Path, query: str, why: str) -> None:
    answer = visitor(project(tmp_path)).get(f"/auth/v1/authorize{query}")
    assert error(answer) == refusal(400, "validation_failed", f"Unsupported provider: {why}")


def test_coverage_does_not_ask_for_what_is_not_built(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    signed_in(emulator).post("/auth/v1/factors")
    view = emulator.client().get("/_emulator/coverage").json()["operations"]
    asked = {each["operation"] for each in (*view["covered"], *view["missing"])}
    assert "POST /auth/v1/token" in asked
    assert not {each.id for each in OPERATIONS if each.availability != "built"} & asked
    assert "get_claim" not in asked
