"""A world's state as a value: transactions, forks, snapshots."""

from __future__ import annotations

import pytest

from emulator.world.core.refusals import Refusal, ReusedRefreshToken
from emulator.world.core.world import World
from emulator.world.metering.plans import PLANS
from emulator.world.records.identity import User
from emulator.world.records.system import AuditEntry, Clock
from emulator.world.records.tables import TABLES
from emulator.world.records.workspaces import Plan, Workspace
from tests.support.world_builder import EPOCH, account, begin, open_lab, state_of


class BrokenError(Exception):
    """Something that is no refusal."""


@pytest.mark.parametrize("kind", [Refusal("no"), BrokenError()], ids=["refusal", "bug"])
def test_a_transaction_that_refuses_or_breaks_puts_the_state_back(kind: Exception) -> None:
    world = begin()
    before = world.state
    with pytest.raises(type(kind)), world.transaction():
        account(world, "ada")
        raise kind
    assert world.state is before


def test_a_transaction_whose_refusal_commits_keeps_what_was_written() -> None:
    world = begin()
    with pytest.raises(ReusedRefreshToken), world.transaction():
        account(world, "ada")
        raise ReusedRefreshToken
    assert world.find(User, "email", "ada@x.test") is not None


def test_a_transaction_that_ends_well_keeps_what_was_written() -> None:
    world = begin()
    with world.transaction():
        account(world, "ada")
    assert world.find(User, "email", "ada@x.test") is not None


def test_neither_a_fork_nor_its_parent_feels_the_others_writes() -> None:
    parent = begin()
    account(parent, "ada")
    fork = World("fork", parent.state)
    shared = state_of(parent)
    account(fork, "bo")
    assert (state_of(parent), parent.find(User, "email", "bo@x.test")) == (shared, None)
    account(parent, "cy")
    assert fork.find(User, "email", "cy@x.test") is None
    assert fork.find(User, "email", "bo@x.test") is not None


def test_a_fork_shares_its_parents_tables_until_it_writes() -> None:
    parent = begin()
    account(parent, "ada")
    fork = World("fork", parent.state)
    assert fork.state is parent.state
    account(fork, "bo")
    shared = [
        spec.name
        for spec in TABLES
        if fork.state.tables[spec.record] is parent.state.tables[spec.record]
    ]
    written = {"users", "ordinals"}
    assert set(shared) == {spec.name for spec in TABLES} - written


def test_a_state_that_was_kept_can_be_put_back() -> None:
    world = begin()
    kept, digest = world.state, state_of(world)
    account(world, "ada")
    world.state = kept
    assert (state_of(world), world.find(User, "email", "ada@x.test")) == (digest, None)
    one = account(world, "ada")
    world.state = kept
    assert account(world, "ada") == one


def test_an_empty_world_holds_its_clock_its_origin_its_settings_and_the_plans_alone() -> None:
    counts = {spec.name: len(begin().state.tables[spec.record]) for spec in TABLES}
    held = {name: count for name, count in counts.items() if count}
    assert held == {"clock": 1, "origin": 1, "auth_settings": 1, "plans": len(PLANS)}
    assert begin().all(Plan, "all", ()) == list(PLANS)


def test_expecting_what_is_not_there_is_a_bug() -> None:
    with pytest.raises(KeyError, match="Workspace nothing"):
        begin().expect(Workspace, "nothing")


def test_a_records_time_is_the_worlds() -> None:
    world = begin()
    world.put(Clock(now=EPOCH + 5))
    assert world.expect(User, account(world, "ada").user_id).created_at == EPOCH + 5


def test_audit_entries_say_who_did_what_to_which_record() -> None:
    lab = open_lab()
    entries = lab.world.all(AuditEntry, "workspace", lab.lab.id)
    said = [
        (one.action, one.target_kind, one.target_id, one.user_id, one.api_key_id) for one in entries
    ]
    assert said == [("workspace.created", "Workspace", lab.lab.id, lab.ada.user_id, None)]
    assert (entries[0].created_at, entries[0].ordinal) == (EPOCH, 1)


def test_every_table_has_a_name_and_a_record_of_its_own() -> None:
    assert len({spec.name for spec in TABLES}) == len({spec.record for spec in TABLES})
    assert len({spec.name for spec in TABLES}) == len(TABLES)


def test_the_name_of_a_world_is_no_part_of_its_state() -> None:
    one = World.begin(name="one", entropy="e", epoch=0)
    assert state_of(one) == state_of(World.begin(name="two", entropy="e", epoch=0))
    assert state_of(one) != state_of(World.begin(name="one", entropy="f", epoch=0))
    assert state_of(one) != state_of(World.begin(name="one", entropy="e", epoch=1))
