"""Uploads of runs by the CLI and test suites: idempotent by `client_run_id`, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

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
    has_fingerprint,
    require_consistent,
    require_project,
    stored_bytes,
)
from emulator.world.store import ids

Outcome = Literal["created", "updated", "unchanged"]


class Upload(NamedTuple):
    """A run of an upload; `path` is its place in the request body, with a trailing dot."""

    client_run_id: str
    content: RunContent
    path: str = ""
    pin: str | None = None
    """The id of the run, if a seed pins it."""


class Synced(NamedTuple):
    """A run after its upload, and the outcome."""

    run: Run
    outcome: Outcome
    added_bytes: int
    """The bytes by which its artifacts grew; negative if they shrank."""


def sync_runs(
    world: World,
    actor: Actor | Fixture,
    *,
    workspace: Workspace,
    uploads: Sequence[Upload],
    ignores_caps: bool = False,
) -> list[Synced]:
    """Create or update the uploaded runs, all or none, and return them in the order given.

    An existing run with the same content is unchanged; with other content it is updated, unless it
    is terminal or would return to an earlier status. Raises Forbidden, Invalid, Conflict,
    QuotaExceeded.
    """
    require_writer(world, actor)
    _require_valid(world, workspace, uploads)
    synced = [_sync(world, actor, workspace, upload) for upload in uploads]
    created = [result.run for result in synced if result.outcome == "created"]
    use(
        world,
        workspace,
        runs=len(created),
        storage_bytes=sum(result.added_bytes for result in synced),
        ignores_caps=ignores_caps,
    )
    world.extend(Run, created)
    for result in synced:
        if result.outcome == "updated":
            world.put(result.run)
    changed = [result for result in synced if result.outcome != "unchanged"]
    world.extend(AuditEntry, [_audit_entry(world, actor, result) for result in changed])
    return synced


def _require_valid(world: World, workspace: Workspace, uploads: Sequence[Upload]) -> None:
    """Raise Invalid if an upload contradicts itself, another upload or the workspace."""
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
        require_consistent(upload.content, path=upload.path)
        require_project(
            world, workspace, upload.content.project_id, path=f"{upload.path}project_id"
        )


def _sync(world: World, actor: Actor | Fixture, workspace: Workspace, upload: Upload) -> Synced:
    existing = world.find(Run, "client", (workspace.id, upload.client_run_id))
    content = upload.content
    if existing is not None:
        if has_fingerprint(existing, content):
            return Synced(run=existing, outcome="unchanged", added_bytes=0)
        _require_open(existing, content)
    run_id = existing.id if existing else upload.pin
    if run_id is None:
        run_id = run_id_of(world, workspace, upload.client_run_id)
    elif existing is None and world.get(Run, run_id) is not None:
        raise Conflict(f"A run with the id {run_id} exists; leave the id out or pin another.")
    started = content.started_at
    run = build_run(
        world,
        run_id=run_id,
        workspace_id=workspace.id,
        client_run_id=upload.client_run_id,
        content=content,
        created_by=actor.user_id,
        created_at=existing.created_at if existing else (world.now if started is None else started),
        ordinal=0,
        revision=existing.revision + 1 if existing else 1,
    )
    return Synced(
        run=run,
        outcome="updated" if existing else "created",
        added_bytes=stored_bytes(run) - (stored_bytes(existing) if existing else 0),
    )


def run_id_of(world: World, workspace: Workspace, client_run_id: str) -> str:
    """Return the id of an uploaded run, which does not depend on the order of uploads."""
    return ids.as_uuid(world.derive("synced run", workspace.id, client_run_id))


def _require_open(existing: Run, content: RunContent) -> None:
    if RANK[existing.status] == RANK["succeeded"]:
        raise Conflict(
            f"Run {existing.client_run_id!r} is {existing.status} and was uploaded with other "
            "content; use a new client_run_id."
        )
    if RANK[content.status] < RANK[existing.status]:
        raise Conflict(
            f"Run {existing.client_run_id!r} is {existing.status} "
            f"and cannot become {content.status}."
        )


def _audit_entry(world: World, actor: Actor | Fixture, result: Synced) -> AuditEntry:
    run = result.run
    return audit_entry(
        world,
        actor,
        f"run.synced.{result.outcome}",
        run,
        workspace_id=run.workspace_id,
        entry_id=_audit_id(world, run),
        ordinal=0,
    )


def _audit_id(world: World, run: Run) -> str:
    """Return an id that depends only on the run's own history.

    A run that was deleted and uploaded again restarts at revision 1, so it takes the next free id.
    """
    entry_id = ids.as_uuid(world.derive("sync audit", run.id, run.revision))
    attempt = 0
    while world.get(AuditEntry, entry_id) is not None:
        attempt += 1
        entry_id = ids.as_uuid(world.derive("sync audit", run.id, run.revision, attempt))
    return entry_id
