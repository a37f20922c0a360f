"""The admin API: accounts and links, for whoever holds the service key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from emulator.seeding.schema import UUID_TEXT
from emulator.surfaces.supabase.errors import EmailExists, UserNotFound
from emulator.surfaces.supabase.requests import (
    email_member,
    object_member,
    optional_text,
    read_body,
    redirect_of,
    reply,
    require_service,
    text_member,
)
from emulator.surfaces.supabase.sessions import name_of
from emulator.wire.credentials import tagged
from emulator.wire.exchange import exchange_of
from emulator.wire.gotrue import user_view
from emulator.wire.mails import verify_url
from emulator.world import accounts, one_time, sessions
from emulator.world.forgetting import forget
from emulator.world.records import OneTimeKind, User
from emulator.world.refusals import EmailTaken, Invalid
from emulator.world.texts import json_text
from emulator.world.times import SECOND
from emulator.world.world import World

PER_PAGE = 50
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = (3600, 60, 1)


async def list_users(request: Request) -> Response:
    """`GET /admin/users?page=&per_page=`: every account, newest first."""
    require_service(request)
    world = exchange_of(request).world
    page = _positive(request, "page", 1)
    per_page = _positive(request, "per_page", PER_PAGE)
    users = world.newest(User, "all", (), limit=page * per_page)[(page - 1) * per_page :]
    view = {"users": [user_view(world, user) for user in users], "aud": "authenticated"}
    total = str(world.count(User, "all", ()))
    return reply(view, headers={"X-Total-Count": total})


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**6:
        raise Invalid(name, f"Bad Pagination Parameters: {name}")
    return int(text)


async def create_user(request: Request) -> Response:
    """`POST /admin/users`: an account without a session; unconfirmed unless told otherwise."""
    require_service(request)
    world = exchange_of(request).world
    body = await read_body(request)
    user = _create(world, body, is_confirmed=body.get("email_confirm") is True)
    return reply(user_view(world, _updated(world, user, body)))


def _create(
    world: World, body: Mapping[str, Any], *, is_confirmed: bool, metadata: str = "user_metadata"
) -> User:
    given = object_member(body, metadata)
    try:
        return accounts.create_user(
            world,
            email=email_member(body),
            password=optional_text(body, "password"),
            name=name_of(given),
            metadata=json_text(given),
            is_confirmed=is_confirmed,
            pin=_uuid(body),
        )
    except EmailTaken:
        raise EmailExists from None


def _uuid(body: Mapping[str, Any]) -> str | None:
    given = optional_text(body, "id")
    if given is not None and not UUID_TEXT.fullmatch(given):
        raise Invalid("id", "ID must conform to the uuid v4 format")
    return given and given.lower()


def _user(request: Request) -> User:
    user = exchange_of(request).world.get(User, request.path_params["user_id"])
    if user is None:
        raise UserNotFound
    return user


async def get_user(request: Request) -> Response:
    """`GET /admin/users/{user_id}`: one account."""
    require_service(request)
    return reply(user_view(exchange_of(request).world, _user(request)))


async def update_user(request: Request) -> Response:
    """`PUT /admin/users/{user_id}`: address, password, metadata, confirmation, ban; at once."""
    require_service(request)
    world = exchange_of(request).world
    user = _user(request)
    body = await read_body(request)
    given = object_member(body, "user_metadata")
    if given:
        metadata = accounts.merge_metadata(user.user_metadata, given)
        user = accounts.put_user(world, replace(user, user_metadata=metadata))
    password = optional_text(body, "password")
    if password is not None:
        user = accounts.set_password(world, user, password=password)
        sessions.end_all_sessions(world, user_id=user.id)
    if body.get("email"):
        try:
            accounts.require_free_email(world, user, email_member(body))
        except EmailTaken:
            raise EmailExists from None
        user = accounts.change_email(world, user, email=email_member(body))
    if body.get("email_confirm") is True:
        user = accounts.confirm_email(world, user)
    return reply(user_view(world, _updated(world, user, body)))


def _updated(world: World, user: User, body: Mapping[str, Any]) -> User:
    """Apply what creating and updating have in common: app metadata and a ban."""
    given = object_member(body, "app_metadata")
    if given:
        merged = accounts.merge_metadata(user.app_metadata, given)
        user = accounts.put_user(world, replace(user, app_metadata=merged))
    ban = optional_text(body, "ban_duration")
    if ban is not None:
        until = None if ban == "none" else world.now + _seconds(ban) * SECOND
        user = accounts.put_user(world, replace(user, banned_until=until))
    return user


def _seconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise Invalid("ban_duration", "invalid format for ban duration: use none, 24h, 30m, 1h30m")
    units = zip(match.groups(), _UNITS, strict=True)
    return sum(int(count or 0) * seconds for count, seconds in units)


async def delete_user(request: Request) -> Response:
    """`DELETE /admin/users/{user_id}`: forget an account at once."""
    require_service(request)
    forget(exchange_of(request).world, _user(request))
    return reply({})


async def invite(request: Request) -> Response:
    """`POST /invite`: mail an invitation to a new address, whose account it creates."""
    require_service(request)
    world = exchange_of(request).world
    body = await read_body(request)
    user = world.find(User, "email", email_member(body))
    if user is not None and user.email_confirmed_at is not None:
        raise EmailExists
    if user is None:
        user = _create(world, body, is_confirmed=False, metadata="data")
    user = one_time.mail_code(world, user, "invite", redirect_to=redirect_of(request))
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
    exchange = exchange_of(request)
    world = exchange.world
    body = await read_body(request)
    said = text_member(body, "type")
    if said not in _LINKS:
        raise Invalid("type", f"Invalid email action link type requested: {said}")
    user = _linked(world, said, body)
    address = None
    if said.startswith("email_change"):
        new_email = email_member(body, "new_email")
        user = accounts.put_user(world, replace(user, new_email=new_email))
        address = new_email if said == "email_change_new" else user.email
    code = one_time.issue_code(world, user, _LINKS[said], email=address)
    user = one_time.note_sent(world, user, _LINKS[said])
    kind = "email_change" if said.startswith("email_change") else said
    given = optional_text(body, "redirect_to")
    redirect_to = redirect_of(request) or given or world.auth.site_url
    link = verify_url(
        world, exchange.settings, token_hash=code.id, kind=kind, redirect_to=redirect_to
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


def _linked(world: World, said: str, body: Mapping[str, Any]) -> User:
    """Return the user a link is for, created where the type creates one."""
    user = world.find(User, "email", email_member(body))
    if user is None and said in ("signup", "invite", "magiclink"):
        if said == "signup":
            text_member(body, "password")
        return _create(world, body, is_confirmed=False, metadata="data")
    if user is None:
        raise UserNotFound
    if said in ("signup", "invite") and user.email_confirmed_at is not None:
        raise EmailExists
    return user
