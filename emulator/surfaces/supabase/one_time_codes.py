"""One-time codes: asking for one by mail, and proving one by link or by typing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import Request, Response

from emulator.surfaces.supabase.errors import (
    BadEmail,
    Banned,
    EmailExists,
    OtpDisabled,
    PhoneDisabled,
    status_and_code,
)
from emulator.surfaces.supabase.request_body import (
    allowed_redirect,
    challenge_of,
    email_member,
    object_member,
    optional_text,
    read_body,
    redirect_of,
    reply,
    require_one_way,
    text_member,
)
from emulator.surfaces.supabase.sessions import name_of
from emulator.wire.gotrue.views import session_view
from emulator.wire.http.context import context_of
from emulator.wire.http.locations import location_of
from emulator.wire.world_tags import tagged, untagged
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import CodeExpired, EmailTaken, Invalid, Refusal, UserBanned
from emulator.world.core.world import World
from emulator.world.identity import one_time_codes, signups, verification
from emulator.world.identity.pkce import PKCE_PREFIX, Challenge
from emulator.world.identity.verification import SLOTS, Verified
from emulator.world.records.identity import User

HALFWAY = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
"""Real: GoTrue's message after the first of two addresses confirmed a change."""


async def recover(request: Request) -> Response:
    """`POST /recover`: mail a reset link; the answer is the same without such an account."""
    world = context_of(request).world
    body = await read_body(request)
    email = email_member(body, absent="Password recovery requires an email")
    challenge, user = challenge_of(body), world.find(User, "email", email)
    if user is not None:
        one_time_codes.mail_code(
            world, user, "recovery", redirect_to=redirect_of(request), challenge=challenge
        )
    return reply({})


async def send_otp(request: Request) -> Response:
    """`POST /otp`: mail a sign-in link, to a new account too unless the body says not to."""
    world = context_of(request).world
    body = await read_body(request)
    require_one_way(body, "Only an email address or phone number should be provided")
    if body.get("email") and body.get("channel"):
        raise Invalid("channel", "Channel should only be specified with Phone OTP")
    challenge = challenge_of(body)
    if body.get("create_user") is False and _has_no_account(world, body):
        raise OtpDisabled
    if body.get("phone"):
        raise PhoneDisabled
    email = email_member(body, absent="One of email or phone must be set")
    return _mail_sign_in(request, body, email=email, challenge=challenge)


def _has_no_account(world: World, body: Mapping[str, Any]) -> bool:
    """Tell whether the address or number of a body is nobody's.

    Real: one that is malformed is nobody's too (supabase/auth internal/api/otp.go).
    """
    if body.get("phone"):
        return True
    try:
        return bool(body.get("email")) and world.find(User, "email", email_member(body)) is None
    except Invalid:
        return True


async def send_magic_link(request: Request) -> Response:
    """`POST /magiclink`: mail a sign-in link, to a new account too; gotrue-js 1 calls it."""
    body = await read_body(request)
    if not optional_text(body, "email"):
        # Real: these words, with this status (supabase/auth internal/api/magic_link.go).
        raise BadEmail("Password recovery requires an email")
    email = email_member(body)
    return _mail_sign_in(request, body, email=email, challenge=challenge_of(body))


def _mail_sign_in(
    request: Request, body: Mapping[str, Any], *, email: str, challenge: Challenge | None
) -> Response:
    context = context_of(request)
    metadata = object_member(body, "data")
    signups.mail_sign_in(
        context.world,
        email=email,
        name=name_of(metadata),
        metadata=json_text(metadata),
        redirect_to=redirect_of(request),
        challenge=challenge,
        source=context.source,
    )
    return reply({})


RESENT = ("signup", "email_change", "sms", "phone_change")
_RESENT = f"Missing one of these types: {', '.join(RESENT)}"


async def resend(request: Request) -> Response:
    """`POST /resend {"type": "signup"|"email_change"}`: mail a pending code's successor."""
    world = context_of(request).world
    body = await read_body(request)
    kind = text_member(body, "type", _RESENT)
    if kind not in RESENT:
        raise Invalid("type", _RESENT)
    challenge = challenge_of(body)
    if kind == "signup" and not body.get("email"):
        raise Invalid("email", "Type provided requires an email address")
    if kind == "sms" and not body.get("phone"):
        raise Invalid("phone", "Type provided requires a phone number")
    require_one_way(body, "Only an email address or phone number should be provided.")
    if body.get("phone"):
        raise PhoneDisabled("Phone logins are disabled")
    email = email_member(body, absent="Missing email address or phone number")
    user = world.find(User, "email", email)
    redirect_to = redirect_of(request)
    if user is not None and kind == "signup" and user.email_confirmed_at is None:
        one_time_codes.mail_code(
            world, user, "signup", redirect_to=redirect_to, challenge=challenge
        )
    if user is not None and kind == "email_change" and user.new_email is not None:
        one_time_codes.mail_change(
            world, user, email=user.new_email, redirect_to=redirect_to, challenge=challenge
        )
    return reply({})


async def verify(request: Request) -> Response:
    """`POST /verify`: a session for a code with its address, or for a link's token_hash."""
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    kind = text_member(body, "type", "Verify requires a verification type")
    try:
        verified = _verified(request, kind, body)
    except UserBanned:
        raise Banned from None
    except EmailTaken:
        raise EmailExists from None
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
            # Real: nobody has such a number, or such a code; which of them is not said.
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
        raise BadEmail from None


def _of_link(kind: str) -> str:
    if kind not in SLOTS:
        raise Invalid("type", "Invalid email verification type")
    return kind


async def follow_link(request: Request) -> Response:
    """`GET /verify?token=&type=&redirect_to=`: the link of a mail; leads on with what it proved."""
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
        return _redirect_refused(target, Banned(), is_pkce=is_pkce)
    except EmailTaken:
        return _redirect_refused(target, EmailExists(), is_pkce=is_pkce)
    except Refusal as refusal:
        return _redirect_refused(target, refusal, is_pkce=is_pkce)
    return _redirect_verified(request, target, verified, is_pkce=is_pkce)


def _redirect_verified(
    request: Request, target: str, verified: Verified, *, is_pkce: bool
) -> Response:
    context = context_of(request)
    if verified.auth_code is not None:
        code = tagged(verified.auth_code, context.world)
        return _redirect(_with_query(target, {"code": code}))
    if verified.signed_in is None:
        return _redirect_with(target, {"message": HALFWAY}, is_pkce=is_pkce)
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
    return _redirect(f"{target}#{urlencode(fragment)}")


_OAUTH_ERRORS = {400: "invalid_request", 403: "access_denied"}


def _redirect_refused(target: str, refusal: Refusal, *, is_pkce: bool) -> Response:
    status, code = status_and_code(refusal)
    error = {"error": _OAUTH_ERRORS[status]} if status in _OAUTH_ERRORS else {}
    said = {**error, "error_code": code, "error_description": refusal.message}
    return _redirect_with(target, said, is_pkce=is_pkce)


def _redirect_with(target: str, said: dict[str, str], *, is_pkce: bool) -> Response:
    """Lead on with words in place of the fragment; where the flow is PKCE, in the query too."""
    if is_pkce:
        target = _with_query(target, said)
    bare, _, _ = target.partition("#")
    return _redirect(f"{bare}#{urlencode({**said, 'sb': ''})}")


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))


def _redirect(url: str) -> Response:
    return Response(status_code=303, headers={"Location": location_of(url)})
