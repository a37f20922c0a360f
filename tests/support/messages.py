"""Golden messages: the emulator's own prose, which tests compare by surface, code and case.

    assert answer.json()["error"] == problem("conflict", golden("all", "conflict", "slug-is-taken"))

`golden` returns the text that `tests/golden/messages.json` has, so a test compares whole bodies and
holds no sentence. `pytest --golden` takes whatever the emulator says in such a place for right and
writes it there; then a change of wording is one diff to read. It runs with any number of workers.

The surface `all` holds what several surfaces say. Texts of GoTrue, Stripe and pydantic are theirs
and stay literal in the tests.

Write `"Error: " + golden(...)`, not an f-string: a sum knows which part of it is the message. And
compare with `==`; neither `in` nor `!=` can record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

MESSAGES = Path(__file__).parents[1] / "golden/messages.json"

Key = tuple[str, str, str]
"""Surface, code and case."""


class Messages:
    """The golden file, and what this run records of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[Key, str] = {
            (surface, code, case): text
            for surface, codes in json.loads(path.read_text("utf-8")).items()
            for code, cases in codes.items()
            for case, text in cases.items()
        }
        self.is_recording = False
        self.recorded: dict[Key, str] = {}

    def start_recording(self) -> None:
        """Have every comparison record what it sees."""
        self.is_recording = True

    def text(self, key: Key) -> str:
        """Return the golden text, with its placeholders. Raises LookupError."""
        text = self._texts.get(key)
        if text is None and self.is_recording:
            return f"<{'/'.join(key)}>"
        if text is None:
            raise LookupError(f"No golden message {'/'.join(key)}; record it with --golden.")
        return text

    def record(self, key: Key, text: str) -> None:
        """Take `text` for right. Raises AssertionError where one case is two texts."""
        seen = self.recorded.setdefault(key, text)
        assert seen == text, f"{'/'.join(key)} is both {seen!r} and {text!r}"

    def merge(self, recorded: Iterable[tuple[Key, str]]) -> None:
        """Take what a worker recorded."""
        for key, text in recorded:
            self.record(key, text)

    def unused(self) -> list[str]:
        """Return the names of the texts that this run did not compare."""
        return sorted("/".join(key) for key in self._texts.keys() - self.recorded.keys())

    def write(self) -> None:
        """Write what was recorded over what there was."""
        tree: dict[str, dict[str, dict[str, str]]] = {}
        for (surface, code, case), text in (self._texts | self.recorded).items():
            tree.setdefault(surface, {}).setdefault(code, {})[case] = text
        text = json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False)
        self._path.write_text(f"{text}\n", "utf-8")


MESSAGES_OF_THIS_RUN = Messages(MESSAGES)


class Golden(str):
    """A golden text with its placeholders filled in, between two literal parts.

    It equals that text. While messages are recorded, it equals every text with the same literal
    parts, and records what lies between them.
    """

    __slots__ = ("_after", "_before", "_facts", "_key")

    _key: Key
    _facts: dict[str, str]
    _before: str
    _after: str

    def __new__(
        cls, key: Key, facts: dict[str, str], *, before: str = "", after: str = ""
    ) -> Golden:
        text = MESSAGES_OF_THIS_RUN.text(key)
        for name, value in facts.items():
            text = text.replace(f"{{{name}}}", value)
        self = super().__new__(cls, f"{before}{text}{after}")
        self._key, self._facts, self._before, self._after = key, facts, before, after
        return self

    def __eq__(self, other: object) -> bool:
        is_same = str.__eq__(self, other) is True
        if not (MESSAGES_OF_THIS_RUN.is_recording and isinstance(other, str)):
            return is_same
        if not (other.startswith(self._before) and other.endswith(self._after)):
            return False
        if is_same:
            MESSAGES_OF_THIS_RUN.record(self._key, MESSAGES_OF_THIS_RUN.text(self._key))
        else:
            MESSAGES_OF_THIS_RUN.record(self._key, self._template(other))
        return True

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __add__(self, other: str) -> Golden:
        after = self._after + other
        return Golden(self._key, self._facts, before=self._before, after=after)

    def __radd__(self, other: str) -> Golden:
        before = other + self._before
        return Golden(self._key, self._facts, before=before, after=self._after)

    def _template(self, text: str) -> str:
        """Return the message within `text`, with placeholders for the facts."""
        text = text.removeprefix(self._before).removesuffix(self._after)
        for name, value in sorted(self._facts.items(), key=lambda fact: -len(fact[1])):
            text = text.replace(value, f"{{{name}}}")
        return text


def golden(surface: str, code: str, case: str, /, **facts: object) -> Golden:
    """Return a golden message, `{name}` in it replaced by each fact. Raises LookupError."""
    return Golden((surface, code, case), {name: str(value) for name, value in facts.items()})
