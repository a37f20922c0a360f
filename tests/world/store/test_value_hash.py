"""Hashes of values."""

from __future__ import annotations

from emulator.world.store.value_hash import hash_of


def test_a_hash_stays_as_it_is_from_version_to_version() -> None:
    assert hash_of(["é", 1, 1.0, None, [True]]) == "524bf3b3a6ff74471169159c92d9e126"


def test_values_that_utf_8_or_64_bits_do_not_hold_have_hashes_too() -> None:
    values = ["\ud800", "\ud801", 2**64, 2**64 + 1]
    assert len({hash_of([value]) for value in values}) == len(values)
