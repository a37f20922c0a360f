"""Paths of control that name a world."""

from __future__ import annotations

import pytest

from emulator.wire.world_address import control_path_of


@pytest.mark.parametrize(
    ("path", "without"),
    [
        ("/_emulator/worlds/one/mail", "/_emulator/mail"),
        ("/_emulator/worlds/one/mail/m/html", "/_emulator/mail/m/html"),
        ("/_emulator/worlds/one/requests/1/fork", "/_emulator/requests/1/fork"),
        ("/_emulator/worlds/one/webhooks/own/hold", "/_emulator/webhooks/own/hold"),
    ],
)
def test_a_path_in_a_world_is_that_path_and_the_world(path: str, without: str) -> None:
    assert control_path_of(path) == (without, "one")


@pytest.mark.parametrize(
    "path",
    [
        "/_emulator/mail",
        "/_emulator/worlds",
        "/_emulator/worlds/",
        "/_emulator/worlds/one",
        "/_emulator/worlds/one/",
        "/_emulator/worlds/one/reset",
        "/_emulator/worlds/one/fork",
        "/_emulator/worlds/one/worlds",
        "/_emulator/worlds/one/worlds/two/mail",
        "/_emulator/worlds/one/export",
        "/_emulator/worlds/one/import",
        "/api/runs",
    ],
)
def test_operations_on_worlds_and_other_paths_name_none(path: str) -> None:
    assert control_path_of(path) == (path, None)
