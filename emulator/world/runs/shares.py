"""Public shares: a frozen, public-safe snapshot of a run behind an expiring, revocable token."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from emulator.world.core.access import Actor, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.metering.quota import require_room
from emulator.world.records.runs import Run, Share
from emulator.world.records.types import Instant, JsonText
from emulator.world.records.workspaces import Workspace
from emulator.world.store import ids

TTL_SECONDS_DEFAULT = 30 * 86_400
"""Assumed: shares are "expiring" (glossary), after how long is said nowhere."""

TTL_SECONDS_MAX = 365 * 86_400
"""Assumed: the longest life of a share is a year."""


def open_share(
    world: World,
    actor: Actor,
    *,
    run: Run,
    expires_at: Instant,
    token: str | None = None,
    pin: str | None = None,
) -> Share:
    """Publish the run as it is now. `token` and `pin` (the id) are for seeds.

    Refuses QuotaExceeded.
    """
    require_writer(world, actor)
    require_room(world, world.expect(Workspace, run.workspace_id), "shares")
    share_id, ordinal = world.new_id("share", pin=pin)
    share = Share(
        id=share_id,
        workspace_id=run.workspace_id,
        run_id=run.id,
        token=token or ids.as_base62(world.derive("share token", ordinal), length=32),
        snapshot=_snapshot(run),
        created_by=actor.user_id,
        created_at=world.now,
        ordinal=ordinal,
        expires_at=expires_at,
        revoked_at=None,
    )
    world.put(share)
    record_audit(world, actor, "share.created", share, workspace_id=share.workspace_id)
    return share


def _snapshot(run: Run) -> JsonText:
    """Docs: "hosted shares expose public-safe DTO fields rather than raw private payloads".

    Assumed: ids, cost, manifest, log and unknown members are private.
    """
    public: dict[str, Any] = {
        "name": run.name,
        "adapter_id": run.adapter_id,
        "task": run.task,
        "environment": run.environment,
        "runtime": run.runtime,
        "status": run.status,
        "metrics": json.loads(run.metrics),
        "artifacts": [
            {
                "name": artifact.name,
                "media_type": artifact.media_type,
                "size_bytes": artifact.size_bytes,
                "sha256": artifact.sha256,
            }
            for artifact in run.artifacts
        ],
        "started_at": None if run.started_at is None else to_text(run.started_at),
        "finished_at": None if run.finished_at is None else to_text(run.finished_at),
        "duration_seconds": run.duration_seconds,
    }
    return json_text(public)


def revoke_share(world: World, actor: Actor, *, share: Share) -> Share:
    """Close the link for good; one that is revoked already stays as it is."""
    require_writer(world, actor)
    if share.revoked_at is None:
        share = replace(share, revoked_at=world.now)
        world.put(share)
        record_audit(world, actor, "share.revoked", share, workspace_id=share.workspace_id)
    return share


def open_to_all(world: World, token: str) -> Share:
    """Return the share that anyone may read under `token`.

    Refuses NotFound alike for a revoked, an expired and an unknown token.
    """
    share = world.find(Share, "token", token)
    if share is None or share.revoked_at is not None or share.expires_at <= world.now:
        raise NotFound("share", token)
    return share
