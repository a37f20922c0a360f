"""API keys: shown once when issued, stored as a hash, bound to one workspace."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from emulator.world.core.access import (
    UNKNOWN,
    Actor,
    Source,
    member_id,
    require_admin,
    require_writer,
)
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import BadKey, Conflict, Invalid
from emulator.world.core.world import World
from emulator.world.metering.quota import require_room
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import ApiKey, Member, Workspace
from emulator.world.store import ids

PREFIX = "wbx_"
"""Docs: "It sends Authorization: Bearer <wbx_…>" (API reference, Auth header)."""


def issue_key(
    world: World,
    actor: Actor,
    *,
    workspace: Workspace,
    name: str,
    expires_at: Instant | None,
    secret: str | None = None,
    pin: str | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its secret, which cannot be read again.

    Only seeds give a `secret` and a `pin` for the id. Raises Forbidden, QuotaExceeded, and Invalid
    for an expiry that has passed.
    """
    require_writer(world, actor)
    require_admin(world, actor, workspace.id, to="issue API keys")
    if expires_at is not None and expires_at <= world.now:
        raise Invalid("expires_at", "The key would be expired already; choose a later time.")
    require_room(world, workspace, "api_keys")
    api_key_id, ordinal = world.new_id("api_key", pin=pin)
    secret = secret or _new_secret(world)
    key = ApiKey(
        id=api_key_id,
        workspace_id=workspace.id,
        user_id=actor.user_id,
        name=name,
        secret_hash=_hash(secret),
        last_four=secret[-4:],
        created_at=world.now,
        ordinal=ordinal,
        expires_at=expires_at,
        revoked_at=None,
        rotated_at=None,
    )
    world.put(key)
    record_audit(world, actor, "api_key.issued", key, workspace_id=key.workspace_id)
    return key, secret


def rotate_key(world: World, actor: Actor, *, key: ApiKey) -> tuple[ApiKey, str]:
    """Replace the secret of a live key; the old secret ends at once.

    Raises Forbidden, and Conflict if the key is revoked or expired.
    """
    require_writer(world, actor)
    require_admin(world, actor, key.workspace_id, to="rotate API keys")
    if not is_live(world, key):
        raise Conflict("This key is revoked or expired; issue a new one.")
    secret = _new_secret(world)
    key = replace(key, secret_hash=_hash(secret), last_four=secret[-4:], rotated_at=world.now)
    world.put(key)
    record_audit(world, actor, "api_key.rotated", key, workspace_id=key.workspace_id)
    return key, secret


def revoke_key(world: World, actor: Actor, *, key: ApiKey) -> None:
    """Revoke a key for good; revoking it again changes nothing. Raises Forbidden."""
    require_writer(world, actor)
    require_admin(world, actor, key.workspace_id, to="revoke API keys")
    if key.revoked_at is None:
        key = replace(key, revoked_at=world.now)
        world.put(key)
        record_audit(world, actor, "api_key.revoked", key, workspace_id=key.workspace_id)


def is_live(world: World, key: ApiKey) -> bool:
    """Return whether the key is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > world.now)


def key_actor(world: World, secret: str, *, source: Source = UNKNOWN) -> Actor:
    """Return the actor of a secret: its issuer, in the key's workspace. Raises BadKey."""
    key = world.find(ApiKey, "secret", _hash(secret))
    if key is None or not is_live(world, key):
        raise BadKey
    if world.get(Member, member_id(key.workspace_id, key.user_id)) is None:
        raise BadKey
    return Actor(
        user_id=key.user_id,
        api_key_id=key.id,
        workspace_id=key.workspace_id,
        source=source,
    )


def _new_secret(world: World) -> str:
    entropy = world.derive("api key secret", world.ordinal("api_key_secret"))
    return PREFIX + ids.as_base62(entropy, length=40)


@lru_cache(maxsize=256)
def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
