"""Reservations: room that is held before it is used, so that the use cannot be refused later.

Docs: "Usage: reserve, commit, revert" (API reference, later edition). Assumed: all beyond the
names. What is committed is used on its own, beside the runs and artifacts that are uploaded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from emulator.world.core import jobs
from emulator.world.core.access import Actor, require_writer
from emulator.world.core.refusals import Conflict, Invalid, NotFound
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.metering.meters import usage_of
from emulator.world.metering.quota import COUNT_MAX, require_room
from emulator.world.records.types import ReservedMeter
from emulator.world.records.workspaces import Reservation, Usage, Workspace

EXPIRE = "expire reservation"

TTL_SECONDS_DEFAULT = 15 * 60
TTL_SECONDS_MAX = 86_400
"""Assumed: how long a reservation holds is said nowhere."""

AMOUNT_MAX = COUNT_MAX


def reserve(
    world: World,
    actor: Actor,
    *,
    workspace: Workspace,
    meter: ReservedMeter,
    amount: int,
    key: str,
    ttl_seconds: int,
) -> Reservation:
    """Hold room until it is committed, reverted or expired; idempotent by `key`.

    The same again gives the reservation as it stands by then. Refuses QuotaExceeded, and Conflict
    where the key was used for something else.
    """
    require_writer(world, actor)
    known = world.get(Reservation, reservation_id(workspace, key))
    if known is not None:
        if (known.meter, known.amount, known.ttl_seconds) != (meter, amount, ttl_seconds):
            raise Conflict(
                f"The key {key!r} holds {known.amount} {known.meter} for {known.ttl_seconds} "
                "seconds; use another key for another reservation."
            )
        return known
    require_room(world, workspace, meter, amount=amount)
    reservation = Reservation(
        id=reservation_id(workspace, key),
        workspace_id=workspace.id,
        key=key,
        meter=meter,
        amount=amount,
        ttl_seconds=ttl_seconds,
        status="held",
        committed=None,
        created_at=world.now,
        ordinal=world.ordinal("reservation"),
        expires_at=world.now + ttl_seconds * SECOND,
    )
    world.put(reservation)
    _count(world, workspace, meter, used=0, reserved=amount)
    jobs.schedule(world, EXPIRE, reservation.id, due=reservation.expires_at)
    return reservation


def commit(
    world: World, actor: Actor, *, workspace: Workspace, key: str, amount: int | None
) -> Reservation:
    """Turn what is held into use, the whole or less of it; the rest is free again.

    Committing the same again changes nothing. It counts in the period of now and is never refused
    for want of room, since it was held. Refuses NotFound, Invalid for more than is held, and
    Conflict where the reservation ended otherwise.
    """
    require_writer(world, actor)
    held = visible_reservation(world, workspace, key)
    amount = held.amount if amount is None else amount
    if amount > held.amount:
        raise Invalid("amount", f"Only {held.amount} {held.meter} are reserved; reserve more.")
    if held.status == "committed" and held.committed == amount:
        return held
    if held.status != "held":
        raise Conflict(f"The reservation {key!r} {_ending(held)}; reserve again with another key.")
    return _end(world, held, status="committed", committed=amount)


def revert(world: World, actor: Actor, *, workspace: Workspace, key: str) -> Reservation:
    """Give back what is held; one that holds nothing any more stays as it is.

    Refuses NotFound, and Conflict where it was committed. Assumed: use is not taken back.
    """
    require_writer(world, actor)
    held = visible_reservation(world, workspace, key)
    if held.status == "committed":
        raise Conflict(f"The reservation {key!r} {_ending(held)}; use is not taken back.")
    return held if held.status != "held" else _end(world, held, status="reverted")


def expire(world: World, target_id: str) -> None:
    """Give back what a reservation held too long."""
    _end(world, world.expect(Reservation, target_id), status="expired")


def reservation_id(workspace: Workspace, key: str) -> str:
    """Return the id of the reservation of that key; each workspace has keys of its own."""
    return f"{workspace.id}:{key}"


def visible_reservation(world: World, workspace: Workspace, key: str) -> Reservation:
    """Return the workspace's reservation of that key. Refuses NotFound."""
    found = world.get(Reservation, reservation_id(workspace, key))
    if found is None:
        raise NotFound("reservation", key)
    return found


def forget_usage(world: World, workspace: Workspace) -> None:
    """Remove what a workspace used and reserved, since the workspace goes."""
    for reservation in world.all(Reservation, "workspace", workspace.id):
        jobs.cancel(world, EXPIRE, reservation.id)
        world.remove(reservation)
    usage = world.get(Usage, workspace.id)
    if usage is not None:
        world.remove(usage)


def _ending(ended: Reservation) -> str:
    if ended.status == "committed":
        return f"was committed for {ended.committed}"
    return "has expired" if ended.status == "expired" else "was reverted"


def _end(
    world: World,
    held: Reservation,
    *,
    status: Literal["committed", "reverted", "expired"],
    committed: int | None = None,
) -> Reservation:
    jobs.cancel(world, EXPIRE, held.id)
    ended = replace(held, status=status, committed=committed)
    world.put(ended)
    workspace = world.expect(Workspace, held.workspace_id)
    _count(world, workspace, held.meter, used=committed or 0, reserved=-held.amount)
    return ended


def _count(
    world: World, workspace: Workspace, meter: ReservedMeter, *, used: int, reserved: int
) -> None:
    usage = usage_of(world, workspace)
    if meter == "runs":
        usage = replace(usage, runs=usage.runs + used, runs_reserved=usage.runs_reserved + reserved)
    else:
        usage = replace(
            usage,
            storage_bytes=usage.storage_bytes + used,
            storage_bytes_reserved=usage.storage_bytes_reserved + reserved,
        )
    world.put(usage)
