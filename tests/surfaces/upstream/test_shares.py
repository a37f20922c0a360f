"""Public shares of runs."""

from __future__ import annotations

import pytest

from tests.support.checked_client import ORIGIN, Emulator
from tests.support.expected_views import PUBLIC, SHARE_LIVE, SHARE_REVOKED
from tests.support.fixture_seed import (
    A_TOKEN,
    A_UUID,
    AWAY_RUN,
    AWAY_SHARE,
    DONE,
    LIVE_SHARE,
    NOBODY,
    SECRET,
    caller,
    invalid,
    unseen,
    with_secret,
)


def test_shares_are_listed_with_their_links_the_revoked_ones_too(scene: Emulator) -> None:
    for client in (with_secret(scene, SECRET), caller(scene, "cy")):
        answer = client.get("/api/shares")
        listed = {"items": [SHARE_REVOKED, SHARE_LIVE], "next_cursor": None}
        assert (answer.status_code, answer.json()) == (200, listed)


def test_any_member_shares_a_run_for_thirty_days(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    answer = cy.post("/api/shares", json={"run_id": DONE})
    token = answer.json()["token"]
    made = {
        **SHARE_LIVE,
        "id": A_UUID,
        "token": A_TOKEN,
        "url": f"{ORIGIN}/api/public/r/{token}",
    }
    assert (answer.status_code, answer.json()) == (201, made)
    assert cy.get("/api/shares?limit=1").json()["items"] == [answer.json()]
    shown = scene.client().get(f"/api/public/shares/{token}")
    assert (shown.status_code, shown.json()) == (200, PUBLIC)


def test_anyone_sees_the_public_safe_fields_behind_a_token(scene: Emulator) -> None:
    answer = scene.client().get("/api/public/shares/share-live-token")
    assert (answer.status_code, answer.json()) == (200, PUBLIC)


def test_a_share_shows_the_run_as_it_was(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    run = {"client_run_id": "live", "adapter_id": "a", "task": "eval", "name": "before"}
    run_id = key.post("/api/sync/runs", json=run).json()["id"]
    token = key.post("/api/shares", json={"run_id": run_id}).json()["token"]
    key.post("/api/sync/runs", json={**run, "name": "after"})
    assert key.get(f"/api/runs/{run_id}").json()["name"] == "after"
    shown = scene.client().get(f"/api/public/shares/{token}").json()
    assert shown["run"]["name"] == "before"


def test_a_share_ends_when_the_clock_passes_its_expiry(scene: Emulator) -> None:
    anyone = scene.client()
    ada = caller(scene, "ada")
    token = ada.post("/api/shares", json={"run_id": DONE, "ttl_seconds": 60}).json()["token"]
    path = f"/api/public/shares/{token}"
    for seconds, status in ((59, 200), (1, 404)):
        anyone.post("/_emulator/clock/advance", json={"seconds": seconds})
        assert anyone.get(path).status_code == status
    assert anyone.get(path).json() == {"detail": unseen("share", token)}
    assert anyone.get("/api/public/shares/share-live-token").status_code == 200
    anyone.post("/_emulator/clock/advance", json={"duration": "P30D"})
    assert anyone.get("/api/public/shares/share-live-token").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (59, "Input should be greater than or equal to 60"),
        (0, "Input should be greater than or equal to 60"),
        (365 * 86400 + 1, "Input should be less than or equal to 31536000"),
        (60.5, "Input should be a valid integer, got a number with a fractional part"),
    ],
)
def test_a_share_lives_between_a_minute_and_a_year(
    scene: Emulator, seconds: float, message: str
) -> None:
    said = {"run_id": DONE, "ttl_seconds": seconds}
    answer = caller(scene, "ada").post("/api/shares", json=said)
    expected = {"detail": invalid(("ttl_seconds", message))}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_share_of_a_year_is_made(scene: Emulator) -> None:
    said = {"run_id": DONE, "ttl_seconds": 365 * 86400}
    answer = caller(scene, "ada").post("/api/shares", json=said)
    assert answer.json()["expires_at"] == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("run_id", [AWAY_RUN, NOBODY, ""])
def test_a_foreign_run_is_not_shared(scene: Emulator, run_id: str) -> None:
    answer = caller(scene, "ada").post("/api/shares", json={"run_id": run_id})
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("run", run_id)})


def test_a_revoked_share_is_closed_for_good_and_twice_is_once(scene: Emulator) -> None:
    scene.client().post("/_emulator/clock/advance", json={"seconds": 1})
    cy = caller(scene, "cy")
    closed = {**SHARE_LIVE, "revoked_at": "2026-01-01T00:00:01Z"}
    for _ in range(2):
        answer = cy.post(f"/api/shares/{LIVE_SHARE}/revoke")
        assert (answer.status_code, answer.json()) == (200, closed)
        scene.client().post("/_emulator/clock/advance", json={"seconds": 1})
    assert scene.client().get("/api/public/shares/share-live-token").status_code == 404


@pytest.mark.parametrize("token", ["share-gone-token", "unknown", "share-live-token~"])
def test_a_token_that_opens_nothing_is_the_same_404(scene: Emulator, token: str) -> None:
    answer = scene.client().get(f"/api/public/shares/{token}")
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("share", token)})


@pytest.mark.parametrize("share_id", [AWAY_SHARE, NOBODY])
def test_a_foreign_share_is_not_revoked(scene: Emulator, share_id: str) -> None:
    answer = caller(scene, "ada").post(f"/api/shares/{share_id}/revoke")
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("share", share_id)})
