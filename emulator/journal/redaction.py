"""Redaction of what the journal shows; memory and capsules keep requests whole.

A secret is hidden wherever it stands, and nothing else is. It is recognized by its name (a member,
a parameter, a header, a cookie), by its shape (an API key, a JWT), or by its place in a link. All
of it takes time linear in the size of the text: no pattern here backtracks.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import orjson

from emulator.wire.json_reader import DEPTH_MAX

REDACTED = "[redacted]"

NAMES = frozenset(
    {
        "accesstoken",
        "apikey",
        "apisecret",
        "apitoken",
        "authcode",
        "authorization",
        "authorizationcode",
        "authtoken",
        "bearertoken",
        "clientsecret",
        "codechallenge",
        "codeverifier",
        "confirmationtoken",
        "confirmpassword",
        "cookie",
        "csrftoken",
        "currentpassword",
        "cvc",
        "cvv",
        "emailotp",
        "encryptedpassword",
        "hashedtoken",
        "idtoken",
        "jwt",
        "jwtsecret",
        "newpassword",
        "nonce",
        "oldpassword",
        "otp",
        "passphrase",
        "passwd",
        "password",
        "passwordconfirm",
        "passwordconfirmation",
        "passwordhash",
        "privatekey",
        "providerrefreshtoken",
        "providertoken",
        "proxyauthorization",
        "recoverytoken",
        "refreshtoken",
        "secret",
        "secretkey",
        "servicekey",
        "servicerolekey",
        "sessiontoken",
        "setcookie",
        "sharetoken",
        "signingsecret",
        "stripesignature",
        "token",
        "tokenhash",
        "webhooksecret",
    }
)
"""What secrets are called, in lower case without `_` and `-`: `accessToken` is `access_token`."""

PARAMETERS = NAMES | {"code"}
"""The same in queries, fragments and forms, where `code` is what a login is completed with; a
member of JSON of that name is the code of an error."""

CARD_NUMBER = "number"
"""Secret where so many digits follow that it is a card's: an invoice has a number, too."""

_CARD_DIGITS_MIN = 12
_INVOICE_NUMBER_MAX = 40

PLAIN_COOKIES = frozenset({"emulator_world", "worldflux_workspace"})
"""Cookies that open nothing."""

_SCHEMES = frozenset({"basic", "bearer", "digest"})

_NAME_MAX = 100


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    """Return a name as NAMES has it; of `user[password]` and `user.password` the last part."""
    last = name.rstrip("[]").replace("[", ".").rpartition(".")[2]
    return last.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _is_secret(name: str, value: object, *, names: frozenset[str] = NAMES) -> bool:
    """Tell whether what stands under a name is to be hidden. What is empty hides nothing."""
    if value is None or value is True or value is False or value == "":
        return False
    bare = _bare(name[-_NAME_MAX:])
    return bare in names or (bare == CARD_NUMBER and _is_card_number(value))


def _is_card_number(value: object) -> bool:
    if not isinstance(value, str | int | float):
        return True
    text = str(value)
    is_long = len(text) > _INVOICE_NUMBER_MAX
    return is_long or sum(map(str.isdigit, text)) >= _CARD_DIGITS_MIN


# Links, and sentences of ours that quote one. Possessive quantifiers (`*+`) never backtrack.

_LINK = re.compile(
    r"(/api/++public/++[^/?#\s\"'<>]{1,50}+/++|/exports/++)[^/?#\s\"'<>;,)]++", re.IGNORECASE
)
_USERINFO = re.compile(r"://[^/?#@\s\"'<>]++@")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SENTENCE = re.compile(
    rf"(No (?:share|export) )(?!'{_UUID}')"
    r"(?:'(?:[^'\\\n]++|\\.)*+'|\"(?:[^\"\\\n]++|\\.)*+\")"
)
_PARAMETER = re.compile(r"([?&#]|&amp;)([\w.\[\]~%-]{1,100}+)=([^&#\s\"<>]++)")


def _parameter(found: re.Match[str]) -> str:
    if not _is_secret(_parameter_name(found[2]), found[3], names=PARAMETERS):
        return found[0]
    return f"{found[1]}{found[2]}={REDACTED}"


_parameter_name = lru_cache(maxsize=4096)(unquote_plus)


# Shapes

_HOSTED = re.compile(
    r"(?<![0-9A-Za-z_])((?:cs_(?:test|live)|bps)_(?=[0-9A-Za-z]{16})|in_(?=[0-9A-Za-z]{24}))"
    r"([0-9A-Za-z]++)"
)
"""The ids of hosted pages and invoices: whoever has one opens the page."""
_TAIL = 5

_MINTED = re.compile(r"(?<![\w-])(?:(?:pkce_)?[0-9a-f]{56}|[0-9A-Za-z]{32})(?![\w-])")
"""What the emulator makes: hashes of mailed links, tokens of shares and exports."""
_MINTED_MIN = 32


def _hosted(found: re.Match[str]) -> str:
    """Return an id of which enough is left to tell it from others."""
    return f"{found[1]}…{found[2][-_TAIL:]}"


def _minted(found: re.Match[str]) -> str:
    """Return nothing of a token. One of 32 characters mixes digits and both cases."""
    word = found[0]
    is_mixed = word.lower() != word != word.upper() and any(map(str.isdigit, word))
    return REDACTED if is_mixed or len(word) > _MINTED_MIN else word


_SHAPES: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    ("wbx_", re.compile(r"wbx_\w++(?:~[a-z0-9-]++)?"), REDACTED),
    ("base64-", re.compile(r"base64-[\w+/=-]++"), REDACTED),
    (
        "eyJ",
        re.compile(r"(?<![\w-])((?>[\w-]*?(?=eyJ)))[\w-]++\.[\w-]++\.[\w-]*+"),
        rf"\1{REDACTED}",
    ),
    ("whsec_", re.compile(r"whsec_[^\s\"'&<>]++"), REDACTED),
    ("k_", re.compile(r"(?<![0-9A-Za-z_])[rs]k_(?:test|live)_\w++"), REDACTED),
    ("_", _HOSTED, _hosted),
    ("/", _LINK, rf"\1{REDACTED}"),
    ("://", _USERINFO, f"://{REDACTED}@"),
    ("No ", _SENTENCE, rf"\1'{REDACTED}'"),
    ("=", _PARAMETER, _parameter),
)
"""What every text holds that has a secret of this shape, the shape, and what to show instead."""

_SHORTEST = 8
_ENCODED = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>%]*+%[^\s\"'<>]++")
_ENCODED_MAX = 2**16
_DECODED_AT_MOST = 2
"""How often a word is percent-decoded to look for secrets: a server does it once."""


def redacted_text(text: str) -> str:
    """Return a text without its secrets; a word in which one was percent-encoded is decoded."""
    text = _plain(text)
    return _ENCODED.sub(_decoded, text) if "%" in text else text


def _decoded(found: re.Match[str]) -> str:
    shown = word = found[0]
    if len(word) > _ENCODED_MAX:
        return shown
    for _ in range(_DECODED_AT_MOST):
        word = unquote(word)
        if (redacted := _plain(word)) != word:
            shown = word = redacted
    return shown


def _plain(text: str) -> str:
    if len(text) < _SHORTEST:
        return text
    for mark, shape, instead in _SHAPES:
        if mark in text:
            text = shape.sub(instead, text)
    if len(text) >= _MINTED_MIN:
        text = _MINTED.sub(_minted, text)
    if ":" in text and ('"' in text or "'" in text):
        text = _without_members(text, _QUOTED)
    return text


# Members of what is not JSON: cut off, in other quotes, within a string

_QUOTED = re.compile(r"(?<!\\)(\\*+[\"'])([\w.\[\] -]{1,100}+)\1\s*+(:)\s*+")
_LOOSE = re.compile(r"(?<![\w\"'\\.-])()([A-Za-z][\w.\[\]-]{0,99}+)\s*+([:=])\s*+")
_OPENING = re.compile(r"\\*+[\"']")
_STRINGS = {
    '"': re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]++|\\.)*+'?", re.DOTALL),
}
_UNQUOTED = {
    ":": re.compile(r"[^\r\n,}\]]*+"),
    "=": re.compile(r"[^\s,;&}\])\"'<>]*+"),
}
_LINE = re.compile(r"[^\r\n]*+")
_LINES = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})
"""Headers, whose value is the rest of the line."""
_NESTING = re.compile(r"\"(?:[^\"\\]++|\\.)*+\"?|'(?:[^'\\]++|\\.)*+'?|[\[\]{}]", re.DOTALL)
_NOTHING = frozenset({"", "null", "None", "true", "True", "false", "False"})


def _without_members(text: str, names: re.Pattern[str]) -> str:
    """Return a text without the values that stand behind the names of secrets."""
    shown: list[str] = []
    done = at = 0
    while found := names.search(text, at):
        at = found.end()
        name = _bare(found[2])
        if name not in NAMES and name != CARD_NUMBER:
            continue
        end = _value_end(text, at, _LINE if name in _LINES else _UNQUOTED[found[3]])
        value = text[at:end]
        opening = _OPENING.match(value)
        mark = "" if opening is None else opening[0]
        bare = value.strip("\\\"'") if mark else value.strip()
        if bare in _NOTHING or not _is_secret(name, [] if value[:1] in "[{" else bare):
            continue
        is_closed = bool(mark) and len(value) > len(mark) and value.endswith(mark)
        shown += (text[done:at], mark, REDACTED, mark if is_closed else "")
        done = at = end
    return "".join((*shown, text[done:])) if shown else text


def _value_end(text: str, at: int, unquoted: re.Pattern[str]) -> int:
    """Return where the value ends that begins at a place; one that is cut off ends the text."""
    opening = _OPENING.match(text, at)
    if opening is None:
        if text[at : at + 1] in ("[", "{"):
            return _nested_end(text, at)
        return _end(unquoted.match(text, at))
    mark = opening[0]
    if len(mark) == 1:
        return _end(_STRINGS[mark].match(text, at))
    # JSON within a string: its quotes are escaped, those within its strings more than once.
    end = text.find(mark, opening.end())
    while end > 0 and text[end - 1] == "\\":
        end = text.find(mark, end + 1)
    return len(text) if end < 0 else end + len(mark)


def _end(found: re.Match[str] | None) -> int:
    assert found is not None  # what matches nothing, too, always matches
    return found.end()


def _nested_end(text: str, at: int) -> int:
    depth = 0
    for found in _NESTING.finditer(text, at):
        if found[0] in ("[", "{"):
            depth += 1
        elif found[0] in ("]", "}"):
            depth -= 1
            if depth == 0:
                return found.end()
    return len(text)


# The parts of a request


def redacted_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return headers as pairs. Of a cookie the name and the attributes are shown, of a location
    all but the secrets in it.
    """
    return [[name, _header(name, value)] for name, value in headers]


def _header(name: str, value: str) -> str:
    if name == "cookie":
        return "; ".join(_cookie(part.strip()) for part in value.split(";"))
    if name == "set-cookie":
        cookie, *attributes = value.split(";")
        return ";".join((_cookie(cookie), *map(redacted_text, attributes)))
    if not _is_secret(name.removeprefix("x-"), value):
        return _loose_text(value)
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
    """Return a query string in which all but the secrets stands as it was sent."""
    return "&".join(_pair_as_sent(pair) for pair in query.split("&"))


def _pair_as_sent(pair: str) -> str:
    name, equals, value = pair.partition("=")
    was = unquote_plus(name), unquote_plus(value)
    shown = _pair(*was)
    if shown == was:
        return pair
    return f"{_encoded(shown[0])}{equals}{_encoded(shown[1])}"


def _pair(name: str, value: str) -> tuple[str, str]:
    if _is_secret(name, value, names=PARAMETERS):
        return redacted_text(name), REDACTED
    return redacted_text(name), redacted_text(value)


_RESERVED = re.compile(r"[%&=#+\s]")


def _encoded(text: str) -> str:
    """Return a text as it may stand in a query, with no more encoded than has to be."""
    return _RESERVED.sub(lambda found: quote(found[0]), text)


# Bodies

_FORM = re.compile(r"[\w.%+\[\]~-]{1,100}+=")
_FORM_TYPE = "application/x-www-form-urlencoded"
_JSON_BEGINS = ("{", "[", '"', "'")
_BOUNDARY = re.compile(r"(?:\A|\n)(--[^\s]{1,200}+)")
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
_PART_NAME = re.compile(r"\bname=(?:\"([^\"\r\n]*+)|([^\s;\"]++))", re.IGNORECASE)
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~.%+/"
TOO_DEEP = f"[nested deeper than {DEPTH_MAX} levels]"


def redacted_body(body: bytes, media_type: str = "", *, most: int | None = None) -> Any:
    """Return a body as JSON, else as text; empty is null.

    A form is shown as its members, what is no text by its length. Of one above `most` bytes the
    beginning is shown as text, with a note.
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
        # Not within a word: half a secret could not be recognized.
        text = text.rstrip(_WORD)
        text = redacted_query(text) if is_form else _redacted_lines(text, media_type)
        return f"{text} [cut: GET /_emulator/requests/ID shows all {len(body)} bytes]"
    if is_form:
        pairs = (pair.partition("=") for pair in text.split("&"))
        return dict(_pair(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return _redacted_lines(text, media_type)


def _is_form(text: str, media_type: str) -> bool:
    is_declared = media_type.lower().startswith(_FORM_TYPE)
    is_json = text.lstrip().startswith(_JSON_BEGINS)
    return not is_json and (is_declared or _FORM.match(text) is not None)


def _redacted_lines(text: str, media_type: str) -> str:
    is_multipart = media_type.lower().startswith("multipart/") or text.startswith("--")
    boundary = _BOUNDARY.search(text) if is_multipart else None
    if boundary is None:
        return _loose_text(text)
    return boundary[1].join(map(_part, text.split(boundary[1])))


def _part(text: str) -> str:
    """Return one part of a multipart body, its value left out if its name is a secret's."""
    blank = _BLANK_LINE.search(text)
    if blank is None:
        return _loose_text(text)
    head, value = text[: blank.end()], text[blank.end() :]
    found = _PART_NAME.search(head)
    content = value.rstrip("\r\n")
    if found and _is_secret(found[1] or found[2] or "", content, names=PARAMETERS):
        return f"{redacted_text(head)}{REDACTED}{value[len(content) :]}"
    return f"{redacted_text(head)}{_loose_text(value)}"


def _loose_text(text: str) -> str:
    """Return a text without its secrets, those in lines like `password: …`, too."""
    text = redacted_text(text)
    return _without_members(text, _LOOSE) if ":" in text or "=" in text else text


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
        _member_name(name): REDACTED if _is_secret(name, member) else _redacted(member, depth + 1)
        for name, member in value.items()
    }


@lru_cache(maxsize=1024)
def _short_name(name: str) -> str:
    return redacted_text(name)


def _member_name(name: str) -> str:
    """Return the name of a member; what is found by a secret may be named by it."""
    return _short_name(name) if len(name) <= _NAME_MAX else redacted_text(name)
