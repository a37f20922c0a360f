"""Observed states: which states of records a response shows, for coverage.

They are read from the members of the response, as its client sees them, not from the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, get_args

import orjson

from emulator.world.core.times import to_text
from emulator.world.records.types import Instant, ReservationStatus, RunStatus, SubscriptionStatus

View = Mapping[str, Any]
Read = Callable[[View, str], Iterator[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """The states of a kind of record, in the order of its life.

    An object with these `members` is a view of such a record; `read` yields the states that it is
    in at a moment, which is written as views write moments.
    """

    name: str
    states: tuple[str, ...]
    members: tuple[str, ...]
    read: Read

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the states, with the record's."""
        return tuple(f"{self.name} {state}" for state in self.states)


def _value_of(member: str) -> Read:
    def read(view: View, _: str) -> Iterator[str | None]:
        yield view[member]

    return read


def _link(view: View, now: str) -> Iterator[str | None]:
    if view["revoked_at"] is not None:
        yield "revoked"
    else:
        expires_at = view["expires_at"]
        yield "open" if expires_at is None or expires_at > now else "expired"


def _profile(view: View, _: str) -> Iterator[str | None]:
    yield "verified" if view["email_verified"] else "unverified"
    yield None if view["restricted_at"] is None else "restricted"
    yield None if view["objected_at"] is None else "objecting"
    yield None if view["deletion_due_at"] is None else "to be deleted"


def _user(view: View, _: str) -> Iterator[str | None]:
    """Yield the states of a user of Supabase Auth, whose unset members are left out."""
    if "email_confirmed_at" in view:
        yield "confirmed"
    else:
        yield "invited" if "invited_at" in view else "unconfirmed"
    yield "changing e-mail" if "new_email" in view else None
    yield "banned" if "banned_until" in view else None


RUN_STATUSES: tuple[str, ...] = get_args(RunStatus)

MACHINES: tuple[StateMachine, ...] = (
    StateMachine(
        name="subscription",
        states=get_args(SubscriptionStatus),
        members=("subscription_status",),
        read=_value_of("subscription_status"),
    ),
    StateMachine(
        name="reservation",
        states=get_args(ReservationStatus),
        members=("committed", "status"),
        read=_value_of("status"),
    ),
    StateMachine(
        name="share",
        states=("open", "expired", "revoked"),
        members=("revoked_at", "expires_at", "run_id"),
        read=_link,
    ),
    StateMachine(
        name="API key",
        states=("open", "expired", "revoked"),
        members=("rotated_at", "revoked_at", "expires_at"),
        read=_link,
    ),
    StateMachine(
        name="export",
        states=("pending", "ready"),
        members=("ready_at", "status"),
        read=_value_of("status"),
    ),
    StateMachine(
        name="profile",
        states=("unverified", "verified", "restricted", "objecting", "to be deleted"),
        members=("deletion_due_at", "email_verified", "restricted_at", "objected_at"),
        read=_profile,
    ),
    StateMachine(
        name="user",
        states=("invited", "unconfirmed", "confirmed", "changing e-mail", "banned"),
        members=("app_metadata", "aud"),
        read=_user,
    ),
)
"""All but runs, which are many and whose status is searched for in the bytes."""

STATES: tuple[str, ...] = (
    *(f"run {status}" for status in RUN_STATUSES),
    *(name for machine in MACHINES for name in machine.state_names),
)

_RUNS = {f"run {status}": b'"status":"%b"' % status.encode() for status in RUN_STATUSES}
_MARKED = {b'"%b":' % machine.members[0].encode(): machine for machine in MACHINES}

_HEAD_BYTES = 4096
"""How much of a response is searched for the records it shows; a list shows its first item."""


def shown_states(body: bytes, *, at: Instant, wanted: AbstractSet[str]) -> set[str]:
    """Return which of the wanted states a response shows."""
    shown = {state for state, member in _RUNS.items() if state in wanted and member in body}
    head = body[:_HEAD_BYTES]
    machines = [machine for mark, machine in _MARKED.items() if mark in head]
    machines = [each for each in machines if not wanted.isdisjoint(each.state_names)]
    if not machines:
        return shown
    views, now = _views(body), to_text(at)
    for machine in machines:
        for view in views:
            if all(member in view for member in machine.members):
                shown.update(f"{machine.name} {state}" for state in machine.read(view, now))
    return shown & wanted


def _views(body: bytes) -> list[View]:
    try:
        return list(_objects(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return []


def _objects(value: Any) -> Iterator[View]:
    """Yield every object of a JSON value, the outermost first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _objects(member)
