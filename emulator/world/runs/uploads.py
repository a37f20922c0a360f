"""Uploads of the CLI and of test suites: idempotent by `client_run_id`, independent of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from emulator.world.core.access import Actor, Fixture, require_writer
from emulator.world.core.audit import audit_entry
from emulator.world.core.refusals import Conflict, Invalid
from emulator.world.core.world import World
from emulator.world.metering.quota import use
from emulator.world.records.runs import Run
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import Workspace
from emulator.world.runs.runs import (
    RANK,
    RunContent,
    build_run,
    fingerprint,
    require_project,
    require_sense,
    stored_bytes,
)
from emulator.world.store import ids

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One run of an upload; `path` is where it stood in the body, with a dot at the end."""

    client_run_id: str
    content: RunContent
    path: str = ""
    pin: str | None = None
    """The id that the run shall have, where a seed pins it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A run after its upload, and what the upload did to it."""

    run: Run
    outcome: Outcome
    added_bytes: int
    """How much more its artifacts take than before; below zero where it is less."""


def sync_runs(
    world: World,
    actor: Actor | Fixture,
    *,
    workspace: Workspace,
    uploads: Sequence[Upload],
    ignores_caps: bool = False,
) -> list[Synced]:
    """Bring every uploaded run in, all or none, and return them in the order they came in.

    A known run with the same content is left as it is; with other content it is updated unless it
    is terminal or would go backwards. Refuses Invalid, Conflict, QuotaExceeded.
    """
    require_writer(world, actor)
    seen: set[str] = set()
    pinned: set[str] = set()
    for upload in uploads:
        if upload.client_run_id in seen:
            raise Invalid(
                f"{upload.path}client_run_id",
                f"{upload.client_run_id!r} is given twice in this upload; send each run once.",
            )
        seen.add(upload.client_run_id)
        if upload.pin is not None:
            if upload.pin in pinned:
                raise Invalid(f"{upload.path}id", f"{upload.pin} is given twice in this upload.")
            pinned.add(upload.pin)
        require_sense(upload.content, path=upload.path)
        require_project(
            world, workspace, upload.content.project_id, path=f"{upload.path}project_id"
        )
    synced = [_synced(world, actor, workspace, upload) for upload in uploads]
    created = [one.run for one in synced if one.outcome == "created"]
    use(
        world,
        workspace,
        runs=len(created),
        storage_bytes=sum(one.added_bytes for one in synced),
        ignores_caps=ignores_caps,
    )
    world.extend(Run, created)
    for one in synced:
        if one.outcome == "updated":
            world.put(one.run)
    entries = [_audit(world, actor, one) for one in synced if one.outcome != "unchanged"]
    world.extend(AuditEntry, entries)
    return synced


def _synced(world: World, actor: Actor | Fixture, workspace: Workspace, upload: Upload) -> Synced:
    known = world.find(Run, "client", (workspace.id, upload.client_run_id))
    content = upload.content
    if known is not None:
        if known.content == fingerprint(content):
            return Synced(run=known, outcome="unchanged", added_bytes=0)
        _require_open(known, content)
    run_id = known.id if known else upload.pin
    if run_id is None:
        run_id = run_id_of(world, workspace, upload.client_run_id)
    elif known is None and world.get(Run, run_id) is not None:
        raise Conflict(f"A run with the id {run_id} exists; leave the id out or pin another.")
    started = content.started_at
    run = build_run(
        world,
        run_id=run_id,
        workspace_id=workspace.id,
        client_run_id=upload.client_run_id,
        content=content,
        created_by=actor.user_id,
        created_at=known.created_at if known else (world.now if started is None else started),
        ordinal=0,
        revision=known.revision + 1 if known else 1,
    )
    return Synced(
        run=run,
        outcome="updated" if known else "created",
        added_bytes=stored_bytes(run) - (stored_bytes(known) if known else 0),
    )


def run_id_of(world: World, workspace: Workspace, client_run_id: str) -> str:
    """Return the id that a synced run has, whenever it comes."""
    return ids.as_uuid(world.derive("synced run", workspace.id, client_run_id))


def _require_open(known: Run, content: RunContent) -> None:
    if RANK[known.status] == RANK["succeeded"]:
        raise Conflict(
            f"Run {known.client_run_id!r} is {known.status} and was uploaded with other content; "
            "use a new client_run_id."
        )
    if RANK[content.status] < RANK[known.status]:
        raise Conflict(
            f"Run {known.client_run_id!r} is {known.status} and cannot become {content.status}."
        )


def _audit(world: World, actor: Actor | Fixture, one: Synced) -> AuditEntry:
    run = one.run
    return audit_entry(
        world,
        actor,
        f"run.synced.{one.outcome}",
        run,
        workspace_id=run.workspace_id,
        entry_id=_audit_id(world, run),
        ordinal=0,
    )


def _audit_id(world: World, run: Run) -> str:
    """Return an id that depends on the run's own past alone; one that was deleted and came again
    begins anew at revision 1 and so takes the next.
    """
    entry_id = ids.as_uuid(world.derive("sync audit", run.id, run.revision))
    again = 0
    while world.get(AuditEntry, entry_id) is not None:
        again += 1
        entry_id = ids.as_uuid(world.derive("sync audit", run.id, run.revision, again))
    return entry_id
