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
    """The amount of each meter that a plan allows; None is no cap."""

    runs: int | None
    storage_bytes: int | None
    projects: int | None
    members: int | None
    api_keys: int | None
    shares: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Plan:
    """A plan that a workspace can be on; the id is the name that requests use.

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
    """A tenant on a plan, whose usage is counted in months that follow `period_anchor`, or in
    calendar months without one.

    `runs_limit`, which only a seed sets, replaces the plan's cap of runs until the plan changes.
    `subscription_status` is the status of the last subscription, as its webhook last reported.
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
    """The runs and bytes that a workspace has used and reserved; the id is the workspace's.

    `runs` counts the period that starts at `period_start`; in a later period it is void. Bytes are
    those of artifacts and of committed reservations. A reserved amount counts, in any period, until
    it is committed, reverted or expired.
    """

    id: str
    period_start: Instant
    runs: int
    storage_bytes: int
    runs_reserved: int
    storage_bytes_reserved: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Reservation:
    """An amount of a meter held for later use; the id joins the workspace's id and the key.

    `committed` is the part of `amount` that was used in the end, once that is known.
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
    """A user's membership of a workspace; the id joins the two ids."""

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
    """A key for one workspace that acts as its issuer; of the secret only a hash is stored."""

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
