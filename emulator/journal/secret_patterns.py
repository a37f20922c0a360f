"""Secret patterns: finds and replaces the secrets in text, by their names, shapes and places.

All patterns take time linear in the size of the text. Possessive quantifiers (`*+`) do not
backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

from emulator.journal.secret_names import CARD_NUMBER, NAMES, PARAMETERS, bare_name, is_secret

REDACTED = "[redacted]"

# Links, and our own messages that quote the token of one.

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
    if not is_secret(_parameter_name(found[2]), found[3], names=PARAMETERS):
        return found[0]
    return f"{found[1]}{found[2]}={REDACTED}"


_parameter_name = lru_cache(maxsize=4096)(unquote_plus)


# Shapes.

_HOSTED = re.compile(
    r"(?<![0-9A-Za-z_])((?:cs_(?:test|live)|bps)_(?=[0-9A-Za-z]{16})|in_(?=[0-9A-Za-z]{24}))"
    r"([0-9A-Za-z]++)"
)
"""Ids of hosted pages and invoices: each of them opens its page."""
_TAIL = 5

_ISSUED = re.compile(r"(?<![\w-])(?:(?:pkce_)?[0-9a-f]{56}|[0-9A-Za-z]{32})(?![\w-])")
"""What the emulator issues: hashes of mailed links, and tokens of shares and exports."""
_ISSUED_MIN = 32


def _hosted(found: re.Match[str]) -> str:
    """Return an id shortened to what distinguishes it from others."""
    return f"{found[1]}…{found[2][-_TAIL:]}"


def _issued(found: re.Match[str]) -> str:
    """Return a token redacted; 32 characters are a token only if they mix digits and both cases."""
    word = found[0]
    is_mixed = word.lower() != word != word.upper() and any(map(str.isdigit, word))
    return REDACTED if is_mixed or len(word) > _ISSUED_MIN else word


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
"""A substring of every text with such a secret, the pattern of the secret, its replacement."""

_SHORTEST = 8
_ENCODED = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>%]*+%[^\s\"'<>]++")
_ENCODED_MAX = 2**16
_DECODED_AT_MOST = 2
"""How often a word is percent-decoded in search of secrets. A server decodes it once."""


def redacted_text(text: str) -> str:
    """Return a text without its secrets; words with percent-encoded secrets are decoded."""
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
    for substring, pattern, replacement in _SHAPES:
        if substring in text:
            text = pattern.sub(replacement, text)
    if len(text) >= _ISSUED_MIN:
        text = _ISSUED.sub(_issued, text)
    if ":" in text and ('"' in text or "'" in text):
        text = _without_members(text, _QUOTED)
    return text


# Members in text that is not JSON: truncated, in other quotes, or within a string.

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
"""Headers: their value is the rest of the line."""
_NESTING = re.compile(r"\"(?:[^\"\\]++|\\.)*+\"?|'(?:[^'\\]++|\\.)*+'?|[\[\]{}]", re.DOTALL)
_NOTHING = frozenset({"", "null", "None", "true", "True", "false", "False"})


def _without_members(text: str, names: re.Pattern[str]) -> str:
    """Return a text without the values that follow names of secrets."""
    shown: list[str] = []
    done = at = 0
    while found := names.search(text, at):
        at = found.end()
        name = bare_name(found[2])
        if name not in NAMES and name != CARD_NUMBER:
            continue
        end = _value_end(text, at, _LINE if name in _LINES else _UNQUOTED[found[3]])
        value = text[at:end]
        opening = _OPENING.match(value)
        mark = "" if opening is None else opening[0]
        bare = value.strip("\\\"'") if mark else value.strip()
        if bare in _NOTHING or not is_secret(name, [] if value[:1] in "[{" else bare):
            continue
        is_closed = bool(mark) and len(value) > len(mark) and value.endswith(mark)
        shown += (text[done:at], mark, REDACTED, mark if is_closed else "")
        done = at = end
    return "".join((*shown, text[done:])) if shown else text


def _value_end(text: str, at: int, unquoted: re.Pattern[str]) -> int:
    """Return where the value that starts at a position ends, at the latest with the text."""
    opening = _OPENING.match(text, at)
    if opening is None:
        if text[at : at + 1] in ("[", "{"):
            return _nested_end(text, at)
        return _end(unquoted.match(text, at))
    mark = opening[0]
    if len(mark) == 1:
        return _end(_STRINGS[mark].match(text, at))
    # JSON within a string: its quotes are escaped, and those in its own strings more than once.
    end = text.find(mark, opening.end())
    while end > 0 and text[end - 1] == "\\":
        end = text.find(mark, end + 1)
    return len(text) if end < 0 else end + len(mark)


def _end(found: re.Match[str] | None) -> int:
    assert found is not None  # all of these patterns match the empty text too
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


def redacted_lines(text: str) -> str:
    """Return a text without its secrets, including those in lines like `password: …`."""
    text = redacted_text(text)
    return _without_members(text, _LOOSE) if ":" in text or "=" in text else text
