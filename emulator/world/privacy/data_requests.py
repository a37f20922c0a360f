"""Data requests of a user: an export, an objection, a restriction, and the erasure of the account.

Docs: "Export links expire after 7 days. Pending account deletion can be cancelled for 30 days."
(privacy, Retention).
"""

from __future__ import annotations

from dataclasses import replace

from emulator.world.core import jobs, outbox
from emulator.world.core.access import Actor
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import Conflict, Forbidden, NotFound
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.privacy.archive import archive_of
from emulator.world.privacy.erasure import erase_user
from emulator.world.records.identity import Export, User
from emulator.world.store import ids

FINISH_EXPORT = "finish export"
EXPIRE_EXPORT = "expire export"
PURGE = "purge user"
"""Kinds of jobs."""

EXPORT_TAKES_SECONDS = 60
"""Assumed: an export is a job of one minute on the world's clock, as the API first responds
without an archive."""

EXPORT_DAYS = 7
DELETION_DAYS = 30


def _require_session(actor: Actor) -> None:
    if actor.session_id is None:
        raise Forbidden("An API key cannot do this for its issuer; sign in instead.")


def request_export(world: World, actor: Actor) -> Export:
    """Return the actor's pending or ready export, or start a new export.

    A GET starts it too, since the documented route is a GET. Raises Forbidden.
    """
    _require_session(actor)
    for export in world.newest(Export, "user", actor.user_id, limit=1):
        return export
    export_id, ordinal = world.new_id("export")
    export = Export(
        id=export_id,
        user_id=actor.user_id,
        token=ids.as_base62(world.derive("export token", ordinal), length=32),
        archive=None,
        created_at=world.now,
        ordinal=ordinal,
        ready_at=None,
        expires_at=None,
    )
    world.put(export)
    jobs.schedule(world, FINISH_EXPORT, export.id, due=world.now + EXPORT_TAKES_SECONDS * SECOND)
    record_audit(world, actor, "export.requested", export)
    return export


def finish_export(world: World, export_id: str) -> None:
    """Fill an export with the archive of its user and mail the link, as a job."""
    export = world.expect(Export, export_id)
    user = world.expect(User, export.user_id)
    expires_at = world.now + EXPORT_DAYS * DAY
    world.put(
        replace(
            export,
            archive=archive_of(world, user),
            ready_at=world.now,
            expires_at=expires_at,
        )
    )
    jobs.schedule(world, EXPIRE_EXPORT, export.id, due=expires_at)
    outbox.send(world, "export_ready", user, token=export.token, moment=expires_at)


def expire_export(world: World, export_id: str) -> None:
    """Remove an export whose link has expired, as a job."""
    world.remove(world.expect(Export, export_id))


def open_export(world: World, token: str) -> Export:
    """Return the ready export of a link. Raises NotFound."""
    export = world.find(Export, "token", token)
    if export is None or export.archive is None:
        raise NotFound("export", token)
    return export


def schedule_deletion(world: World, actor: Actor) -> User:
    """Schedule the deletion of the actor's account, or leave it scheduled. Raises Forbidden."""
    _require_session(actor)
    user = world.expect(User, actor.user_id)
    if user.deletion_due_at is not None:
        return user
    due = world.now + DELETION_DAYS * DAY
    jobs.schedule(world, PURGE, user.id, due=due)
    record_audit(world, actor, "deletion.scheduled", user)
    outbox.send(world, "deletion_scheduled", user, moment=due)
    return accounts.put_user(world, replace(user, deletion_due_at=due))


def cancel_deletion(world: World, actor: Actor) -> User:
    """Cancel the deletion of the actor's account.

    Raises Forbidden, and Conflict if no deletion is scheduled.
    """
    _require_session(actor)
    user = world.expect(User, actor.user_id)
    if user.deletion_due_at is None:
        raise Conflict("No deletion of your account is scheduled.")
    jobs.cancel(world, PURGE, user.id)
    record_audit(world, actor, "deletion.cancelled", user)
    return accounts.put_user(world, replace(user, deletion_due_at=None))


def restrict(world: World, actor: Actor, *, is_restricted: bool) -> User:
    """Restrict the actor's account to reading, or lift the restriction. Raises Forbidden."""
    _require_session(actor)
    user = world.expect(User, actor.user_id)
    if is_restricted == (user.restricted_at is not None):
        return user
    record_audit(
        world, actor, "processing.restricted" if is_restricted else "processing.resumed", user
    )
    return accounts.put_user(
        world, replace(user, restricted_at=world.now if is_restricted else None)
    )


def object_to_processing(world: World, actor: Actor, *, objects: bool) -> User:
    """Record or withdraw the actor's objection to processing. Raises Forbidden.

    Assumed: an objection ends both opt-ins, which are the processing that needs consent.
    """
    _require_session(actor)
    user = world.expect(User, actor.user_id)
    if objects == (user.objected_at is not None):
        return user
    record_audit(world, actor, "processing.objected" if objects else "objection.withdrawn", user)
    if not objects:
        return accounts.put_user(world, replace(user, objected_at=None))
    return accounts.put_user(
        world,
        replace(user, objected_at=world.now, analytics_opt_in=False, product_mail_opt_in=False),
    )


def purge_user(world: World, user_id: str) -> None:
    """Erase a user, as a job or when an administrator deletes it."""
    erase_user(world, world.expect(User, user_id))
