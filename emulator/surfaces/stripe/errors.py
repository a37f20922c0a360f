"""Error pages of Stripe's hosted pages."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.rendering import page
from emulator.wire.http.codes import CODES, STATUS, InjectedError
from emulator.world.core import refusals
from emulator.world.core.refusals import Refusal

TABLE: Mapping[type[Refusal], int] = {
    **{refusal: STATUS[code] for refusal, code in CODES.items()},
    refusals.CardDeclined: 402,
    refusals.SessionClosed: 410,
}
"""Refusal → status; every refusal has a row."""

_TITLES = {404: "Page not found", 410: "This page is closed", 500: "Something went wrong"}


def render(_: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the page of a refusal."""
    status = refusal.status if isinstance(refusal, InjectedError) else TABLE[type(refusal)]
    response = page(
        "message",
        status=status,
        title=_TITLES.get(status, "That did not work"),
        message=refusal.message,
        link=None,
        link_text="",
    )
    response.headers.update(headers)
    return response
