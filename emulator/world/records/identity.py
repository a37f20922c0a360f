"""Records of identity: users, sessions, one-time codes, PKCE flows and exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.world.records.types import AuthMethod, Instant, JsonText, OneTimeSlot


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class AuthSettings:
    """The settings of Supabase Auth, a single record; None disables a limit.

    The rate limits count per minute of the world's clock: mails by address, requests in total.
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
    """An account. The e-mail is lower case; of the password only a salted hash is stored.

    `identity_data` is the metadata of the sign-up by e-mail; later metadata does not change it.
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
    """A session; ending it removes the record.

    `method` is how the user authenticated, as in the `amr` claim of its tokens. A session that
    reached its time limit has `expired_at` and stays for a day, so that refusals can say why.
    """

    id: str
    user_id: str
    method: AuthMethod
    created_at: Instant
    ordinal: int
    expired_at: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RefreshToken:
    """A refresh token in the chain of a session; the id is the token itself.

    `is_used` is whether it was exchanged; `parent` is the token it replaced.
    """

    id: str
    session_id: str
    parent: str | None
    is_used: bool
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class OneTimeCode:
    """A mailed code that works once; the id is the `token_hash` of its link.

    Real: a user has at most one code in each slot, and a new code replaces the old (supabase/auth
    internal/models/one_time_token.go).
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
    """A PKCE flow: the user, the challenge, and an `auth_code` once its link was followed."""

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
    """An archive of one user's own data: requested, then ready, then removed when it expires."""

    id: str
    user_id: str
    token: str
    archive: JsonText | None
    created_at: Instant
    ordinal: int
    ready_at: Instant | None
    expires_at: Instant | None
