"""Views of the journal's entries, without secrets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from emulator.journal.journal import Entry
from emulator.journal.redaction import redacted_body, redacted_headers, redacted_query
from emulator.journal.secret_patterns import REDACTED, redacted_text
from emulator.surfaces.control.replies import Digest, Moment, View
from emulator.world.core.times import to_text

SECRET_IDS = ("codes", "refresh_tokens")
"""The tables whose records have the secret itself as their id."""


class ActorView(View):
    """The caller of a request."""

    user_id: str | None
    api_key_id: str | None


class MessageView(View):
    """Headers and body of a request or a response; secrets are redacted."""

    headers: Annotated[list[list[str]], Field(description="Pairs of name and value.")]
    body: Annotated[Any, Field(description="As JSON, else as text; null where it is empty.")]


class ChangedRecord(View):
    """A record that a request wrote."""

    table: str
    id: str


class StatesView(View):
    """The state around a request."""

    before: Digest
    after: Digest


class EntryView(View):
    """A request with its response and what it changed."""

    id: int
    at: Moment
    surface: str
    operation: str
    method: str
    path: str
    query: str
    status: int
    code: Annotated[str | None, Field(description="Error code of the response.")]
    actor: ActorView
    request: MessageView
    response: MessageView
    changed: list[ChangedRecord]
    mail: Annotated[list[str], Field(description="Ids of the mails that it caused.")]
    events: Annotated[list[str], Field(description="Ids of the events that it caused.")]
    fault_id: Annotated[str | None, Field(description="The fault that was applied to it.")]
    latency_ms: Annotated[int, Field(description="Milliseconds that a fault added.")]
    state: StatesView


def entry_view(entry: Entry, *, most: int | None = None) -> EntryView:
    """Return an entry; of a body above `most` bytes only the beginning."""
    changed = [
        ChangedRecord(table=table, id=REDACTED if table in SECRET_IDS else redacted_text(record_id))
        for table, record_id in entry.changed
    ]
    return EntryView(
        id=entry.id,
        at=to_text(entry.at),
        surface=entry.surface,
        operation=entry.operation,
        method=entry.method,
        path=redacted_text(entry.path),
        query=redacted_query(entry.query),
        status=entry.status,
        code=entry.code,
        actor=ActorView(user_id=entry.user_id, api_key_id=entry.api_key_id),
        request=_message_view(entry.request_headers, entry.request_body, most=most),
        response=_message_view(entry.response_headers, entry.response_body, most=most),
        changed=changed,
        mail=[record.id for record in changed if record.table == "mail"],
        events=[record.id for record in changed if record.table == "events"],
        fault_id=entry.fault_id,
        latency_ms=entry.latency_ms,
        state=StatesView(before=str(entry.before.digest), after=str(entry.after.digest)),
    )


def _message_view(
    headers: tuple[tuple[str, str], ...], body: bytes, *, most: int | None
) -> MessageView:
    media_type = dict(headers).get("content-type", "")
    return MessageView(
        headers=redacted_headers(headers), body=redacted_body(body, media_type, most=most)
    )
