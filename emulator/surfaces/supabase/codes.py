"""One-time codes: asking for one by mail, and proving one by link or by typing it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import Request, Response

from emulator.surfaces.supabase.errors import OtpDisabled, PhoneDisabled
from emulator.surfaces.supabase.requests import (
    challenge_of,
    email_member,
    object_member,
    read_body,
    redirect_of,
    reply,
    text_member,
)
from emulator.surfaces.supabase.sessions import name_of
from emulator.wire.credentials import tagged, untagged
from emulator.wire.exchange import exchange_of
from emulator.wire.gotrue import session_view
from emulator.world import accounts, one_time, verification
from emulator.world.records import OneTimeCode, OneTimeKind, User
from emulator.world.refusals import CodeExpired, Invalid, Refusal, UserBanned
from emulator.world.texts import json_text
from emulator.world.verification import KINDS, Verified

HALFWAY = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
"""Real: GoTrue's message after the first of two addresses confirmed a change."""


async def recover(request: Request) -> Response:
    """`POST /recover`: mail a reset link; the answer is the same without such an account."""
    world = exchange_of(request).world
    body = await read_body(request)
    challenge, user = challenge_of(body), world.find(User, "email", email_member(body))
    if user is not None:
        one_time.mail_code(
            world, user, "recovery", redirect_to=redirect_of(request), challenge=challenge
        )
    return reply({})


async def send_otp(request: Request) -> Response:
    """`POST /otp`, `/magiclink`: mail a sign-in link, to a new account too unless told not to."""
    world = exchange_of(request).world
    body = await read_body(request)
    if body.get("phone"):
        raise PhoneDisabled
    email, challenge = email_member(body), challenge_of(body)
    user = world.find(User, "email", email)
    kind: OneTimeKind = "magiclink"
    if user is None:
        if body.get("create_user") is False or not world.auth.allows_signups:
            raise OtpDisabled
        metadata = object_member(body, "data")
        user = accounts.create_user(
            world,
            email=email,
            password=None,
            name=name_of(metadata),
            metadata=json_text(metadata),
            is_confirmed=not world.auth.confirms_email,
        )
        kind = "signup" if world.auth.confirms_email else "magiclink"
    one_time.mail_code(world, user, kind, redirect_to=redirect_of(request), challenge=challenge)
    return reply({})


async def resend(request: Request) -> Response:
    """`POST /resend {"type": "signup"|"email_change"}`: mail a pending code's successor."""
    world = exchange_of(request).world
    body = await read_body(request)
    kind = text_member(body, "type")
    if kind not in ("signup", "email_change"):
        raise Invalid("type", "Missing one of these types: signup, email_change")
    user = world.find(User, "email", email_member(body))
    if user is None:
        return reply({})
    challenge, redirect_to = challenge_of(body), redirect_of(request)
    if kind == "signup" and user.email_confirmed_at is None:
        one_time.mail_code(world, user, "signup", redirect_to=redirect_to, challenge=challenge)
    if kind == "email_change" and user.new_email is not None:
        one_time.mail_code(
            world,
            user,
            "email_change",
            email=user.new_email,
            redirect_to=redirect_to,
            challenge=challenge,
        )
    return reply({})


async def verify(request: Request) -> Response:
    """`POST /verify`: a session for a code with its address, or for a link's token_hash."""
    exchange = exchange_of(request)
    world = exchange.world
    body = await read_body(request)
    kind = _kind(text_member(body, "type"))
    if body.get("phone"):
        raise PhoneDisabled
    token_hash = body.get("token_hash")
    if token_hash:
        if body.get("email"):
            raise Invalid("token_hash", "Only the token_hash and type should be provided")
        bare = untagged(text_member(body, "token_hash"), world)
        verified = verification.verify_link(
            world,
            token_hash=bare or "",
            kind=kind,
            is_followed=False,
            source=exchange.source,
        )
    else:
        verified = verification.verify_code(
            world,
            email=email_member(body),
            code=text_member(body, "token"),
            kind=kind,
            source=exchange.source,
        )
    if verified.signed_in is None:
        return reply({"msg": HALFWAY, "code": "200"})
    return reply(session_view(world, exchange.settings, verified.signed_in))


def _kind(said: str) -> str:
    if said in ("sms", "phone_change"):
        raise PhoneDisabled
    if said not in KINDS:
        raise Invalid("type", "Verify requires a verification type")
    return said


async def follow_link(request: Request) -> Response:
    """`GET /verify?token=&type=&redirect_to=`: the link of a mail; leads on with what it proved."""
    exchange = exchange_of(request)
    world = exchange.world
    target = redirect_of(request) or world.auth.site_url
    token = request.query_params.get("token", "")
    bare = untagged(token, world) or ""
    known = world.get(OneTimeCode, bare)
    try:
        with world.transaction():
            verified = verification.verify_link(
                world,
                token_hash=bare,
                kind=request.query_params.get("type", ""),
                is_followed=True,
                source=exchange.source,
            )
    except (CodeExpired, UserBanned) as refusal:
        is_pkce = token.startswith(one_time.PKCE_PREFIX) or (known and known.flow_id)
        return _redirect_refused(target, refusal, is_pkce=bool(is_pkce))
    return _redirect_verified(request, target, verified)


def _redirect_verified(request: Request, target: str, verified: Verified) -> Response:
    exchange = exchange_of(request)
    if verified.auth_code is not None:
        code = tagged(verified.auth_code, exchange.world)
        return _redirect(_with_query(target, {"code": code}))
    if verified.signed_in is None:
        return _redirect(f"{target}#{urlencode({'message': HALFWAY, 'sb': ''})}")
    session = session_view(exchange.world, exchange.settings, verified.signed_in)
    fragment = {
        "access_token": session["access_token"],
        "expires_at": session["expires_at"],
        "expires_in": session["expires_in"],
        "refresh_token": session["refresh_token"],
        "sb": "",
        "token_type": "bearer",
        "type": verified.kind.removesuffix("_old"),
    }
    return _redirect(f"{target}#{urlencode(fragment)}")


def _redirect_refused(target: str, refusal: Refusal, *, is_pkce: bool) -> Response:
    is_banned = isinstance(refusal, UserBanned)
    said = {
        "error": "access_denied",
        "error_code": "user_banned" if is_banned else "otp_expired",
        "error_description": refusal.message,
    }
    if is_pkce:
        target = _with_query(target, said)
    return _redirect(f"{target}#{urlencode({**said, 'sb': ''})}")


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))


def _redirect(url: str) -> Response:
    return Response(status_code=303, headers={"Location": url})
