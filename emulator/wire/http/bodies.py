"""JSON bodies: unacceptable JSON is refused before any model sees it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from emulator.wire.fields import Strict
from emulator.wire.http.codes import BadInput, PayloadTooLarge, UnsupportedMediaType
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problems_of
from emulator.wire.http.headers import header_of
from emulator.wire.json_reader import DEPTH_MAX, TooDeepError, load_json
from emulator.world.core.refusals import Invalid

Model = TypeVar("Model", bound=BaseModel)


class EmptyBody(Strict):
    """An empty object, which may be left out."""


_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
_MEDIA_TYPE = re.compile(r"^application/(?:[^;\s]+\+)?json\s*(?:;|$)", re.IGNORECASE)


async def body_of(request: Request) -> bytes:
    """Return the body's bytes. Raises PayloadTooLarge."""
    limit_bytes = context_of(request).exceeded_limit_bytes
    if limit_bytes is not None:
        raise PayloadTooLarge(limit_bytes)
    return await request.body()


async def preload_json(request: Request, *, of_any_type: bool = False) -> None:
    """Parse the body, so that `request.json()` returns only acceptable JSON.

    Raises UnsupportedMediaType unless any type is taken, and Invalid with the path of what is not
    JSON.
    """
    body = await body_of(request)
    if not body:
        return
    if not of_any_type:
        _require_json_type(request)
    if not hasattr(request, "_json"):
        request._json = parse_json(body)  # noqa: SLF001 - where Starlette remembers it


def share_json(request: Request, other: Request) -> None:
    """Spare another request of the same body its parsing, if this body is parsed already."""
    if hasattr(request, "_json"):
        other._json = request._json  # noqa: SLF001


def _require_json_type(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body is declared to be JSON."""
    media_type = header_of(request.scope, b"content-type") or ""
    if not _MEDIA_TYPE.match(media_type):
        raise UnsupportedMediaType(media_type)


def parse_json(body: bytes) -> Any:
    """Return the value of JSON text. Raises Invalid for text that is not JSON or is nested too
    deeply, and for NaN, infinities and integers beyond 64 bits with the path where they stand.
    """
    try:
        value = load_json(body)
    except TooDeepError as error:
        message = f"The body is nested more than {DEPTH_MAX} levels deep; flatten it."
        raise Invalid("", message) from error
    except orjson.JSONDecodeError as error:
        _refuse_number(body)
        raise Invalid("", f"The body is not JSON: {error}.") from error
    # Measured: a regular expression takes thirty times as long.
    if _LONG_NUMBER in body.translate(_AS_ZEROS):
        _refuse_number(body)
    return value


def _refuse_number(body: bytes) -> None:
    """Raise Invalid if the standard library's laxer parser finds a number that is not JSON."""
    try:
        lax = json.loads(body)
    except ValueError:
        return
    for path, value in _numbers(lax, ()):
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(".".join(path), "NaN and infinities are not JSON; leave the member out.")
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise Invalid(".".join(path), "Integers beyond 64 bits are not kept exactly.")


def _numbers(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int | float]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _numbers(member, (*path, key))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _numbers(member, (*path, str(place)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


async def read_json(request: Request, *, of_any_type: bool = False) -> Any:
    """Return the body; an absent body is an empty object. Raises what `preload_json` does."""
    if not await body_of(request):
        return {}
    await preload_json(request, of_any_type=of_any_type)
    return await request.json()


async def read_object(request: Request) -> dict[str, Any]:
    """Return the body of any type, which must be a JSON object, as the BFF reads it.

    Assumed: the BFF's handlers read `await request.json()`, which in Next.js does not look at the
    type: `fetch` sends JSON as text/plain where none is set. Raises BadInput.
    """
    body = await read_json(request, of_any_type=True)
    if not isinstance(body, dict):
        raise BadInput([{"path": "", "message": "The body should be a JSON object"}])
    return body


async def read_model(request: Request, model: type[Model]) -> Model:
    """Return the body of any type as a model, as `read_object` does. Raises BadInput with the path
    of every place that is off.
    """
    return validated(await read_json(request, of_any_type=True), model)


async def read_strictly(request: Request, model: type[Model]) -> Model:
    """Return the body as a model, without coercing types: "5" and true are not numbers. Raises
    BadInput.
    """
    value = await read_json(request)
    try:
        return model.model_validate_json(orjson.dumps(value), strict=True)
    except ValidationError as error:
        raise BadInput(problems_of(error.errors())) from error


def validated(value: Any, model: type[Model]) -> Model:
    """Return a JSON value as a model. Raises BadInput."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadInput(problems_of(error.errors())) from error
