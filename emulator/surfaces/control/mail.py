"""The mailbox: what would have been sent, as a test or a person reads it."""

from __future__ import annotations

from itertools import islice
from typing import get_args

from fastapi import Request, Response

from emulator.registry.registry import WorldRegistry
from emulator.surfaces.control.replies import reply, whole
from emulator.wire.http.context import context_of
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.wire.mail import mail_view
from emulator.world.core.refusals import Invalid, NotFound
from emulator.world.records.system import Mail
from emulator.world.records.types import MailKind

LIMIT = 50
LIMIT_MAX = 200
WAIT_SECONDS_MAX = 60
_BATCH = 200


async def list_mail(request: Request, _: WorldRegistry) -> Response:
    """`GET /mail?to=&kind=&after=&wait=&limit=&cursor=`: newest first; with `wait`, once there is
    any (newer than the mail whose id is `after`), or empty after so many seconds.
    """
    context = context_of(request)
    query = request.query_params
    limit = whole(query.get("limit"), "limit", default=LIMIT, most=LIMIT_MAX)
    wait = whole(query.get("wait"), "wait", default=0, most=WAIT_SECONDS_MAX)
    found = _found(request, limit + 1)
    if not found and wait:
        context.outcome.wait_until_changed = wait
    page = found[:limit]
    items = [mail_view(context.world, context.settings, mail) for mail in page]
    next_cursor = cursor_after(page[-1]) if len(found) > limit else None
    return reply({"items": items, "next_cursor": next_cursor})


def _found(request: Request, limit: int) -> list[Mail]:
    """Return the newest mails that fit the query, batch by batch."""
    world = context_of(request).world
    query = request.query_params
    kind, to, after = query.get("kind"), query.get("to"), query.get("after")
    if kind is not None and kind not in get_args(MailKind):
        raise Invalid("kind", f"kind should be one of {', '.join(get_args(MailKind))}")
    last = None if after is None else _mail(request, after)
    index, key = ("all", ()) if to is None else ("to", to.lower())
    found: list[Mail] = []
    before = read_cursor(query.get("cursor"))
    while len(found) < limit:
        batch = world.newest(Mail, index, key, limit=_BATCH, before=before)
        for mail in batch:
            if last is not None and _key(mail) <= _key(last):
                return found
            if kind in (None, mail.kind):
                found.append(mail)
        if len(batch) < _BATCH:
            break
        before = _key(batch[-1])
    return list(islice(found, limit))


def _key(mail: Mail) -> tuple[int, int, str]:
    return (mail.created_at, mail.ordinal, mail.id)


def _mail(request: Request, mail_id: str) -> Mail:
    mail = context_of(request).world.get(Mail, mail_id)
    if mail is None:
        raise NotFound("mail", mail_id)
    return mail


async def get_mail(request: Request, _: WorldRegistry) -> Response:
    """`GET /mail/{mail_id}`: one mail with its text, HTML, link and code."""
    context = context_of(request)
    mail = _mail(request, request.path_params["mail_id"])
    return reply(mail_view(context.world, context.settings, mail))


async def get_mail_html(request: Request, _: WorldRegistry) -> Response:
    """`GET /mail/{mail_id}/html`: one mail as a page, to look at or click through."""
    context = context_of(request)
    mail = _mail(request, request.path_params["mail_id"])
    html = mail_view(context.world, context.settings, mail)["html"]
    return Response(html, media_type="text/html")
