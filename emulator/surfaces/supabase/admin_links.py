"""Invitations and links: what an administrator has mailed to somebody, or mails itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from emulator.surfaces.supabase.admin import create_account
from emulator.surfaces.supabase.errors import EmailExists, UserNotFound
from emulator.surfaces.supabase.request_body import (
    allowed_redirect,
    email_member,
    object_member,
    optional_text,
    read_body,
    redirect_of,
    reply,
    require_service,
    text_member,
)
from emulator.wire.gotrue.views import user_view
from emulator.wire.http.context import context_of
from emulator.wire.mail import verify_url
from emulator.wire.world_tags import tagged
from emulator.world.core.refusals import EmailTaken, Invalid
from emulator.world.identity import accounts, one_time_codes
from emulator.world.records.identity import User
from emulator.world.records.types import OneTimeKind


async def invite(request: Request) -> Response:
    """`POST /invite`: mail an invitation to a new address, whose account it creates."""
    require_service(request)
    world = context_of(request).world
    body = await read_body(request)
    user = world.find(User, "email", email_member(body))
    if user is not None and user.email_confirmed_at is not None:
        raise EmailExists
    if user is None:
        user = create_account(request, body)
    user = one_time_codes.mail_code(world, user, "invite", redirect_to=redirect_of(request))
    return reply(user_view(world, user))


_LINKS: Mapping[str, OneTimeKind] = {
    "signup": "signup",
    "invite": "invite",
    "magiclink": "magiclink",
    "recovery": "recovery",
    "email_change_current": "email_change_old",
    "email_change_new": "email_change",
}


async def generate_link(request: Request) -> Response:
    """`POST /admin/generate_link`: the link and code that a mail would carry, without the mail."""
    require_service(request)
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    said = optional_text(body, "type") or ""
    if said not in _LINKS:
        raise Invalid("type", f"Invalid email action link type requested: {said}")
    user = world.find(User, "email", email_member(body))
    if user is None and said == "magiclink":
        said = "signup"  # Real: so is the link of whoever has no account yet.
    user = _linked(request, said, body, user)
    address = None
    if said.startswith("email_change"):
        new_email = email_member(body, "new_email")
        try:
            accounts.require_free_email(world, user, new_email)
        except EmailTaken:
            raise EmailExists from None
        user = accounts.put_user(
            world, replace(user, new_email=new_email, is_change_half_confirmed=False)
        )
        address = new_email if said == "email_change_new" else user.email
    code = one_time_codes.issue_code(world, user, _LINKS[said], email=address)
    user = one_time_codes.record_sent(world, user, _LINKS[said])
    kind = "email_change" if said.startswith("email_change") else said
    given = allowed_redirect(request, optional_text(body, "redirect_to"))
    redirect_to = given or redirect_of(request) or world.auth.site_url
    link = verify_url(
        world, context.settings, token_hash=code.id, kind=kind, redirect_to=redirect_to
    )
    return reply(
        {
            **user_view(world, user),
            "action_link": link,
            "email_otp": code.code,
            "hashed_token": tagged(code.id, world),
            "verification_type": said,
            "redirect_to": redirect_to,
        }
    )


def _linked(request: Request, said: str, body: Mapping[str, Any], user: User | None) -> User:
    """Return the user a link is for, created where the type creates one."""
    if user is None and said not in ("signup", "invite"):
        raise UserNotFound("User with this email not found")
    if user is None and body.get("type") == "signup":
        text_member(body, "password", "Signup requires a valid password")
        return create_account(request, body)
    if user is None:
        return create_account(request, {**body, "password": None})
    if said in ("signup", "invite") and user.email_confirmed_at is not None:
        raise EmailExists
    given = object_member(body, "data")
    if said == "signup" and given:
        metadata = accounts.merge_metadata(user.user_metadata, given)
        user = accounts.put_user(context_of(request).world, replace(user, user_metadata=metadata))
    return user
