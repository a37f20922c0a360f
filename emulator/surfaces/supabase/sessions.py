"""Sessions: signing up, signing in, refreshing, the signed-in user, signing out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.disabled_features import ISSUERS
from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.redirects import requested_redirect
from emulator.surfaces.supabase.request_body import (
    challenge_of,
    email_member,
    given_text,
    object_member,
    optional_text,
    read_body,
    require_one_way,
    text_member,
)
from emulator.surfaces.supabase.responses import reply
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.gotrue.views import obfuscated_user_view, session_view, user_view
from emulator.wire.http.context import RequestContext, context_of, world_and_actor
from emulator.wire.http.queries import query_members
from emulator.wire.http.router import Routes
from emulator.wire.world_tags import untagged
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import EmailTaken, Invalid, UnknownFlow, UnknownRefreshToken
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes, passwords, sessions, signups
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import User

SCOPES = ("global", "local", "others")

EMAIL_EXISTS = partial(
    GoTrueError, "email_exists", "A user with this email address has already been registered"
)
PHONE_DISABLED = partial(GoTrueError, "phone_provider_disabled", "Unsupported phone provider")

routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue")


@routes.add(
    "POST",
    "/signup",
    summary="Create an account; returns a session, or mails a link to confirm the address first.",
    takes_trailing_slash=True,
    shows=("user",),
)
async def signup(request: Request) -> Response:
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    if not body.get("email") and not body.get("phone"):
        raise GoTrueError("anonymous_provider_disabled", "Anonymous sign-ins are disabled")
    # Real: what is disabled is refused in this order (supabase/auth internal/api/signup.go).
    signups.require_open(world)
    password = text_member(body, "password", "Signup requires a valid password")
    passwords.require_strong(world, password)
    require_one_way(body, "Only an email address or phone number should be provided on signup.")
    challenge = challenge_of(body)
    if body.get("phone"):
        raise GoTrueError("phone_provider_disabled", "Phone signups are disabled")
    email = email_member(body)
    metadata = object_member(body, "data")
    signed_up = signups.sign_up(
        world,
        email=email,
        password=password,
        name=name_of(metadata),
        metadata=json_text(metadata),
        redirect_to=requested_redirect(request),
        challenge=challenge,
        source=context.source,
    )
    if signed_up.signed_in is not None:
        return reply(session_view(world, context.settings, signed_up.signed_in))
    if signed_up.user is None:
        return reply(obfuscated_user_view(world, email, metadata))
    view = user_view(world, signed_up.user)
    if signed_up.user.invited_at is not None:
        # Real: the caller does not see what an administrator wrote about an invited user
        # (supabase/auth internal/api/signup.go, `sanitizeUser`).
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
        # Real: another status than elsewhere (supabase/auth internal/api/token.go).
        raise GoTrueError("phone_provider_disabled", "Phone logins are disabled", status=422)
    return sessions.sign_in(
        context.world,
        email=text_member(body, "email", "missing email or phone"),
        password=given_text(body, "password") or "",
        source=context.source,
    )


REFRESH_TOKEN_LENGTH_MIN = 12


def _by_refresh_token(context: RequestContext, body: dict[str, Any]) -> SignedIn:
    token = text_member(body, "refresh_token", "refresh_token required")
    if len(token) < REFRESH_TOKEN_LENGTH_MIN:
        raise Invalid("refresh_token", "Refresh token is not valid")
    bare = untagged(token, context.world)
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
    """Raise GoTrueError, Invalid, as in a project that has enabled no provider.

    Real: supabase/auth internal/api/token_oidc.go, `getProvider`.
    """
    provider = optional_text(body, "provider") or ""
    if provider in ISSUERS:
        message = f'Provider (issuer "{ISSUERS[provider]}") is not enabled'
        raise GoTrueError("provider_disabled", message)
    raise Invalid("provider", f'Custom OIDC provider "{provider}" not allowed')


def _by_wallet(_: RequestContext, __: dict[str, Any]) -> SignedIn:
    """Raise GoTrueError, as in a project that has enabled no chain.

    Real: supabase/auth internal/api/web3.go.
    """
    raise GoTrueError("web3_provider_disabled", "Web3 provider is disabled")


_GRANTS: Mapping[str, Callable[[RequestContext, dict[str, Any]], SignedIn]] = {
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    "pkce": _by_flow,
    "id_token": _by_id_token,
    "web3": _by_wallet,
}


@routes.add(
    "POST",
    "/token",
    summary="Exchange credentials for a session, by `grant_type`: password, refresh_token, pkce.",
    names_world=("refresh_token", "auth_code"),
    shows=("user",),
)
async def issue_token(request: Request) -> Response:
    context = context_of(request)
    grant = _GRANTS.get(query_members(request.scope["query_string"]).get("grant_type", ""))
    if grant is None:
        raise GoTrueError("invalid_credentials", "unsupported_grant_type")
    signed_in = grant(context, await read_body(request))
    return reply(session_view(context.world, context.settings, signed_in))


@routes.add(
    "GET",
    "/user",
    summary="Get the signed-in user.",
    caller="user",
    takes_trailing_slash=True,
    reads_headers=("apikey", "authorization", "x-supabase-api-version"),
    shows=("user",),
)
async def get_user(request: Request) -> Response:
    world, actor = world_and_actor(request)
    return reply(user_view(world, world.expect(User, actor.user_id)))


@routes.add(
    "PUT",
    "/user",
    summary="Change the password, address or metadata; null in `data` deletes a key.",
    caller="user",
    takes_trailing_slash=True,
    shows=("user",),
)
async def update_user(request: Request) -> Response:
    world, actor = world_and_actor(request)
    body = await read_body(request)
    # Real: what is disabled is refused in this order (supabase/auth internal/api/user.go).
    email = email_member(body) if body.get("email") else None
    if body.get("phone"):
        raise PHONE_DISABLED()
    password = given_text(body, "password")
    if password is not None:
        passwords.require_strong(world, password)
    if body.get("app_metadata") is not None:
        raise GoTrueError("not_admin", "Updating app_metadata requires admin privileges")
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
        # Real: a change is confirmed by mail even where sign-ups need no confirmation
        # (supabase/auth internal/api/user.go).
        user = one_time_codes.mail_change(
            world, user, email=email, redirect_to=requested_redirect(request), challenge=challenge
        )
    return reply(user_view(world, user))


def _require_free(world: World, user: User, email: str) -> None:
    try:
        accounts.require_free_email(world, user, email)
    except EmailTaken:
        raise EMAIL_EXISTS() from None


@routes.add(
    "POST",
    "/logout",
    summary="End sessions, by `scope`: global, local, others; the body is not read.",
    caller="user",
)
async def logout(request: Request) -> Response:
    world, actor = world_and_actor(request)
    scope = request.query_params.get("scope") or "global"
    if scope not in SCOPES:
        raise Invalid("scope", f'Unsupported logout scope "{scope}"')
    sessions.sign_out(world, actor, scope=scope)
    return Response(status_code=204)
