"""Records of people: users, sessions, one-time codes and exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.world.records.types import AuthMethod, Instant, JsonText, OneTimeSlot


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class AuthSettings:
    """How Supabase Auth is set up, a single record; a None switches the limit off.

    The rate limits count a minute of the world's clock: mails for each address, requests in all.
    """

    id: Literal["auth"] = "auth"
    confirms_email: bool = False
    allows_signups: bool = True
    password_length_min: int = 6
    mails_per_minute: int | None = None
    requests_per_minute: int | None = None
    session_timebox_seconds: int | None = None
    signing: Literal["HS256", "ES256"] = "HS256"
    site_url: str = "http://localhost:3000"
    requires_api_key: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class User:
    """An account. The e-mail is lower case; the password is kept as a salted hash.

    `identity_data` is what signing up by e-mail said, which later metadata leaves as it is.
    """

    id: str
    email: str
    name: str
    password_hash: str
    created_at: Instant
    updated_at: Instant
    ordinal: int
    email_confirmed_at: Instant | None
    last_sign_in_at: Instant | None
    user_metadata: JsonText
    app_metadata: JsonText
    identity_data: JsonText
    analytics_opt_in: bool
    product_mail_opt_in: bool
    confirmation_sent_at: Instant | None = None
    recovery_sent_at: Instant | None = None
    invited_at: Instant | None = None
    new_email: str | None = None
    is_change_half_confirmed: bool = False
    email_change_sent_at: Instant | None = None
    banned_until: Instant | None = None
    restricted_at: Instant | None = None
    objected_at: Instant | None = None
    deletion_due_at: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Session:
    """A sign-in that is still good; ending one removes it.

    `method` is how the user proved who it is, in the words of a token's `amr`. One whose time was
    up has `expired_at` and is kept for a day, good for nothing but to say so.
    """

    id: str
    user_id: str
    method: AuthMethod
    created_at: Instant
    ordinal: int
    expired_at: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RefreshToken:
    """One link of a session's chain of refresh tokens; the id is the token itself.

    `is_used` is set when it was exchanged; `parent` is the token it replaced.
    """

    id: str
    session_id: str
    parent: str | None
    is_used: bool
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class OneTimeCode:
    """A code that was mailed and works once; the id is the `token_hash` of its link.

    Real: a user has one of each slot (GoTrue's one_time_tokens); a new one replaces the old.
    """

    id: str
    user_id: str
    slot: OneTimeSlot
    email: str
    code: str
    flow_id: str | None
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Flow:
    """A PKCE flow: who began it with which challenge; `auth_code` is set once it was proved."""

    id: str
    user_id: str
    method: AuthMethod
    challenge: str
    challenge_method: Literal["s256", "plain"]
    auth_code: str | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Export:
    """An archive of one user's own data: asked for, ready, then gone when its link expires."""

    id: str
    user_id: str
    token: str
    archive: JsonText | None
    created_at: Instant
    ordinal: int
    ready_at: Instant | None
    expires_at: Instant | None
