"""Draws the calls of an episode: every route, with everything that may be wrong about a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import quote

from emulator.registry.registry import WorldRegistry
from tests.fuzz.calls import Answer, Call, Headers
from tests.fuzz.credentials import GARBAGE, altered, cookie, forged
from tests.fuzz.hostile import (
    FOUND,
    GOTRUE_NEEDS,
    HOSTILE_QUERIES,
    HOSTILE_SEGMENTS,
    HOSTILE_WORLDS,
    HOSTS,
    KNOWN,
    METHODS,
    ODD_HEADERS,
    ORIGINS,
    STRAY_TARGETS,
    TYPES,
)
from tests.fuzz.memory import Memory
from tests.fuzz.shapes import QUERIES, Shape, shapes
from tests.fuzz.values import TEXTS, Values, mangled, written


class Grammar:
    """Draws one call after another, by what the answers to the earlier ones have shown."""

    def __init__(self, seed: str, worlds: WorldRegistry) -> None:
        self.dice = Random(seed)
        self.memory = Memory(self.dice, worlds)
        self._values = Values(self.dice, self._known())
        self._deck: list[Shape] = []
        self._about: tuple[str, str] | None = None
        """The folder and the id that the call under way is about, where it follows on an answer."""

    def _known(self) -> dict[str, Callable[[], Any]]:
        """Return how members are drawn whose name says what they are."""

        def found(kind: str) -> Callable[[], Any]:
            return lambda: self.memory.one(kind)

        def one_of(good: Sequence[Any], bad: Sequence[Any]) -> Callable[[], Any]:
            return lambda: self.dice.choice(good if self._values.is_plain else (*good, *bad))

        made = {name: found(kind) for name, kind in FOUND.items()}
        for names, good, bad in KNOWN:
            made |= {name: one_of(good, bad) for name in names}
        return made | {"password": self._password, "email": self._email}

    def _email(self) -> str:
        if self.dice.random() < 0.5:
            return f"user-{self.dice.randrange(30)}@example.com"
        return self.memory.one("email")

    def _password(self) -> str:
        logins = [password for _, password in self.memory.logins]
        if self._values.is_plain:
            return self.dice.choice(logins)
        return self.dice.choice((*logins, *logins, "new-password", "x", "p" * 73, "päss\u0000wörd"))

    def learn(self, call: Call, answer: Answer) -> None:
        """Remember what an answer shows."""
        self.memory.learn(call, answer)

    def opening(self, place: int) -> Call | None:
        """Return what an episode begins with, and does now and then, as sessions end: people sign
        in, and the keys of worlds are seen.
        """
        place %= 60
        openings: tuple[tuple[str, str, tuple[str, str] | None], ...] = (
            ("POST", "/auth/v1/token?grant_type=password", self.memory.logins[0]),
            ("POST", "/auth/v1/token?grant_type=password", self.memory.logins[-1]),
            ("POST", "/api/auth/login", self.memory.logins[0]),
            ("POST", "/api/auth/login", self.memory.logins[-1]),
            ("GET", "/_emulator/worlds", None),
        )
        if place >= len(openings):
            return None
        method, target, login = openings[place]
        body = b"" if login is None else written({"email": login[0], "password": login[1]})
        headers = ((b"host", b"localhost:8787"), (b"content-type", b"application/json"))
        return Call(method=method, target=target.encode(), headers=headers, body=body)

    def _next_shape(self) -> Shape:
        """Return what the next call is for: all in turn, those that do something more often."""
        fresh, self._about = self.memory.fresh, None
        if fresh and self.dice.random() < 0.2:
            folder, name = fresh.pop()
            fitting = [shape for shape in shapes() if f"/{folder}/{{" in shape.path]
            if fitting:
                self._about = (folder, name)
                return self.dice.choice(fitting)
        if not self._deck:
            self._deck = [*shapes(), *(shape for shape in shapes() if shape.is_built)]
            self._deck += [shape for shape in shapes() if shape.is_built]
            self.dice.shuffle(self._deck)
        return self._deck.pop()

    def draw(self) -> Call:
        """Return the next call."""
        dice = self.dice
        shape = self._next_shape()
        self._values.is_plain = is_plain = dice.random() < 0.5
        method = shape.method if is_plain or dice.random() < 0.88 else dice.choice(METHODS)
        target = self._target(shape, is_plain=is_plain)
        content, kind = self._body(shape, is_plain=is_plain)
        call = Call(
            method=method,
            target=target,
            headers=self._headers(shape, kind, is_plain=is_plain),
            body=content,
        )
        return replace(call, is_cut=bool(content) and dice.random() < 0.02)

    # The target

    def _target(self, shape: Shape, *, is_plain: bool) -> bytes:
        dice = self.dice
        if not is_plain and dice.random() < 0.05:
            return dice.choice(STRAY_TARGETS).encode()
        path = re.sub(
            r"\{(\w+)\}", lambda match: self._segment(shape, match, is_plain=is_plain), shape.path
        )
        path = path.replace("*", "runs")
        if not is_plain and dice.random() < 0.05:
            path += dice.choice(("/", "//", "/x", "%20", ".json"))
        if dice.random() < (0.05 if is_plain else 0.15):
            name = dice.choice(HOSTILE_WORLDS) if dice.random() < 0.3 else self.memory.one("worlds")
            path = f"/_w/{quote(name)}{path}"
        query = self._query(shape, is_plain=is_plain)
        return f"{path}?{query}".encode() if query else path.encode()

    def _segment(self, shape: Shape, match: re.Match[str], *, is_plain: bool) -> str:
        dice = self.dice
        if not is_plain and dice.random() < 0.2:
            return dice.choice(HOSTILE_SEGMENTS)
        folder = shape.path[: match.start()].rstrip("/").rpartition("/")[2]
        if self._about is not None and self._about[0] == folder:
            return quote(self._about[1], safe="~")
        return quote(self.memory.one("public" if "/public/" in shape.path else folder), safe="~")

    def _query(self, shape: Shape, *, is_plain: bool) -> str:
        dice = self.dice
        if not is_plain and dice.random() < 0.12:
            return dice.choice(HOSTILE_QUERIES)
        names = [name for name in shape.queries if dice.random() < (0.25 if is_plain else 0.5)]
        if "/token" in shape.path:
            names.append("grant_type")
        if not is_plain and dice.random() < 0.15:
            names += dice.choices(QUERIES, k=2)
        return "&".join(f"{name}={self._query_value(name, is_plain=is_plain)}" for name in names)

    def _query_value(self, name: str, *, is_plain: bool) -> str:
        dice = self.dice
        if not is_plain and dice.random() < 0.25:
            return _quoted(dice.choice(TEXTS), safe="%&=+")
        known: dict[str, tuple[str, ...]] = {
            "limit": ("1", "2", "50", "0", "1000"),
            "page": ("1", "2", "0"),
            "per_page": ("1", "50", "1000000"),
            "since": ("0", "1", "100"),
            "wait": ("1", "60", "0"),
            "times": ("0", "1", "2"),
            "grant_type": (
                "password",
                "password",
                "refresh_token",
                "pkce",
                "id_token",
                "web3",
                "x",
            ),
            "scope": ("local", "global", "others", "x"),
            "method": ("GET", "POST", "x"),
            "status": ("queued", "succeeded", "200", "404", "x"),
        }
        if name in known:
            return dice.choice(known[name])
        draw = self._known().get(name, lambda: dice.choice(("x", "1", "")))
        kind = {"cursor": "cursor", "to": "email", "actor": "email", "token": "codes"}.get(name)
        value = draw() if kind is None else self.memory.one(kind)
        return _quoted(value)

    # The body

    def _body(self, shape: Shape, *, is_plain: bool) -> tuple[bytes, str]:
        """Return a body and the type that suits it."""
        dice = self.dice
        if not shape.bodies:
            return self._unasked(shape, is_plain=is_plain)
        value = self._values.of(self._schema(shape))
        if "login" in shape.path or (dice.random() < 0.6 and "/token" in shape.path):
            email, password = dice.choice(self.memory.logins)
            value = {"email": email, "password": password}
        if shape.is_form:
            pairs = (f"{name}={_quoted(one)}" for name, one in value.items() if one is not None)
            text, kind = "&".join(pairs).encode(), "application/x-www-form-urlencoded"
        else:
            if not is_plain and dice.random() < 0.45:
                value = self._values.spoilt(value)
            text, kind = written(value), "application/json"
        if not is_plain and dice.random() < 0.1:
            text = mangled(text, dice)
        return text, kind

    def _schema(self, shape: Shape) -> Mapping[str, Any]:
        """Return what a body is to be; of GoTrue's many members just those that the route needs."""
        schema = self.dice.choice(shape.bodies)
        path = shape.path.removeprefix("/auth/v1")
        if shape.surface != "supabase" or not self._values.is_plain or path not in GOTRUE_NEEDS:
            return schema
        needed = GOTRUE_NEEDS[path]
        known = {name: schema["properties"][name] for name in needed}
        return {"type": "object", "properties": known, "required": list(needed)}

    def _unasked(self, shape: Shape, *, is_plain: bool) -> tuple[bytes, str]:
        """Return a body for what takes none, mostly nothing; an import is of what was exported."""
        dice = self.dice
        if shape.path.endswith("/import") and self.memory.exports:
            text = dice.choice(self.memory.exports)
            return (text if is_plain else mangled(text, dice)), "application/json"
        if is_plain or dice.random() < 0.8:
            return b"", "application/json" if shape.method == "POST" else ""
        return written(self._values.anything()), "application/json"

    # The headers

    def _headers(self, shape: Shape, kind: str, *, is_plain: bool) -> Headers:
        dice = self.dice
        headers = [("host", "localhost:8787")]
        if kind:
            headers.append(("content-type", kind))
        headers += self._credentials(shape, is_plain=is_plain)
        if dice.random() < (0.05 if is_plain else 0.2):
            name = dice.choice(HOSTILE_WORLDS) if dice.random() < 0.3 else self.memory.one("worlds")
            headers.append(("x-emulator-world", name))
        if not is_plain:
            headers = self._odd(headers)
        return tuple((name.encode(), value.encode("utf-8", "replace")) for name, value in headers)

    def _odd(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return headers with some that are odd, doubled or missing."""
        dice = self.dice
        if dice.random() < 0.06:
            headers = [("host", dice.choice(HOSTS)), *headers[1:]]
        if dice.random() < 0.15:
            headers = [one for one in headers if one[0] != "content-type"]
            headers.append(("content-type", dice.choice(TYPES)))
        if dice.random() < 0.12:
            headers.append(("origin", dice.choice(ORIGINS)))
        while dice.random() < 0.2:
            name, values = dice.choice(ODD_HEADERS)
            headers.append((name, dice.choice(values)))
        if dice.random() < 0.05:
            headers.append(dice.choice(headers))
        if dice.random() < 0.02:
            headers = headers[1:]
        return headers

    def _credentials(self, shape: Shape, *, is_plain: bool) -> list[tuple[str, str]]:
        dice, memory = self.dice, self.memory
        headers = []
        if shape.surface == "bff" and memory.cookies and dice.random() < 0.8:
            headers.append(("cookie", self._cookie(shape, is_plain=is_plain)))
        elif dice.random() < (0.9 if shape.surface in ("upstream", "supabase") else 0.1):
            headers.append(("authorization", f"Bearer {self._bearer(shape, is_plain=is_plain)}"))
        if shape.surface == "supabase" and dice.random() < 0.5:
            headers.append(("apikey", self._bearer(shape, is_plain=is_plain)))
        if not is_plain and dice.random() < 0.05:
            header = dice.choice(("Basic eDp5", "Bearer", "bearer  x ", "Bearer " * 500, "é", ""))
            headers.append(("authorization", header))
        if not is_plain and dice.random() < 0.05:
            names = (memory.one("worlds"), dice.choice(HOSTILE_WORLDS))
            said = (f"emulator_world={quote(dice.choice(names))}", "emulator_world", "a=b; ;=;")
            headers.append(("cookie", dice.choice(said)))
        return headers

    def _kind_of_bearer(self, shape: Shape) -> str:
        """Return which credential suits a route, mostly."""
        if self.dice.random() < 0.1 and not self._values.is_plain:
            return "bearer"
        if "/admin" in shape.path or "/invite" in shape.path:
            return "service"
        if shape.surface != "upstream" or "/me" in shape.path or self.dice.random() < 0.4:
            return "session"
        return "key secret"

    def _bearer(self, shape: Shape, *, is_plain: bool) -> str:
        dice = self.dice
        if is_plain or dice.random() < 0.6:
            return self.memory.one(self._kind_of_bearer(shape))
        ways: tuple[Callable[[], str], ...] = (
            lambda: forged(dice),
            lambda: forged(dice),
            lambda: altered(self.memory.one("bearer"), dice),
            lambda: dice.choice(GARBAGE),
            lambda: f"{self.memory.one('bearer')}~{dice.choice(('w1', 'nosuch', 'default', ''))}",
        )
        return dice.choice(ways)()

    def _cookie(self, shape: Shape, *, is_plain: bool) -> str:
        dice = self.dice
        if is_plain or dice.random() < 0.6:
            return dice.choice(self.memory.cookies[-2:])
        session: Any = {
            "access_token": self._bearer(shape, is_plain=False),
            "refresh_token": self.memory.one("refresh_token"),
            "expires_at": dice.choice((0, 2**70, "x", None)),
        }
        broken: object = dice.choice(
            (session, {}, [], "null", "[" * 5_000, '{"access_token":7}', "\ud800")
        )
        return cookie(dice.choice((session, broken)), dice)


def _quoted(value: object, *, safe: str = "") -> str:
    return quote(str(value).encode("utf-8", "surrogatepass"), safe=safe)
