"""Records of the world itself: its clock, counters, jobs, mail and audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.world.records.types import Instant, MailKind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Clock:
    """The world's time, a single record."""

    id: Literal["clock"] = "clock"
    now: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Ordinal:
    """How many things of one kind the mint has made; the id is the kind."""

    id: str
    value: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Origin:
    """Where the world came from, a single record: what the mint hashes and when time began."""

    id: Literal["origin"] = "origin"
    entropy: str
    epoch: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RateWindow:
    """How often one thing happened since the window opened; the id names the thing."""

    id: str
    opened_at: Instant
    count: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Job:
    """Something that falls due: a verb and what it is done to. Done in order of (due, ordinal)."""

    id: str
    kind: str
    target_id: str
    due: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Mail:
    """A mail that would be sent: the facts; links and texts are made where it is read."""

    id: str
    to: str
    kind: MailKind
    user_id: str
    token: str | None
    code: str | None
    redirect_to: str | None
    moment: Instant | None
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class AuditEntry:
    """Who did what to which record, from where. Never holds a secret.

    Without a workspace it is about the user's own account. Docs: "audit events, redacted IP hash,
    and user agent" (privacy).
    """

    id: str
    workspace_id: str | None
    user_id: str | None
    api_key_id: str | None
    action: str
    target_kind: str
    target_id: str
    ip_hash: str | None
    user_agent: str | None
    created_at: Instant
    ordinal: int
