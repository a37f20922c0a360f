"""Records of the world itself: its clock, counters, jobs, mail and audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.world.records.types import Instant, MailKind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Clock:
    """The time of the world, a single record."""

    id: Literal["clock"] = "clock"
    now: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Ordinal:
    """The number of ids made of one kind; the id is the kind."""

    id: str
    value: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Origin:
    """The start of the world, a single record: the entropy of its ids and its first instant."""

    id: Literal["origin"] = "origin"
    entropy: str
    epoch: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RateWindow:
    """The number of mails or requests counted since the window opened; the id names the limit."""

    id: str
    opened_at: Instant
    count: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Job:
    """A job: a verb, its target, and when it is due. Jobs are done in order of (due, ordinal)."""

    id: str
    kind: str
    target_id: str
    due: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Mail:
    """A mail that would be sent, as facts; its links and text are rendered when it is read."""

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
    """Who did what to which record, from where; never with a secret.

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
