"""Pins: the ids, secrets, tokens and memberships that a seed may contain only once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.world.core.refusals import Invalid

if TYPE_CHECKING:
    from emulator.seeding.schema import Seed, SeedWorkspace

Pin = tuple[str, str, str | None]
"""The path of a pin, what it pins, and its value."""


def require_unique_pins(seed: Seed) -> None:
    """Raise Invalid at the second of two equal pins, which would replace the first."""
    first: dict[tuple[str, str], str] = {}
    for path, kind, value in _pins(seed):
        if value is None:
            continue
        if (kind, value) in first:
            what = path.rpartition(".")[2]
            raise Invalid(path, f"This {what} is already used at {first[kind, value]}.")
        first[kind, value] = path


def _pins(seed: Seed) -> Iterator[Pin]:
    for place, user in enumerate(seed.users):
        yield f"users.{place}.id", "user", user.id
    for place, workspace in enumerate(seed.workspaces):
        path = f"workspaces.{place}"
        yield f"{path}.id", "workspace", workspace.id
        yield from _pins_within(workspace, path)


def _pins_within(workspace: SeedWorkspace, path: str) -> Iterator[Pin]:
    for place, member in enumerate(workspace.members):
        yield f"{path}.members.{place}.user", "member", f"{path} {member.user}"
    for place, project in enumerate(workspace.projects):
        yield f"{path}.projects.{place}.id", "project", project.id
    for place, run in enumerate(workspace.runs):
        yield f"{path}.runs.{place}.id", "run", run.id
    for place, key in enumerate(workspace.api_keys):
        yield f"{path}.api_keys.{place}.id", "key", key.id
        yield f"{path}.api_keys.{place}.secret", "secret", key.secret
    for place, share in enumerate(workspace.shares):
        yield f"{path}.shares.{place}.id", "share", share.id
        yield f"{path}.shares.{place}.token", "token", share.token
