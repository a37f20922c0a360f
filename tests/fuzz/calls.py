"""Requests and answers as bytes, and requests as one word that can be pasted into a shell."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `is_cut` ends the connection before the last byte of the body has come."""

    method: str
    target: bytes
    headers: Headers = ()
    body: bytes = b""
    is_cut: bool = False

    @property
    def path(self) -> str:
        """The path as a server decodes it, with the prefix that names a world."""
        raw = self.target.partition(b"?")[0].decode("ascii")
        return unquote(raw) if "%" in raw else raw

    def header(self, name: bytes) -> str:
        """Return the first header of a name, or nothing."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came back: `error` says that the app broke instead, or after it had answered."""

    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    is_whole: bool = False
    error: str = ""
    bug: str = ""
    """What the log says of a 500."""

    def header(self, name: str) -> str:
        """Return the first header of a name, or nothing."""
        wanted = name.encode()
        return next(
            (value.decode("latin-1") for key, value in self.headers if key.lower() == wanted), ""
        )


def encoded(scene: str, calls: Iterable[Call]) -> str:
    """Return calls as one word that a shell leaves alone."""
    rows = [
        [
            call.method,
            call.target.decode("latin-1"),
            [[name.decode("latin-1"), value.decode("latin-1")] for name, value in call.headers],
            call.body.decode("latin-1"),
            call.is_cut,
        ]
        for call in calls
    ]
    packed = zlib.compress(json.dumps([scene, rows]).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode()


def decoded(word: str) -> tuple[str, list[Call]]:
    """Return the name of the scene and the calls that a word was made from."""
    scene, rows = json.loads(zlib.decompress(base64.urlsafe_b64decode(word)))
    return scene, [
        Call(
            method=method,
            target=target.encode("latin-1"),
            headers=tuple(
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in said
            ),
            body=body.encode("latin-1"),
            is_cut=is_cut,
        )
        for method, target, said, body, is_cut in rows
    ]
