"""Redaction: requests and responses as the journal shows them, without their secrets.

Memory and capsules keep requests whole.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus

import orjson

from emulator.journal.secret_names import NAME_MAX, PARAMETERS, is_secret
from emulator.journal.secret_patterns import REDACTED, redacted_lines, redacted_text
from emulator.wire.json_reader import DEPTH_MAX

PLAIN_COOKIES = frozenset({"emulator_world", "worldflux_workspace"})
"""Cookies that are not credentials."""

TOO_DEEP = f"[nested deeper than {DEPTH_MAX} levels]"

_SCHEMES = frozenset({"basic", "bearer", "digest"})


def redacted_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return headers as pairs; a cookie keeps its name and attributes."""
    return [[name, _header(name, value)] for name, value in headers]


def _header(name: str, value: str) -> str:
    if name == "cookie":
        return "; ".join(_cookie(part.strip()) for part in value.split(";"))
    if name == "set-cookie":
        cookie, *attributes = value.split(";")
        return ";".join((_cookie(cookie), *map(redacted_text, attributes)))
    if not is_secret(name.removeprefix("x-"), value):
        return redacted_lines(value)
    scheme, space, _ = value.partition(" ")
    return f"{scheme}{space}{REDACTED}" if scheme.lower() in _SCHEMES else REDACTED


def _cookie(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return REDACTED if pair else ""
    name = redacted_text(name)
    if value and name not in PLAIN_COOKIES:
        return f"{name}={REDACTED}"
    return f"{name}={redacted_text(value)}"


def redacted_query(query: str) -> str:
    """Return a query string in which only secrets are changed."""
    return "&".join(_pair_as_sent(pair) for pair in query.split("&"))


def _pair_as_sent(pair: str) -> str:
    name, equals, value = pair.partition("=")
    sent = unquote_plus(name), unquote_plus(value)
    shown = _pair(*sent)
    if shown == sent:
        return pair
    return f"{_encoded(shown[0])}{equals}{_encoded(shown[1])}"


def _pair(name: str, value: str) -> tuple[str, str]:
    if is_secret(name, value, names=PARAMETERS):
        return redacted_text(name), REDACTED
    return redacted_text(name), redacted_text(value)


_RESERVED = re.compile(r"[%&=#+\s]")


def _encoded(text: str) -> str:
    """Return a text for a query, with only the reserved characters encoded."""
    return _RESERVED.sub(lambda found: quote(found[0]), text)


# Bodies.

_FORM = re.compile(r"[\w.%+\[\]~-]{1,100}+=")
_FORM_TYPE = "application/x-www-form-urlencoded"
_JSON_BEGINS = ("{", "[", '"', "'")
_BOUNDARY = re.compile(r"(?:\A|\n)(--[^\s]{1,200}+)")
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
_PART_NAME = re.compile(r"\bname=(?:\"([^\"\r\n]*+)|([^\s;\"]++))", re.IGNORECASE)
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~.%+/"


def redacted_body(body: bytes, media_type: str = "", *, most: int | None = None) -> Any:
    """Return a body as JSON, or as text if it is not JSON; an empty body is null.

    A form becomes an object, and binary content its length. A body above `most` bytes is cut there
    and ends in a note.
    """
    if not body:
        return None
    is_cut = most is not None and len(body) > most
    if not is_cut:
        try:
            return _redacted(orjson.loads(body), 0)
        except orjson.JSONDecodeError:
            pass
    try:
        text, _ = codecs.utf_8_decode(body[:most], "strict", not is_cut)
    except UnicodeDecodeError:
        return f"[{len(body)} bytes]"
    if "\0" in text:
        return f"[{len(body)} bytes]"
    is_form = _is_form(text, media_type)
    if is_cut:
        # Not within a word: half a secret would not be recognized.
        text = text.rstrip(_WORD)
        text = redacted_query(text) if is_form else _redacted_text_body(text, media_type)
        return f"{text} [cut: GET /_emulator/requests/ID shows all {len(body)} bytes]"
    if is_form:
        pairs = (pair.partition("=") for pair in text.split("&"))
        return dict(_pair(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return _redacted_text_body(text, media_type)


def _is_form(text: str, media_type: str) -> bool:
    is_declared = media_type.lower().startswith(_FORM_TYPE)
    is_json = text.lstrip().startswith(_JSON_BEGINS)
    return not is_json and (is_declared or _FORM.match(text) is not None)


def _redacted_text_body(text: str, media_type: str) -> str:
    is_multipart = media_type.lower().startswith("multipart/") or text.startswith("--")
    boundary = _BOUNDARY.search(text) if is_multipart else None
    if boundary is None:
        return redacted_lines(text)
    return boundary[1].join(map(_part, text.split(boundary[1])))


def _part(text: str) -> str:
    """Return one part of a multipart body, without its value if its name is a secret's."""
    blank = _BLANK_LINE.search(text)
    if blank is None:
        return redacted_lines(text)
    head, value = text[: blank.end()], text[blank.end() :]
    found = _PART_NAME.search(head)
    content = value.rstrip("\r\n")
    if found and is_secret(found[1] or found[2] or "", content, names=PARAMETERS):
        return f"{redacted_text(head)}{REDACTED}{value[len(content) :]}"
    return f"{redacted_text(head)}{redacted_lines(value)}"


def _redacted(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return redacted_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == DEPTH_MAX:
        return TOO_DEEP
    if isinstance(value, list):
        return [_redacted(member, depth + 1) for member in value]
    return {
        _member_name(name): REDACTED if is_secret(name, member) else _redacted(member, depth + 1)
        for name, member in value.items()
    }


@lru_cache(maxsize=1024)
def _short_name(name: str) -> str:
    return redacted_text(name)


def _member_name(name: str) -> str:
    """Return the name of a member, which may itself be a secret."""
    return _short_name(name) if len(name) <= NAME_MAX else redacted_text(name)
