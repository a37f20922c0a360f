"""Mailbox of a world: the mails that would have been sent, for tests and people to read."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import LIMIT, Cursor, Limit, Moment, View, Wait, reply
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.pagination import first_page, read_cursor
from emulator.wire.http.router import Routes
from emulator.wire.mail import mail_view
from emulator.world.core.refusals import NotFound
from emulator.world.core.world import World
from emulator.world.records.system import Mail
from emulator.world.records.types import MailKind

routes = Routes("control", prefix=PREFIX, tag="mail", provenance="ours")

_BATCH = 200


class MailQuery(BaseModel):
    """Filters and the place in the list."""

    to: Annotated[str | None, Field(description="Address.")] = None
    kind: MailKind | None = None
    after: Annotated[str | None, Field(description="Id of a mail; only newer mails match.")] = None
    wait: Wait | None = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class MailView(View):
    """A mail."""

    id: str
    to: str
    kind: MailKind
    subject: str
    link: str | None
    code: Annotated[str | None, Field(description="Can be typed instead of following the link.")]
    text: str
    html: str
    sent_at: Moment


class MailPage(View):
    """Mails, newest first."""

    items: list[MailView]
    next_cursor: str | None


@routes.add(
    "GET",
    "/mail",
    summary="List the mails of this world, newest first; `wait` waits for the first match.",
    query=MailQuery,
    answers={200: MailPage},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND},
)
async def list_mail(request: Request, _: Control, *, query: MailQuery) -> Response:
    context = context_of(request)
    found = _matching(context.world, query, limit=query.limit + 1)
    if not found and query.wait:
        context.outcome.wait_until_changed = query.wait
    page, next_cursor = first_page(found, query.limit)
    return reply(MailPage(items=[_view(request, mail) for mail in page], next_cursor=next_cursor))


@routes.add(
    "GET",
    "/mail/{mail_id}",
    summary="Return a mail with its text, HTML, link and code.",
    answers={200: MailView},
    refuses={Code.NOT_FOUND},
)
async def get_mail(request: Request, _: Control, *, mail_id: str) -> Response:
    return reply(_view(request, _mail(context_of(request).world, mail_id)))


@routes.add(
    "GET",
    "/mail/{mail_id}/html",
    summary="Show a mail as a page.",
    is_documented=False,
    refuses={Code.NOT_FOUND},
)
async def get_mail_html(request: Request, _: Control, *, mail_id: str) -> Response:
    view = _view(request, _mail(context_of(request).world, mail_id))
    return Response(view.html, media_type="text/html")


def _matching(world: World, query: MailQuery, *, limit: int) -> list[Mail]:
    """Return the newest mails that match the query, batch by batch."""
    last = None if query.after is None else _mail(world, query.after)
    index, key = ("all", ()) if query.to is None else ("to", query.to.lower())
    found: list[Mail] = []
    before = read_cursor(query.cursor)
    while len(found) < limit:
        batch = world.newest(Mail, index, key, limit=_BATCH, before=before)
        for mail in batch:
            if last is not None and _key(mail) <= _key(last):
                return found
            if query.kind in (None, mail.kind):
                found.append(mail)
        if len(batch) < _BATCH:
            break
        before = _key(batch[-1])
    return list(islice(found, limit))


def _key(mail: Mail) -> tuple[int, int, str]:
    return (mail.created_at, mail.ordinal, mail.id)


def _mail(world: World, mail_id: str) -> Mail:
    mail = world.get(Mail, mail_id)
    if mail is None:
        raise NotFound("mail", mail_id)
    return mail


def _view(request: Request, mail: Mail) -> MailView:
    context = context_of(request)
    return MailView.model_validate(mail_view(context.world, context.settings, mail))
