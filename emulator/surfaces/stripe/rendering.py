"""Rendering: templates, money, dates, and forms as browsers send them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http.bodies import body_of
from emulator.wire.http.codes import UnsupportedMediaType
from emulator.wire.http.context import context_of
from emulator.wire.http.locations import location_of
from emulator.wire.world_tags import untagged
from emulator.world.core.times import to_datetime
from emulator.world.records.types import Instant

if TYPE_CHECKING:
    from jinja2 import Environment

FORM_TYPE = "application/x-www-form-urlencoded"
_FIELD_MAX = 2000

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # 60 ms, on the first page

    environment = Environment(
        loader=PackageLoader("emulator.surfaces.stripe"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = money
    environment.filters["date"] = date
    environment.filters["brand"] = brand
    return environment


def page(name: str, *, status: int = 200, **context: Any) -> Response:
    """Return a template as a response."""
    html = _environment().get_template(f"{name}.html").render(context)
    return Response(html, status_code=status, media_type="text/html", headers=_HEADERS)


def see_other(url: str) -> Response:
    """Return the redirect after a form."""
    return Response(status_code=303, headers={"Location": location_of(url), **_HEADERS})


def money(cents: int) -> str:
    """Return an amount as people read it: `$1,234.50`, negative ones with a minus sign."""
    sign = "−" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def date(moment: Instant | None) -> str:
    """Return a day as people read it: `1 January 2026`."""
    if moment is None:
        return "—"
    at = to_datetime(moment)
    return f"{at.day} {at:%B %Y}"


_BRANDS = {"amex": "American Express", "mastercard": "Mastercard", "visa": "Visa"}


def brand(name: str) -> str:
    """Return a card's brand as people know it."""
    return _BRANDS.get(name, "Card")


def named_in_path(request: Request, name: str) -> str:
    """Return the id in a link without its world's tag, or nothing if the tag is another world's."""
    return untagged(request.path_params[name], context_of(request).world) or ""


async def read_form(request: Request) -> dict[str, str]:
    """Return the last value of each field of a form. Raises UnsupportedMediaType."""
    body = await body_of(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != FORM_TYPE:
        raise UnsupportedMediaType(media_type)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=None)
    return {name: value[:_FIELD_MAX] for name, value in pairs}
