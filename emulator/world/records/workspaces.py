"""Records of workspaces: plans, members, projects, usage and API keys."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.world.records.types import (
    Instant,
    ReservationStatus,
    ReservedMeter,
    Role,
    SubscriptionStatus,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Caps:
    """How much of each meter a plan allows; None is no cap."""

    runs: int | None
    storage_bytes: int | None
    projects: int | None
    members: int | None
    api_keys: int | None
    shares: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Plan:
    """What a workspace may be subscribed to; the id is the name that requests use.

    Prices are in cents; plans are listed by `ordinal`, the smallest first.
    """

    id: str
    title: str
    month_price_cents: int
    year_price_cents: int
    trial_days: int
    caps: Caps
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Workspace:
    """A tenant. `plan` names what it may use, in months that follow `period_anchor`: the calendar's
    where that is None. `runs_limit`, which only a seed sets, stands in for the plan's cap of runs a
    period until the plan changes.
    `subscription_status` is what the control plane knows of the last subscription, if one was.
    """

    id: str
    name: str
    slug: str
    created_by: str | None
    created_at: Instant
    ordinal: int
    plan: str
    period_anchor: Instant | None
    subscription_status: SubscriptionStatus | None
    runs_limit: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Usage:
    """What a workspace used of the meters of use; the id is the workspace's.

    `runs` counts those of the period that began at `period_start`, and nothing in a later one.
    Bytes are those of the artifacts of its runs and those that were committed. What is reserved
    counts until it is committed, reverted or expired, whatever the period.
    """

    id: str
    period_start: Instant
    runs: int
    storage_bytes: int
    runs_reserved: int
    storage_bytes_reserved: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Reservation:
    """Room of a meter that is held for what will be used; the id joins the workspace's and the key.

    `committed` is how much of `amount` was used in the end, once that is known.
    """

    id: str
    workspace_id: str
    key: str
    meter: ReservedMeter
    amount: int
    ttl_seconds: int
    status: ReservationStatus
    committed: int | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Member:
    """A user's place in a workspace; the id joins the two ids."""

    id: str
    workspace_id: str
    user_id: str
    role: Role
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Project:
    """A named group of runs; the slug is unique within the workspace."""

    id: str
    workspace_id: str
    name: str
    slug: str
    description: str
    created_by: str | None
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class ApiKey:
    """A key for one workspace that acts as its issuer; of the secret only a hash is kept."""

    id: str
    workspace_id: str
    user_id: str
    name: str
    secret_hash: str
    last_four: str
    created_at: Instant
    ordinal: int
    expires_at: Instant | None
    revoked_at: Instant | None
    rotated_at: Instant | None
