"""API keys: shown once, kept as a hash, bound to one workspace."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

import pytest

from emulator.world import lifecycle
from emulator.world.core.access import Actor
from emulator.world.core.refusals import BadKey, Conflict, Forbidden, Invalid
from emulator.world.core.times import DAY, SECOND
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import ApiKey, Member
from emulator.world.workspaces import api_keys
from tests.support.world_builder import EPOCH, Lab, open_lab, state_of


def issue(lab: Lab, actor: Actor | None = None, **said: int | None) -> tuple[ApiKey, str]:
    """Issue a key for the lab, as Bo unless said otherwise."""
    return api_keys.issue_key(
        lab.world,
        actor or lab.bo,
        workspace=lab.lab,
        name="CI",
        expires_at=said.get("expires_at"),
    )


def actions(lab: Lab, count: int) -> list[str]:
    """Return what was done last in the lab, newest first."""
    entries = lab.world.newest(AuditEntry, "workspace", lab.lab.id, limit=count)
    return [one.action for one in entries]


def test_of_a_key_only_a_hash_and_the_last_four_are_kept() -> None:
    lab = open_lab()
    key, secret = issue(lab)
    assert (secret[:4], len(secret), secret[4:].isalnum()) == ("wbx_", 44, True)
    assert asdict(key) == {
        "id": key.id,
        "workspace_id": lab.lab.id,
        "user_id": lab.bo.user_id,
        "name": "CI",
        "secret_hash": sha256(secret.encode()).hexdigest(),
        "last_four": secret[-4:],
        "created_at": EPOCH,
        "ordinal": 1,
        "expires_at": None,
        "revoked_at": None,
        "rotated_at": None,
    }
    assert issue(lab)[1] != secret


def test_a_key_acts_as_its_issuer_in_its_one_workspace() -> None:
    lab = open_lab()
    key, secret = issue(lab)
    assert api_keys.key_actor(lab.world, secret) == Actor(
        user_id=lab.bo.user_id, api_key_id=key.id, workspace_id=lab.lab.id
    )


def test_an_unknown_secret_is_refused() -> None:
    with pytest.raises(BadKey):
        api_keys.key_actor(open_lab().world, "wbx_unknown")


def test_a_key_is_good_until_its_expiry_and_not_then() -> None:
    lab = open_lab()
    key, secret = issue(lab, expires_at=EPOCH + DAY)
    lifecycle.move(lab.world, to=lab.world.now + DAY - 1)
    assert api_keys.key_actor(lab.world, secret).api_key_id == key.id
    lifecycle.move(lab.world, to=lab.world.now + 1)
    with pytest.raises(BadKey):
        api_keys.key_actor(lab.world, secret)


@pytest.mark.parametrize("late", [0, 1])
def test_a_key_that_would_be_expired_already_is_refused(late: int) -> None:
    with pytest.raises(Invalid) as refused:
        issue(open_lab(), expires_at=EPOCH - late)
    assert refused.value.path == "expires_at"


def test_rotating_keeps_the_id_and_ends_the_old_secret_at_once() -> None:
    lab = open_lab()
    key, old = issue(lab)
    lifecycle.move(lab.world, to=lab.world.now + SECOND)
    rotated, new = api_keys.rotate_key(lab.world, lab.ada, key=key)
    assert rotated == lab.world.expect(ApiKey, key.id)
    assert (rotated.rotated_at, rotated.created_at, rotated.user_id) == (
        EPOCH + SECOND,
        EPOCH,
        lab.bo.user_id,
    )
    assert api_keys.key_actor(lab.world, new).api_key_id == key.id
    with pytest.raises(BadKey):
        api_keys.key_actor(lab.world, old)
    assert actions(lab, 2) == ["api_key.rotated", "api_key.issued"]


def test_revoking_is_for_good_and_twice_is_once() -> None:
    lab = open_lab()
    key, secret = issue(lab)
    api_keys.revoke_key(lab.world, lab.ada, key=key)
    before = state_of(lab.world)
    api_keys.revoke_key(lab.world, lab.ada, key=lab.world.expect(ApiKey, key.id))
    assert state_of(lab.world) == before
    with pytest.raises(BadKey):
        api_keys.key_actor(lab.world, secret)


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_rotated(end: str) -> None:
    lab = open_lab()
    key, _ = issue(lab, expires_at=EPOCH + DAY)
    if end == "revoked":
        api_keys.revoke_key(lab.world, lab.ada, key=key)
    else:
        lifecycle.move(lab.world, to=lab.world.now + DAY)
    with pytest.raises(Conflict):
        api_keys.rotate_key(lab.world, lab.ada, key=lab.world.expect(ApiKey, key.id))


def test_a_member_neither_issues_rotates_nor_revokes() -> None:
    lab = open_lab()
    key, _ = issue(lab)
    before = state_of(lab.world)
    with pytest.raises(Forbidden):
        issue(lab, lab.cy)
    with pytest.raises(Forbidden):
        api_keys.rotate_key(lab.world, lab.cy, key=key)
    with pytest.raises(Forbidden):
        api_keys.revoke_key(lab.world, lab.cy, key=key)
    assert state_of(lab.world) == before


def test_a_key_ends_with_its_issuers_membership() -> None:
    lab = open_lab()
    _, secret = issue(lab)
    lab.world.remove(lab.world.expect(Member, f"{lab.lab.id}:{lab.bo.user_id}"))
    with pytest.raises(BadKey):
        api_keys.key_actor(lab.world, secret)
