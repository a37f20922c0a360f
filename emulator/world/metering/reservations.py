"""Reservations: an amount of a meter held in advance, so that using it cannot be refused later.

Docs: "Usage: reserve, commit, revert" (API reference, later edition). Assumed: everything beyond
these names. A committed amount counts in addition to uploaded runs and artifacts.
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
"""Assumed: the lifetime of a reservation is not documented."""

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
    """Hold an amount until it is committed, reverted or expired; idempotent by `key`.

    Repeating a reservation returns it in its current state. Raises Forbidden, QuotaExceeded, and
    Conflict if the key was used for a different reservation.
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
    """Use a held amount, or a part of it, and release the rest.

    It counts in the current period, and is never over quota, since it was held. Committing the same
    amount again changes nothing. Raises Forbidden, NotFound, Invalid for more than is held, and
    Conflict if the reservation ended otherwise.
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
    """Release a held amount; reverting an ended reservation changes nothing.

    Raises Forbidden, NotFound, and Conflict if the reservation was committed. Assumed: committed
    usage cannot be reverted, as it has happened.
    """
    require_writer(world, actor)
    held = visible_reservation(world, workspace, key)
    if held.status == "committed":
        raise Conflict(
            f"The reservation {key!r} {_ending(held)}; committed usage cannot be reverted."
        )
    return held if held.status != "held" else _end(world, held, status="reverted")


def expire(world: World, target_id: str) -> None:
    """Release the amount of a reservation that expired, as a job."""
    _end(world, world.expect(Reservation, target_id), status="expired")


def reservation_id(workspace: Workspace, key: str) -> str:
    """Return the id of the reservation with a key, which is unique within the workspace."""
    return f"{workspace.id}:{key}"


def visible_reservation(world: World, workspace: Workspace, key: str) -> Reservation:
    """Return the workspace's reservation with a key. Raises NotFound."""
    reservation = world.get(Reservation, reservation_id(workspace, key))
    if reservation is None:
        raise NotFound("reservation", key)
    return reservation


def remove_usage(world: World, workspace: Workspace) -> None:
    """Remove the usage and reservations of a workspace that is deleted."""
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
