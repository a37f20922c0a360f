"""Verification of one-time codes: typed with their address, or by following a mailed link."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.authentication import BANNED
from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.redirects import (
    allowed_redirect,
    redirect_refused,
    redirect_with_fragment,
    redirect_with_message,
    redirect_with_query,
)
from emulator.surfaces.supabase.request_body import (
    email_member,
    optional_text,
    read_body,
    text_member,
)
from emulator.surfaces.supabase.responses import reply
from emulator.surfaces.supabase.sessions import EMAIL_EXISTS
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.gotrue.views import session_view
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.world_tags import tagged, untagged
from emulator.world.core.refusals import CodeExpired, EmailTaken, Invalid, Refusal, UserBanned
from emulator.world.identity import verification
from emulator.world.identity.pkce import PKCE_PREFIX
from emulator.world.identity.verification import SLOTS, Verified

HALFWAY = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
"""Real: GoTrue's message once the first of two addresses has confirmed a change (supabase/auth
internal/api/verify.go)."""

BAD_EMAIL = partial(GoTrueError, "validation_failed", "Invalid email format", status=422)

routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue", takes_trailing_slash=True)


@routes.add(
    "POST",
    "/verify",
    summary="Exchange a code with its address, or a link's `token_hash`, for a session.",
    names_world=("token_hash",),
    shows=("user",),
)
async def verify(request: Request) -> Response:
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    kind = text_member(body, "type", "Verify requires a verification type")
    try:
        verified = _verified(request, kind, body)
    except UserBanned:
        raise BANNED() from None
    except EmailTaken:
        raise EMAIL_EXISTS() from None
    if verified.signed_in is None:
        return reply({"msg": HALFWAY, "code": "200"})
    return reply(session_view(world, context.settings, verified.signed_in))


def _verified(request: Request, kind: str, body: dict[str, Any]) -> Verified:
    context = context_of(request)
    world = context.world
    token, token_hash = optional_text(body, "token"), optional_text(body, "token_hash")
    if (token is None) == (token_hash is None):
        raise Invalid("token", "Verify requires either a token or a token hash")
    email, phone = optional_text(body, "email"), optional_text(body, "phone")
    if token is not None:
        if (email is None) == (phone is None):
            message = "Only an email address or phone number should be provided on verify"
            raise Invalid("token", message)
        if phone is None:
            email = _address(body)
        if email is None or kind not in SLOTS:
            # Real: GoTrue does not tell an unknown number from an unknown kind of code
            # (supabase/auth internal/api/verify.go).
            raise CodeExpired(is_link=False)
        return verification.verify_code(
            world, email=email, code=token, kind=kind, source=context.source
        )
    if email or phone or body.get("redirect_to"):
        raise Invalid("token_hash", "Only the token_hash and type should be provided")
    bare = untagged(token_hash or "", world) or ""
    return verification.verify_link(
        world, token_hash=bare, kind=_of_link(kind), is_followed=False, source=context.source
    )


def _address(body: dict[str, Any]) -> str:
    try:
        return email_member(body)
    except Invalid:
        raise BAD_EMAIL() from None


def _of_link(kind: str) -> str:
    if kind not in SLOTS:
        raise Invalid("type", "Invalid email verification type")
    return kind


@routes.add(
    "GET",
    "/verify",
    summary="Follow an e-mail link and redirect.",
    names_world=("token",),
    writes_on_get=True,
)
async def follow_link(request: Request) -> Response:
    context = context_of(request)
    world = context.world
    query = request.query_params
    # Not to the page with the link: that is a mailbox.
    target = allowed_redirect(request, query.get("redirect_to")) or world.auth.site_url
    token, kind = query.get("token"), query.get("type")
    if not kind:
        raise Invalid("type", "Verify requires a verification type")
    if not token:
        raise Invalid("token", "Verify requires a token or a token hash")
    is_pkce = token.startswith(PKCE_PREFIX)
    try:
        with world.transaction():
            verified = verification.verify_link(
                world,
                token_hash=untagged(token, world) or "",
                kind=_of_link(kind),
                is_followed=True,
                source=context.source,
            )
    except UserBanned:
        return redirect_refused(target, BANNED(), is_pkce=is_pkce)
    except EmailTaken:
        return redirect_refused(target, EMAIL_EXISTS(), is_pkce=is_pkce)
    except Refusal as refusal:
        return redirect_refused(target, refusal, is_pkce=is_pkce)
    return _redirect_verified(request, target, verified, is_pkce=is_pkce)


def _redirect_verified(
    request: Request, target: str, verified: Verified, *, is_pkce: bool
) -> Response:
    context = context_of(request)
    if verified.auth_code is not None:
        code = tagged(verified.auth_code, context.world)
        return redirect_with_query(target, {"code": code})
    if verified.signed_in is None:
        return redirect_with_message(target, {"message": HALFWAY}, is_pkce=is_pkce)
    session = session_view(context.world, context.settings, verified.signed_in)
    fragment = {
        "access_token": session["access_token"],
        "expires_at": session["expires_at"],
        "expires_in": session["expires_in"],
        "refresh_token": session["refresh_token"],
        "sb": "",
        "token_type": "bearer",
        "type": verified.kind,
    }
    return redirect_with_fragment(target, fragment)
