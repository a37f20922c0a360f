"""Public shares: a snapshot of a run behind a token that expires and can be revoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.world.core.access import Actor, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_object, json_text
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import text_or_none
from emulator.world.core.world import World
from emulator.world.metering.quota import require_room
from emulator.world.records.runs import Artifact, Run, Share
from emulator.world.records.types import Instant, JsonText
from emulator.world.records.workspaces import Workspace
from emulator.world.store import ids

TTL_SECONDS_DEFAULT = 30 * 86_400
"""Assumed: the glossary calls shares "expiring", but their default lifetime is not documented."""

TTL_SECONDS_MAX = 365 * 86_400
"""Assumed: a share lasts a year at most, since its longest lifetime is not documented."""


PUBLIC_ARTIFACT_FIELDS = ("name", "media_type", "size_bytes", "sha256")


def _as_stored(value: Any) -> Any:
    return value


def _public_artifacts(artifacts: tuple[Artifact, ...]) -> list[dict[str, Any]]:
    return [
        {name: getattr(artifact, name) for name in PUBLIC_ARTIFACT_FIELDS} for artifact in artifacts
    ]


PUBLIC_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "name": _as_stored,
    "adapter_id": _as_stored,
    "task": _as_stored,
    "environment": _as_stored,
    "runtime": _as_stored,
    "status": _as_stored,
    "metrics": json_object,
    "artifacts": _public_artifacts,
    "started_at": text_or_none,
    "finished_at": text_or_none,
    "duration_seconds": _as_stored,
}
"""Field of a run that a share shows → how it is shown.

Docs: "hosted shares expose public-safe DTO fields rather than raw private payloads" (privacy).
Assumed: ids, cost, manifest, log and extra members are private, since they may reveal more than the
result.
"""


def open_share(
    world: World,
    actor: Actor,
    *,
    run: Run,
    expires_at: Instant,
    token: str | None = None,
    pin: str | None = None,
) -> Share:
    """Publish a run as it is now; only seeds give a `token` and a `pin` for the id.

    Raises Forbidden, QuotaExceeded.
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
    return json_text({name: show(getattr(run, name)) for name, show in PUBLIC_FIELDS.items()})


def revoke_share(world: World, actor: Actor, *, share: Share) -> Share:
    """Revoke a share for good; revoking it again changes nothing. Raises Forbidden."""
    require_writer(world, actor)
    if share.revoked_at is None:
        share = replace(share, revoked_at=world.now)
        world.put(share)
        record_audit(world, actor, "share.revoked", share, workspace_id=share.workspace_id)
    return share


def open_to_all(world: World, token: str) -> Share:
    """Return the share that anyone can read with `token`.

    Raises NotFound, with the same message, for a revoked, an expired and an unknown token.
    """
    share = world.find(Share, "token", token)
    if share is None or share.revoked_at is not None or share.expires_at <= world.now:
        raise NotFound("share", token)
    return share
