"""What GoTrue has and the emulator has not, and providers, of which none is enabled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.surfaces.supabase.disabled_features import SWITCHED_OFF
from emulator.surfaces.supabase.not_implemented import ABSENT, Asks
from tests.support.gotrue import admin, error, project, refusal, signed_in, visitor
from tests.support.messages import golden

ROWS = [(asks, method, path) for asks, rows in ABSENT.items() for method, path in rows]
IDS = [f"{method} {path}" for _, method, path in ROWS]
CLIENTS = {"nobody": visitor, "user": signed_in, "admin": admin}


@pytest.mark.parametrize(("asks", "method", "path"), ROWS, ids=IDS)
def test_what_is_not_built_yet_says_its_name(
    tmp_path: Path, asks: Asks, method: str, path: str
) -> None:
    emulator = project(tmp_path)
    url = "/auth/v1" + re.sub(r"[{}]", "", path)
    message = golden(
        "all", "not_implemented", "operation-is-not-built", name=f"{method} /auth/v1{path}"
    )
    answer = CLIENTS[asks](emulator).request(method, url)
    assert error(answer) == refusal(501, "not_implemented", message)
    if asks == "admin":
        assert error(signed_in(emulator).request(method, url))[:2] == (403, "not_admin")
    if asks == "user":
        assert error(visitor(emulator).request(method, url))[:2] == (403, "bad_jwt")


OFF = {
    "SAML": ("saml_provider_disabled", "SAML 2.0 is disabled"),
    "passkeys": ("passkey_disabled", "Passkeys are disabled"),
    "OAuth server": ("feature_disabled", "OAuth server is disabled"),
    "custom providers": ("feature_disabled", "Custom OAuth providers are disabled"),
    "linking": ("manual_linking_disabled", "Manual linking is disabled"),
    "factors": ("mfa_factor_not_found", "Factor not found"),
}


@pytest.mark.parametrize(
    ("feature", "asks", "method", "path"),
    SWITCHED_OFF,
    ids=[f"{method} {path}" for _, _, method, path in SWITCHED_OFF],
)
def test_what_a_new_project_has_switched_off_is_refused_as_gotrue_does(
    tmp_path: Path, feature: str, asks: Asks, method: str, path: str
) -> None:
    emulator = project(tmp_path)
    url = "/auth/v1" + re.sub(r"[{}]", "", path)
    answer = CLIENTS[asks](emulator).request(method, url)
    assert error(answer) == refusal(404, *OFF[feature])
    if asks == "admin":
        assert error(signed_in(emulator).request(method, url))[:2] == (403, "not_admin")
    if asks == "user":
        assert error(visitor(emulator).request(method, url))[:2] == (403, "bad_jwt")


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
    asked = {*view["met"], *view["never"]}
    assert "POST /auth/v1/token" in asked
    assert not {f"{method} /auth/v1{path}" for _, method, path in ROWS} & asked
    assert not {f"{method} /auth/v1{path}" for _, _, method, path in SWITCHED_OFF} & asked
    assert "get_claim" not in asked
