"""Signing up and in, refreshing, the user behind a token, signing out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from emulator.surfaces.supabase.disabled_features import ISSUERS
from emulator.surfaces.supabase.errors import (
    AnonymousDisabled,
    EmailExists,
    NotAdmin,
    PhoneDisabled,
    PhoneLoginsDisabled,
    ProviderDisabled,
    UnknownGrant,
    Web3Disabled,
)
from emulator.surfaces.supabase.request_body import (
    bearer,
    challenge_of,
    email_member,
    given_text,
    object_member,
    optional_text,
    read_body,
    redirect_of,
    reply,
    require_one_way,
    text_member,
)
from emulator.wire.gotrue.views import obfuscated_user_view, session_view, user_view
from emulator.wire.http.context import RequestContext, context_of
from emulator.wire.world_tags import untagged
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import EmailTaken, Invalid, UnknownFlow, UnknownRefreshToken
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes, passwords, sessions, signups
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import User

SCOPES = ("global", "local", "others")


async def signup(request: Request) -> Response:
    """`POST /signup`: a new account, with a session or a mail to confirm the address."""
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    if not body.get("email") and not body.get("phone"):
        raise AnonymousDisabled
    # Real: what is off is told in this order (supabase/auth internal/api/signup.go).
    signups.require_open(world)
    password = text_member(body, "password", "Signup requires a valid password")
    passwords.require_strong(world, password)
    require_one_way(body, "Only an email address or phone number should be provided on signup.")
    challenge = challenge_of(body)
    if body.get("phone"):
        raise PhoneDisabled("Phone signups are disabled")
    email = email_member(body)
    metadata = object_member(body, "data")
    signed_up = signups.sign_up(
        world,
        email=email,
        password=password,
        name=name_of(metadata),
        metadata=json_text(metadata),
        redirect_to=redirect_of(request),
        challenge=challenge,
        source=context.source,
    )
    if signed_up.signed_in is not None:
        return reply(session_view(world, context.settings, signed_up.signed_in))
    if signed_up.user is None:
        return reply(obfuscated_user_view(world, email, metadata))
    view = user_view(world, signed_up.user)
    if signed_up.user.invited_at is not None:
        # Real: what an administrator wrote about the invited is not shown to whoever signs up.
        view |= {"user_metadata": {}, "identities": []}
    return reply(view)


def name_of(metadata: Mapping[str, Any]) -> str:
    """Return the name that metadata gives, in the members that Supabase's own screens use."""
    for member in ("name", "full_name"):
        value = metadata.get(member)
        if isinstance(value, str):
            return value[:200]
    return ""


def _by_password(context: RequestContext, body: dict[str, Any]) -> SignedIn:
    require_one_way(body, "Only an email address or phone number should be provided on login.")
    if body.get("phone"):
        raise PhoneLoginsDisabled
    return sessions.sign_in(
        context.world,
        email=text_member(body, "email", "missing email or phone"),
        password=given_text(body, "password") or "",
        source=context.source,
    )


REFRESH_TOKEN_LENGTH_MIN = 12


def _by_refresh_token(context: RequestContext, body: dict[str, Any]) -> SignedIn:
    said = text_member(body, "refresh_token", "refresh_token required")
    if len(said) < REFRESH_TOKEN_LENGTH_MIN:
        raise Invalid("refresh_token", "Refresh token is not valid")
    bare = untagged(said, context.world)
    if bare is None:
        raise UnknownRefreshToken
    return sessions.refresh_session(context.world, refresh_token=bare)


def _by_flow(context: RequestContext, body: dict[str, Any]) -> SignedIn:
    needed = "invalid request: both auth code and code verifier should be non-empty"
    bare = untagged(text_member(body, "auth_code", needed), context.world)
    if bare is None:
        raise UnknownFlow
    return sessions.exchange_flow(
        context.world,
        auth_code=bare,
        verifier=text_member(body, "code_verifier", needed),
        source=context.source,
    )


def _by_id_token(_: RequestContext, body: dict[str, Any]) -> SignedIn:
    """Refuse as a project does that has enabled no provider.

    Real: supabase/auth internal/api/token_oidc.go, `getProvider`.
    """
    provider = optional_text(body, "provider") or ""
    if provider in ISSUERS:
        raise ProviderDisabled(ISSUERS[provider])
    raise Invalid("provider", f'Custom OIDC provider "{provider}" not allowed')


def _by_wallet(_: RequestContext, __: dict[str, Any]) -> SignedIn:
    """Refuse as a project does that has enabled no chain. Real: internal/api/web3.go."""
    raise Web3Disabled


_GRANTS: Mapping[str, Callable[[RequestContext, dict[str, Any]], SignedIn]] = {
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    "pkce": _by_flow,
    "id_token": _by_id_token,
    "web3": _by_wallet,
}


async def issue_token(request: Request) -> Response:
    """`POST /token?grant_type=password|refresh_token|pkce`: a session for a proof."""
    context = context_of(request)
    grant = _GRANTS.get(request.query_params.get("grant_type", ""))
    if grant is None:
        raise UnknownGrant
    signed_in = grant(context, await read_body(request))
    return reply(session_view(context.world, context.settings, signed_in))


async def get_user(request: Request) -> Response:
    """`GET /user`: the user of the bearer token."""
    world = context_of(request).world
    return reply(user_view(world, world.expect(User, bearer(request).user_id)))


async def update_user(request: Request) -> Response:
    """`PUT /user`: another password, address or metadata; null in `data` deletes a key."""
    context = context_of(request)
    world = context.world
    actor = bearer(request)
    body = await read_body(request)
    # Real: what is off is told in this order (supabase/auth internal/api/user.go).
    email = email_member(body) if body.get("email") else None
    if body.get("phone"):
        raise PhoneDisabled
    password = given_text(body, "password")
    if password is not None:
        passwords.require_strong(world, password)
    if body.get("app_metadata") is not None:
        raise NotAdmin("Updating app_metadata requires admin privileges")
    user = world.expect(User, actor.user_id)
    if email is not None:
        _require_free(world, user, email)
    if body.get("data") is not None:
        metadata = accounts.merge_metadata(user.user_metadata, object_member(body, "data"))
        user = accounts.put_user(world, replace(user, user_metadata=metadata))
    if password is not None:
        user = accounts.change_password(world, user, password=password)
        sessions.sign_out(world, actor, scope="others")
        record_audit(world, actor, "password.changed", user)
    challenge = challenge_of(body)
    if email is not None and email != user.email:
        # Real: a change is asked for by mail even where sign-ups need no confirmation.
        user = one_time_codes.mail_change(
            world, user, email=email, redirect_to=redirect_of(request), challenge=challenge
        )
    return reply(user_view(world, user))


def _require_free(world: World, user: User, email: str) -> None:
    try:
        accounts.require_free_email(world, user, email)
    except EmailTaken:
        raise EmailExists from None


async def logout(request: Request) -> Response:
    """`POST /logout?scope=global|local|others`: end sessions; the body is not read."""
    actor = bearer(request)
    scope = request.query_params.get("scope") or "global"
    if scope not in SCOPES:
        raise Invalid("scope", f'Unsupported logout scope "{scope}"')
    sessions.sign_out(context_of(request).world, actor, scope=scope)
    return Response(status_code=204)
