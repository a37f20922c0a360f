"""The real supabase-js in one Node process, called from Python method by method."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.clients import node

NEWEST = node.HERE / "newest"
"""Where the newest clients lie; those that the tests use otherwise lie beside this file."""


class Console:
    """A Node process that keeps clients and calls their methods."""

    def __init__(self) -> None:
        node.packages()
        self._names = count()
        self._process = subprocess.Popen(
            [node.node(), str(node.PROGRAMS / "console.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer to one line."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended with {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def open(
        self,
        url: str,
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
        self.ask(open=name, url=url, key=key, folder=str(folder), auth=auth, held=held)
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
