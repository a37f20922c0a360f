"""The real supabase-js in one Node process, called from Python method by method."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.support import node
from tests.support.world_naming import Place

NEWEST = node.HERE / "newest"
"""Where the newest clients lie; those that the tests use otherwise lie beside this file."""


class Console:
    """A Node process that keeps clients and calls their methods."""

    def __init__(self) -> None:
        self._names = count()
        self.ask = node.conversation(node.PROGRAMS / "console.mjs").ask

    def open(
        self,
        place: Place,
        key: str,
        *,
        folder: Path = node.HERE,
        held: dict[str, Any] | None = None,
        **auth: Any,
    ) -> Client:
        """Make a client; `auth` are options such as `flowType`, `held` is a session that it kept
        from an earlier life.
        """
        name = f"client-{next(self._names)}"
        where = {"url": place.url, "headers": dict(place.headers), "key": key}
        self.ask(open=name, **where, folder=str(folder), auth=auth, held=held)
        return Client(self, name)


@dataclass(frozen=True)
class Taken:
    """What a call came to: the client's data and error, and a line for each request it made."""

    data: Any
    error: dict[str, Any] | None
    requests: list[str] = field(compare=False)

    @property
    def code(self) -> str | None:
        """The code of the error, or None where there is no error."""
        return None if self.error is None else str(self.error["code"])

    @property
    def user(self) -> dict[str, Any]:
        """The user that a call which went well came to."""
        assert self.error is None, self.error
        user: dict[str, Any] = self.data["user"]
        return user

    @property
    def session(self) -> dict[str, Any]:
        """The session that a call which went well came to."""
        assert self.error is None, self.error
        session: dict[str, Any] = self.data["session"]
        assert session is not None
        return session


@dataclass(frozen=True)
class Client:
    """One supabase-js client; every method of it is there by its own name."""

    console: Console
    name: str

    def call(self, method: str, *args: Any) -> Taken:
        """Call a method, such as `signUp` or `admin.createUser`, of the client's `auth`."""
        return Taken(**self.console.ask(on=self.name, call=f"auth.{method}", args=args))

    def sign_in(self, email: str, password: str) -> Taken:
        """Sign in by password."""
        return self.call("signInWithPassword", {"email": email, "password": password})

    def held(self) -> dict[str, Any] | None:
        """Return the session that the client has, or None where it is signed out."""
        taken = self.call("getSession")
        assert taken.error is None, taken.error
        session: dict[str, Any] | None = taken.data["session"]
        return session
