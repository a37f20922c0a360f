"""Admin API: accounts, for holders of the service key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.request_body import (
    email_member,
    given_text,
    object_member,
    optional_text,
    read_body,
)
from emulator.surfaces.supabase.responses import reply
from emulator.surfaces.supabase.sessions import EMAIL_EXISTS, name_of
from emulator.wire.fields import UUID_TEXT
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.gotrue.views import user_view
from emulator.wire.http.bodies import body_of
from emulator.wire.http.codes import NotImplementedHere
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import EmailTaken, Invalid
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts, sessions, signups
from emulator.world.privacy.erasure import erase_user
from emulator.world.records.identity import User

PER_PAGE = 50
PAGE_MAX = 10**6
_DURATION = re.compile(r"(?:([0-9]{1,12})h)?(?:([0-9]{1,12})m)?(?:([0-9]{1,12})s)?")
_UNITS = (3600, 60, 1)
_SECONDS_MAX = 2**63 // 10**9
"""Real: the longest `time.Duration` of Go, about 292 years (pkg.go.dev/time#Duration)."""

USER_NOT_FOUND = partial(GoTrueError, "user_not_found", "User not found")

routes = Routes(
    "supabase", prefix=PREFIX, provenance="GoTrue", caller="service", takes_trailing_slash=True
)


@routes.add(
    "GET",
    "/admin/users",
    summary="List the accounts, newest first, by `page` and `per_page`.",
    reads_headers=("apikey", "authorization", "x-supabase-api-version"),
    shows=("user",),
)
async def list_users(request: Request) -> Response:
    world = context_of(request).world
    page = _number(request, "page", 1, least=0)
    per_page = _number(request, "per_page", PER_PAGE, least=1)
    # Real: page 0 is the first page, and without any account there is none (supabase/auth
    # internal/api/pagination.go).
    shown = max(1, page)
    users = world.newest(User, "all", (), limit=shown * per_page)[(shown - 1) * per_page :]
    view = {"users": [user_view(world, user) for user in users], "aud": "authenticated"}
    total = world.count(User, "all", ())
    links = _links(page, last=-(-total // per_page), per_page=per_page)
    return reply(view, headers={"X-Total-Count": str(total), "Link": links})


def _links(page: int, *, last: int, per_page: int) -> str:
    """Return the `Link` header.

    Real: auth-js 2 takes the first digit after `page=` for the number of the page
    (src/GoTrueAdminApi.ts).
    """
    pages = {"next": page + 1, "last": last} if page < last else {"last": last}
    return ", ".join(
        f'</admin/users?page={number}&per_page={per_page}>; rel="{relation}"'
        for relation, number in pages.items()
    )


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name) or str(default)
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    if not is_number or not least <= int(text) <= PAGE_MAX:
        raise Invalid(name, f"Bad Pagination Parameters: {name}")
    return int(text)


@routes.add(
    "POST",
    "/admin/users",
    summary="Create an account without a session; unconfirmed unless `email_confirm` is true.",
    shows=("user",),
)
async def create_user(request: Request) -> Response:
    world = context_of(request).world
    body = await read_body(request)
    _require_built(request, body)
    if not body.get("email"):
        raise Invalid("email", "Cannot create a user without either an email or phone")
    user = create_account(request, body, metadata="user_metadata", pin=_uuid(body))
    if body.get("email_confirm") is True:
        user = accounts.confirm_email(world, user)
    return reply(user_view(world, _updated(world, user, body)))


NOT_BUILT: Mapping[str, object] = {
    "phone": None,
    "password_hash": None,
    "role": "authenticated",
    "should_soft_delete": False,
}
"""Members that GoTrue reads and the emulator does not → the value that has no effect."""


def _require_built(request: Request, body: Mapping[str, Any]) -> None:
    """Raise NotImplementedHere for a member that would otherwise be ignored silently."""
    for member, without_effect in NOT_BUILT.items():
        if body.get(member) and body[member] != without_effect:
            raise NotImplementedHere(f"`{member}` in {request.method} {request.url.path}")


def create_account(
    request: Request,
    body: Mapping[str, Any],
    *,
    metadata: str = "data",
    pin: str | None = None,
) -> User:
    """Create the account that a body describes. Raises GoTrueError, WeakPassword, Invalid."""
    context = context_of(request)
    given = object_member(body, metadata)
    try:
        return signups.open_account(
            context.world,
            email=email_member(body),
            password=optional_text(body, "password"),
            name=name_of(given),
            metadata=json_text(given),
            signs_up=False,
            pin=pin,
            source=context.source,
        )
    except EmailTaken:
        raise EMAIL_EXISTS() from None


def _uuid(body: Mapping[str, Any]) -> str | None:
    given = optional_text(body, "id")
    if given is not None and not UUID_TEXT.fullmatch(given):
        raise Invalid("id", "ID must conform to the uuid v4 format")
    if given == str(UUID(int=0)):
        raise Invalid("id", "ID cannot be a nil uuid")
    return given and given.lower()


def _user(world: World, user_id: str) -> User:
    if not UUID_TEXT.fullmatch(user_id.lower()):
        raise GoTrueError("validation_failed", "user_id must be an UUID", status=404)
    user = world.get(User, user_id.lower())
    if user is None:
        raise USER_NOT_FOUND()
    return user


@routes.add(
    "GET",
    "/admin/users/{user_id}",
    summary="Get an account.",
    reads_headers=("apikey", "authorization", "x-supabase-api-version"),
    shows=("user",),
)
async def get_user_by_id(request: Request, *, user_id: str) -> Response:
    world = context_of(request).world
    return reply(user_view(world, _user(world, user_id)))


@routes.add(
    "PUT",
    "/admin/users/{user_id}",
    summary="Change address, password, metadata, confirmation or ban, without any mail.",
    shows=("user",),
)
async def update_user_by_id(request: Request, *, user_id: str) -> Response:
    world = context_of(request).world
    user = _user(world, user_id)
    body = await read_body(request)
    _require_built(request, body)
    given = object_member(body, "user_metadata")
    if given:
        metadata = accounts.merge_metadata(user.user_metadata, given)
        user = accounts.put_user(world, replace(user, user_metadata=metadata))
    password = given_text(body, "password")
    if password is not None:
        user = accounts.set_password(world, user, password=password)
        sessions.end_all_sessions(world, user_id=user.id)
    if body.get("email"):
        try:
            user = accounts.change_email(
                world,
                user,
                email=email_member(body),
                is_verified=body.get("email_confirm") is True,
            )
        except EmailTaken:
            raise EMAIL_EXISTS() from None
    if body.get("email_confirm") is True:
        user = accounts.confirm_email(world, user)
    return reply(user_view(world, _updated(world, user, body)))


def _updated(world: World, user: User, body: Mapping[str, Any]) -> User:
    """Set what creating and updating have in common: app metadata and a ban."""
    given = object_member(body, "app_metadata")
    if given:
        merged = accounts.merge_metadata(user.app_metadata, given)
        user = accounts.put_user(world, replace(user, app_metadata=merged))
    ban = optional_text(body, "ban_duration")
    if ban is not None:
        seconds = 0 if ban == "none" else _seconds(ban)
        until = world.now + seconds * SECOND if seconds else None
        user = accounts.put_user(world, replace(user, banned_until=until))
    return user


def _seconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    units = zip(match.groups() if match else (), _UNITS, strict=False)
    seconds = sum(int(count or 0) * unit for count, unit in units)
    if match is None or not any(match.groups()) or seconds > _SECONDS_MAX:
        raise Invalid("ban_duration", "invalid format for ban duration: use none, 24h, 30m, 1h30m")
    return seconds


@routes.add("DELETE", "/admin/users/{user_id}", summary="Erase an account at once.")
async def delete_user(request: Request, *, user_id: str) -> Response:
    world = context_of(request).world
    user = _user(world, user_id)
    # Real: the body may be empty; `should_soft_delete` keeps the account without its personal
    # fields (supabase/auth internal/api/admin.go, `adminUserDelete`).
    if await body_of(request):
        _require_built(request, await read_body(request))
    erase_user(world, user)
    return reply({})
