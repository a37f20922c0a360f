"""The real Supabase clients of JavaScript, asked from Python, and a browser's cookies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import node
from tests.support.world_naming import Place

MISSING = {
    "name": "AuthSessionMissingError",
    "status": 400,
    "code": None,
    "message": "Auth session missing!",
}
"""What the clients make of having no session, and of the server's `session_not_found`."""


class Jar(dict[str, str]):
    """The cookies of one origin, as a browser keeps them: name and value."""

    @property
    def header(self) -> str:
        """The Cookie header that a browser sends."""
        return "; ".join(f"{name}={value}" for name, value in self.items())

    def take(self, set_cookies: list[str]) -> None:
        """Store and forget what the Set-Cookie headers of an answer say."""
        for line in set_cookies:
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.pop(name, None)
            else:
                self[name] = value


@dataclass(frozen=True)
class Supabase:
    """The clients, pointed at a world, with the default world's key unless another is given."""

    server: Place
    anon_key: str | None = None

    def take(
        self,
        *steps: str,
        login: Mapping[str, str] | None = None,
        jar: Jar | None = None,
        **question: str,
    ) -> list[dict[str, Any]]:
        """Return what each step came to: supabase-js in memory, or @supabase/ssr over a jar."""
        answer = node.conversation(node.PROGRAMS / "supabase.mjs").ask(
            url=self.server.url,
            headers=dict(self.server.headers),
            anonKey=self.anon_key or self.server.anon_key,
            steps=steps,
            **(login or {}),
            **({} if jar is None else {"cookie": jar.header}),
            **question,
        )
        if jar is not None:
            jar.take(answer["setCookies"])
        taken: list[dict[str, Any]] = answer["taken"]
        return taken
