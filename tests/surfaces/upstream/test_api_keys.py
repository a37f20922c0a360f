"""API keys of a workspace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    A_SECRET,
    A_UUID,
    ADA,
    AWAY_KEY,
    BO,
    BRIEF_KEY,
    BRIEF_SECRET,
    EPOCH,
    LAB,
    LIVE_KEY,
    NOBODY,
    REVOKED_KEY,
    SECRET,
    caller,
    invalid,
    problem,
    unseen,
    with_secret,
)
from tests.support.messages import golden

KEY_LIVE: dict[str, Any] = {
    "id": LIVE_KEY,
    "workspace_id": LAB,
    "name": "CI",
    "last_four": "live",
    "created_by": ADA,
    "created_at": EPOCH,
    "expires_at": None,
    "revoked_at": None,
    "rotated_at": None,
}
KEY_BRIEF: dict[str, Any] = {
    **KEY_LIVE,
    "id": BRIEF_KEY,
    "name": "Brief",
    "last_four": "soon",
    "created_by": BO,
    "expires_at": "2026-01-02T00:00:00Z",
}
KEY_REVOKED: dict[str, Any] = {
    **KEY_LIVE,
    "id": REVOKED_KEY,
    "name": "Old",
    "last_four": "gone",
    "revoked_at": EPOCH,
}


def forbidden(deed: str) -> dict[str, Any]:
    """Return what a member is told."""
    message = golden("all", "forbidden", f"member-{deed}-api-keys")
    return {"detail": problem("forbidden", message)}


@pytest.mark.parametrize("name", ["ada", "bo"])
def test_owners_and_admins_see_every_key_without_its_secret(scene: Emulator, name: str) -> None:
    answer = caller(scene, name).get("/api/api-keys")
    listed = {"items": [KEY_REVOKED, KEY_BRIEF, KEY_LIVE], "next_cursor": None}
    assert (answer.status_code, answer.json()) == (200, listed)


def test_a_new_key_shows_its_secret_once(scene: Emulator) -> None:
    bo = caller(scene, "bo")
    answer = bo.post("/api/api-keys", json={"name": "New"})
    issued = {
        **KEY_LIVE,
        "id": A_UUID,
        "name": "New",
        "created_by": BO,
        "secret": A_SECRET,
        "last_four": answer.json()["secret"][-4:],
    }
    assert (answer.status_code, answer.json()) == (201, issued)
    listed = bo.get("/api/api-keys?limit=1").json()["items"]
    assert listed == [{name: issued[name] for name in KEY_LIVE}]
    assert with_secret(scene, answer.json()["secret"]).get("/api/me").json()["id"] == BO


def test_a_new_key_is_good_until_its_expiry(scene: Emulator) -> None:
    said = {"name": "Brief", "expires_at": "2026-01-01T02:00:00+01:00"}
    issued = caller(scene, "ada").post("/api/api-keys", json=said).json()
    assert issued["expires_at"] == "2026-01-01T01:00:00Z"
    key = with_secret(scene, issued["secret"])
    for seconds, status in ((3599, 200), (1, 401)):
        scene.client().post("/_emulator/clock/advance", json={"seconds": seconds})
        assert key.get("/api/me").status_code == status


@pytest.mark.parametrize(
    ("expires_at", "message"),
    [
        (EPOCH, golden("all", "validation_error", "key-would-be-expired")),
        ("2026-01-02T00:00:00", None),
        ("P1D", None),
        ("9999-12-31T23:59:59-14:00", golden("all", "validation_error", "time-out-of-range")),
    ],
)
def test_an_expiry_must_lie_ahead(scene: Emulator, expires_at: str, message: str | None) -> None:
    said = {"name": "x", "expires_at": expires_at}
    answer = caller(scene, "ada").post("/api/api-keys", json=said)
    why = message or answer.json()["detail"]["details"]["errors"][0]["message"]
    whole = why if expires_at == EPOCH else None
    expected = {"detail": invalid(("expires_at", why), message=whole)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_rotating_gives_a_new_secret_under_the_same_id_and_ends_the_old(
    scene: Emulator,
) -> None:
    scene.client().post("/_emulator/clock/advance", json={"seconds": 1})
    answer = caller(scene, "bo").post(f"/api/api-keys/{LIVE_KEY}/rotate")
    secret = answer.json()["secret"]
    rotated = {
        **KEY_LIVE,
        "secret": A_SECRET,
        "last_four": secret[-4:],
        "rotated_at": "2026-01-01T00:00:01Z",
    }
    assert (answer.status_code, answer.json()) == (200, rotated)
    assert with_secret(scene, SECRET).get("/api/me").status_code == 401
    assert with_secret(scene, secret).get("/api/me").json()["id"] == ADA


def test_a_key_may_rotate_itself(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    answer = key.post(f"/api/api-keys/{LIVE_KEY}/rotate")
    assert (answer.status_code, key.get("/api/me").status_code) == (200, 401)


def test_a_revoked_key_is_listed_and_good_for_nothing(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    for _ in range(2):
        answer = ada.delete(f"/api/api-keys/{BRIEF_KEY}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert with_secret(scene, BRIEF_SECRET).get("/api/me").status_code == 401
    listed = ada.get("/api/api-keys").json()["items"]
    assert listed[1] == {**KEY_BRIEF, "revoked_at": EPOCH}


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_rotated(scene: Emulator, end: str) -> None:
    scene.client().post("/_emulator/clock/advance", json={"duration": "P2D"})
    key = REVOKED_KEY if end == "revoked" else BRIEF_KEY
    answer = caller(scene, "ada").post(f"/api/api-keys/{key}/rotate")
    message = golden("all", "conflict", "ended-key")
    assert (answer.status_code, answer.json()) == (409, {"detail": problem("conflict", message)})


def test_a_member_does_nothing_with_keys(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    for answer, deed in (
        (cy.get("/api/api-keys"), "sees"),
        (cy.post("/api/api-keys", json={"name": "x"}), "issues"),
        (cy.post(f"/api/api-keys/{LIVE_KEY}/rotate"), "rotates"),
        (cy.delete(f"/api/api-keys/{LIVE_KEY}"), "revokes"),
    ):
        assert (answer.status_code, answer.json()) == (403, forbidden(deed))


@pytest.mark.parametrize("key", [AWAY_KEY, NOBODY])
def test_a_foreign_and_an_unknown_key_are_the_same_404(scene: Emulator, key: str) -> None:
    ada = caller(scene, "ada")
    for answer in (
        ada.delete(f"/api/api-keys/{key}"),
        ada.post(f"/api/api-keys/{key}/rotate"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"detail": unseen("API key", key)})


def test_there_is_no_route_to_one_key(scene: Emulator) -> None:
    answer = caller(scene, "ada").get(f"/api/api-keys/{LIVE_KEY}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE")
