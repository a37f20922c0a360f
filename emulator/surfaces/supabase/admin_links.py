"""Admin links: invitations, and links for mails that the caller sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.admin import create_account
from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.redirects import allowed_redirect, requested_redirect
from emulator.surfaces.supabase.request_body import (
    email_member,
    object_member,
    optional_text,
    read_body,
    text_member,
)
from emulator.surfaces.supabase.responses import reply
from emulator.surfaces.supabase.sessions import EMAIL_EXISTS
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.gotrue.views import user_view
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.mail import verify_url
from emulator.wire.world_tags import tagged
from emulator.world.core.refusals import EmailTaken, Invalid
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes
from emulator.world.records.identity import User
from emulator.world.records.types import OneTimeKind

routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue", caller="service", shows=("user",))


@routes.add("POST", "/invite", summary="Mail an invitation to a new address, creating its account.")
async def invite(request: Request) -> Response:
    world = context_of(request).world
    body = await read_body(request)
    user = world.find(User, "email", email_member(body))
    if user is not None and user.email_confirmed_at is not None:
        raise EMAIL_EXISTS()
    if user is None:
        user = create_account(request, body)
    user = one_time_codes.mail_code(world, user, "invite", redirect_to=requested_redirect(request))
    return reply(user_view(world, user))


_LINKS: Mapping[str, OneTimeKind] = {
    "signup": "signup",
    "invite": "invite",
    "magiclink": "magiclink",
    "recovery": "recovery",
    "email_change_current": "email_change_old",
    "email_change_new": "email_change",
}


@routes.add(
    "POST",
    "/admin/generate_link",
    summary="Create the link and code of a mail without sending it.",
)
async def generate_link(request: Request) -> Response:
    context = context_of(request)
    world = context.world
    body = await read_body(request)
    link_type = optional_text(body, "type") or ""
    if link_type not in _LINKS:
        raise Invalid("type", f"Invalid email action link type requested: {link_type}")
    user = world.find(User, "email", email_member(body))
    if user is None and link_type == "magiclink":
        link_type = "signup"  # Real: as for any new address (supabase/auth internal/api/mail.go).
    user = _linked(request, link_type, body, user)
    is_change = link_type.startswith("email_change")
    if is_change:
        user = _changing(world, user, email_member(body, "new_email"))
    address = user.new_email if link_type == "email_change_new" else user.email
    code = one_time_codes.issue_code(
        world, user, _LINKS[link_type], email=address if is_change else None
    )
    user = one_time_codes.record_sent(world, user, _LINKS[link_type])
    kind = "email_change" if is_change else link_type
    given = allowed_redirect(request, optional_text(body, "redirect_to"))
    redirect_to = given or requested_redirect(request) or world.auth.site_url
    link = verify_url(
        world, context.settings, token_hash=code.id, kind=kind, redirect_to=redirect_to
    )
    return reply(
        {
            **user_view(world, user),
            "action_link": link,
            "email_otp": code.code,
            "hashed_token": tagged(code.id, world),
            "verification_type": link_type,
            "redirect_to": redirect_to,
        }
    )


def _changing(world: World, user: User, new_email: str) -> User:
    """Return the user with a pending change of address."""
    try:
        accounts.require_free_email(world, user, new_email)
    except EmailTaken:
        raise EMAIL_EXISTS() from None
    return accounts.put_user(
        world, replace(user, new_email=new_email, is_change_half_confirmed=False)
    )


def _linked(request: Request, link_type: str, body: Mapping[str, Any], user: User | None) -> User:
    """Return the user of a link, created where its type creates an account."""
    if user is None and link_type not in ("signup", "invite"):
        raise GoTrueError("user_not_found", "User with this email not found")
    if user is None and body.get("type") == "signup":
        text_member(body, "password", "Signup requires a valid password")
        return create_account(request, body)
    if user is None:
        return create_account(request, {**body, "password": None})
    if link_type in ("signup", "invite") and user.email_confirmed_at is not None:
        raise EMAIL_EXISTS()
    given = object_member(body, "data")
    if link_type == "signup" and given:
        metadata = accounts.merge_metadata(user.user_metadata, given)
        user = accounts.put_user(context_of(request).world, replace(user, user_metadata=metadata))
    return user
