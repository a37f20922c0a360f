"""One-time codes: mailing links and codes to sign in, reset a password or confirm an address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.redirects import requested_redirect
from emulator.surfaces.supabase.request_body import (
    challenge_of,
    email_member,
    object_member,
    optional_text,
    read_body,
    require_one_way,
    text_member,
)
from emulator.surfaces.supabase.responses import reply
from emulator.surfaces.supabase.sessions import PHONE_DISABLED, name_of
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import World
from emulator.world.identity import one_time_codes, signups
from emulator.world.identity.pkce import Challenge
from emulator.world.records.identity import User

OTP_DISABLED = partial(GoTrueError, "otp_disabled", "Signups not allowed for otp")

routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue")


@routes.add(
    "POST",
    "/recover",
    summary="Mail a password reset link; the response is the same for an unknown address.",
)
async def recover(request: Request) -> Response:
    world = context_of(request).world
    body = await read_body(request)
    email = email_member(body, absent="Password recovery requires an email")
    challenge, user = challenge_of(body), world.find(User, "email", email)
    if user is not None:
        one_time_codes.mail_code(
            world, user, "recovery", redirect_to=requested_redirect(request), challenge=challenge
        )
    return reply({})


@routes.add(
    "POST",
    "/otp",
    summary="Mail a sign-in link; creates the account unless `create_user` is false.",
)
async def send_otp(request: Request) -> Response:
    world = context_of(request).world
    body = await read_body(request)
    require_one_way(body, "Only an email address or phone number should be provided")
    if body.get("email") and body.get("channel"):
        raise Invalid("channel", "Channel should only be specified with Phone OTP")
    challenge = challenge_of(body)
    if body.get("create_user") is False and _has_no_account(world, body):
        raise OTP_DISABLED()
    if body.get("phone"):
        raise PHONE_DISABLED()
    email = email_member(body, absent="One of email or phone must be set")
    return _mail_sign_in(request, body, email=email, challenge=challenge)


def _has_no_account(world: World, body: Mapping[str, Any]) -> bool:
    """Return whether no account has the address or phone number of a body.

    Real: no account has a malformed address either (supabase/auth internal/api/otp.go).
    """
    if body.get("phone"):
        return True
    try:
        return bool(body.get("email")) and world.find(User, "email", email_member(body)) is None
    except Invalid:
        return True


@routes.add(
    "POST",
    "/magiclink",
    summary="Mail a sign-in link, creating the account; gotrue-js 1 calls this route.",
)
async def send_magic_link(request: Request) -> Response:
    body = await read_body(request)
    if not optional_text(body, "email"):
        # Real: this message with this status (supabase/auth internal/api/magic_link.go).
        raise GoTrueError("validation_failed", "Password recovery requires an email", status=422)
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
        redirect_to=requested_redirect(request),
        challenge=challenge,
        source=context.source,
    )
    return reply({})


RESENT = ("signup", "email_change", "sms", "phone_change")
_RESENT = f"Missing one of these types: {', '.join(RESENT)}"


@routes.add("POST", "/resend", summary="Resend a pending code.")
async def resend(request: Request) -> Response:
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
        raise GoTrueError("phone_provider_disabled", "Phone logins are disabled")
    email = email_member(body, absent="Missing email address or phone number")
    user = world.find(User, "email", email)
    redirect_to = requested_redirect(request)
    if user is not None and kind == "signup" and user.email_confirmed_at is None:
        one_time_codes.mail_code(
            world, user, "signup", redirect_to=redirect_to, challenge=challenge
        )
    if user is not None and kind == "email_change" and user.new_email is not None:
        one_time_codes.mail_change(
            world, user, email=user.new_email, redirect_to=redirect_to, challenge=challenge
        )
    return reply({})
