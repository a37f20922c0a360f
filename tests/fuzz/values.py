"""JSON as text: values drawn from a schema, and what hostile clients make of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

TEXTS = (
    *("", " ", "a", "0", "-1", "1e5", "null", "true", "NaN", "undefined", "x" * 300, "y" * 5_000),
    *("ä€😀", "e\u0301", "\u202eltr", "\ufeff", "\u0000", "a\u0000b", "\ud800", "\r\nX-Evil: 1"),
    *("../../etc/passwd", "C:\\x", "<script>alert(1)</script>", "' OR 1=1 --", "${7*7}", "{{7*7}}"),
    *("http://[x/", "http://a℀b/", "http://localhost:99999/", "http://x:y@localhost/", "//evil"),
    *("javascript:alert(1)", "http://localhost:3000/\u0001", "http://localhost:3000/€", "a~b~c"),
    *("*" * 60, "(a+)+$", "2026-02-30T00:00:00Z", "0000-00-00", "9999-12-31T23:59:60Z", "P1000Y"),
    *("P999999999999D", "-P1D", "PT", "1" * 5_000, "9" * 19, "0x10", "１２", "١"),
)
NUMBERS = (
    *(0, 1, -1, 0.5, -0.0, 2**31, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64),
    *(-(2**63), -(2**63) - 1, 2**70, 10**18, 10**400, 1e308, 5e-324),
)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are written as they are, where a value stands."""

    text: bytes


RAWS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1e-999", b"0" * 40, b"1" * 5_000),
    *(b"+1", b".5", b"1.", b"0x1", b"True", b"None", b"", b'"\xff\xfe"', b'"\xc3"', b'"\\ud800"'),
    *(b'"\\udc00\\ud800"', b'"\\u0000"', b'"\\x"', b'"\t"', b'"unended', b"'single'", b"// no"),
    *(b'"\xed\xa0\x80"', b"[1,]", b'{"a":1,}', b'{"a":1,"a":2}', b'{"":{"":""}}'),
)


class Pairs(list[tuple[str, Any]]):
    """An object whose members are written one by one, so that a name may come twice."""


def written(value: Any) -> bytes:
    """Return a value as JSON, or what passes for it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Pairs):
        value_of = [(name, member) for name, member in value]
        return b"{" + b",".join(_text(name) + b":" + written(one) for name, one in value_of) + b"}"
    if isinstance(value, dict):
        return written(Pairs(value.items()))
    if isinstance(value, list | tuple):
        return b"[" + b",".join(map(written, value)) + b"]"
    return _text(value)


def _text(value: Any) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:d}".encode() if abs(value) < 10**18 else _long(value)
    return json.dumps(value).encode()


def _long(value: int) -> bytes:
    # Python prints no more than 4,300 digits, and these are fewer.
    return str(value).encode()


class Values:
    """Draws values: those that a schema asks for, from what is known by a member's name first."""

    def __init__(self, dice: Random, known: Mapping[str, Callable[[], Any]]) -> None:
        """Draw with `dice`; `known` are the draws for members whose name says what they are."""
        self._dice = dice
        self._known = known
        self.is_plain = False
        """Whether to draw nothing that is odd."""

    def of(self, schema: Mapping[str, Any]) -> Any:
        """Return a value as a schema with its definitions asks for."""
        return self._of(schema, schema.get("$defs", {}), "", 0)

    def _of(self, schema: Any, parts: Mapping[str, Any], name: str, depth: int) -> Any:
        dice = self._dice
        if "const" in schema:
            return schema["const"]
        if name in self._known and (self.is_plain or dice.random() < 0.9):
            return self._known[name]()
        if "$ref" in schema:
            return self._of(parts[schema["$ref"].rpartition("/")[2]], parts, name, depth)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._of(dice.choice(schema[choice]), parts, name, depth)
        if "enum" in schema:
            return dice.choice(schema["enum"])
        return self._of_type(schema, parts, name, depth)

    def _of_type(self, schema: Any, parts: Mapping[str, Any], name: str, depth: int) -> Any:
        dice = self._dice
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, parts, depth)
        if kind == "array":
            most = 0 if depth > 4 else dice.choice((0, 1, 1, 2, 3))
            items = schema.get("items", {})
            return [self._of(items, parts, name.rstrip("s"), depth + 1) for _ in range(most)]
        if kind == "boolean":
            return dice.random() < 0.5
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 10_000)
            whole = dice.randint(int(low), int(max(low, min(high, 10**15))))
            edges = (int(low), int(high), 1, whole, whole)
            return dice.choice(edges) if kind == "integer" else dice.choice((*edges, whole / 7))
        if kind == "null":
            return None
        if kind == "string":
            return self._string(schema)
        return self.anything(depth)

    def _object(self, schema: Any, parts: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = set(schema.get("required", ()))
        made = {
            name: self._of(said, parts, name, depth + 1)
            for name, said in schema.get("properties", {}).items()
            if name in needed or self._dice.random() < (0.15 if self.is_plain else 0.35)
        }
        free = schema.get("additionalProperties")
        if free and not self.is_plain and self._dice.random() < 0.5:
            made[self._dice.choice(("loss", "note", "ä"))] = (
                self.anything(depth) if free is True else self._of(free, parts, "", depth + 1)
            )
        return made

    def _string(self, schema: Any) -> str:
        dice = self._dice
        if schema.get("format") == "date-time":
            return dice.choice(("2025-12-31T00:00:00Z", "2026-03-01T12:00:00+02:00"))
        if not self.is_plain and dice.random() < 0.1:
            return dice.choice(TEXTS)
        least = schema.get("minLength", 1)
        return dice.choice(("alpha", "beta", "gamma")).ljust(least, "x")

    def anything(self, depth: int = 0) -> Any:
        """Return a value of any type, hostile ones too."""
        dice = self._dice
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: dice.choice(TEXTS),
            lambda: dice.choice(NUMBERS),
            lambda: dice.choice((True, False, None)),
            lambda: Raw(dice.choice(RAWS)),
            lambda: [self.anything(depth + 1) for _ in range(dice.randint(0, 3))],
            lambda: {dice.choice(TEXTS[:30]): self.anything(depth + 1)},
            lambda: nested(dice.choice((5, 127, 128, 129, 254, 255, 300, 1_024, 5_000)), dice),
        )
        return dice.choice(kinds if depth < 3 else kinds[:4])()

    def spoilt(self, value: Any) -> Any:
        """Return a value with one thing wrong with it, somewhere."""
        dice = self._dice
        if isinstance(value, dict) and value:
            return self._spoilt_object(value)
        if isinstance(value, list) and value and dice.random() < 0.7:
            place = dice.randrange(len(value))
            return [*value[:place], self.spoilt(value[place]), *value[place + 1 :]]
        return self.anything()

    def _spoilt_object(self, value: dict[str, Any]) -> Any:
        dice = self._dice
        name = dice.choice(list(value))
        way = dice.randrange(8)
        if way == 0:
            return {key: one for key, one in value.items() if key != name}
        if way == 1:
            return {
                **value,
                dice.choice(("extra", "id", "__proto__", *TEXTS[:30])): self.anything(),
            }
        if way == 2:
            return Pairs([*value.items(), (name, self.anything())])
        if way == 3:
            return self.anything()
        if way == 4:
            return {**value, name.upper(): value[name]}
        return {**value, name: self.spoilt(value[name]) if way < 7 else self.anything()}


def nested(depth: int, dice: Random) -> Raw:
    """Return arrays or objects within one another."""
    if dice.random() < 0.5:
        return Raw(b"[" * depth + b"]" * depth)
    return Raw(b'{"a":' * depth + b"1" + b"}" * depth)


def mangled(text: bytes, dice: Random) -> bytes:
    """Return a text with damage to its bytes."""
    place = dice.randrange(len(text) + 1)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: text[:place],
        lambda: text[:place] + bytes([dice.randrange(256)]) + text[place:],
        lambda: text[:place] + bytes([dice.randrange(256)]) + text[place + 1 :],
        lambda: text + text,
        lambda: b"\xef\xbb\xbf" + text,
        lambda: text.decode("utf-8", "replace").encode("utf-16"),
        lambda: b" \n\t" + text + b"\r\n\0",
        lambda: b"[" * 100_000,
        lambda: b"[" + b"0," * 50_000 + b"0]",
        lambda: b'{"a":' + b'"' + b"z" * 200_000 + b'"}',
        lambda: b"",
        lambda: b"null",
        lambda: b"\xff" * 16,
    )
    return dice.choice(ways)()
