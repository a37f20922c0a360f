"""What a client sees, written so that two worlds can be compared to the byte.

Replaced are only the names that must differ: the origin and the `~name` tags. JWTs and session
cookies are decoded, since a signature covers the world's name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from emulator.replaying import COMPARED_HEADERS
from emulator.wire.tokens import WORLD_CLAIM

HEADERS = (*COMPARED_HEADERS, "x-emulator-state")
"""The headers that are compared; never Date, Content-Length or Stripe-Signature."""

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_COOKIE = re.compile(r"base64-[\w-]+")
_TAG = re.compile(r"(?:~|%7E)[a-z0-9-]+")


def same_for_all(text: str, *, origin: str, world: str) -> str:
    """Return a text with what belongs to one world or one server replaced."""
    text = _COOKIE.sub(lambda match: _cookie(match[0]), text)
    text = _JWT.sub(lambda match: _jwt(match[0], world), text)
    for tag in (f"~{world}", f"%7E{world}"):
        text = text.replace(tag, "")
    assert not _TAG.search(text), f"the tag of another world than {world}: {text}"
    quoted = origin.replace(":", "%3A").replace("/", "%2F")
    return text.replace(origin, "http://origin").replace(quoted, "http%3A%2F%2Forigin")


def _decoded(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _cookie(value: str) -> str:
    return f"cookie({_decoded(value.removeprefix('base64-'))})"


def _jwt(token: str, world: str) -> str:
    head, claims, _ = token.split(".")
    said = json.loads(_decoded(claims))
    assert said.pop(WORLD_CLAIM, "default") == world
    return f"jwt({_decoded(head)} {json.dumps(said)})"


@dataclass
class Transcript:
    """The calls of one script in one world, and what they answered; `world` is its name."""

    client: httpx2.Client
    origin: str
    world: str
    lines: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Make a call and write it down."""
        url = path if path.startswith("http") else self.origin + path
        answer = self.client.request(method, url, follow_redirects=False, **options)
        assert answer.headers["x-emulator-world"] == self.world, f"{method} {path}: {answer.text}"
        shown = [f"{method} {path}", str(answer.status_code), *self._headers(answer), answer.text]
        self.lines.append(
            "\n".join(same_for_all(one, origin=self.origin, world=self.world) for one in shown)
        )
        return answer

    def _headers(self, answer: httpx2.Response) -> Iterator[str]:
        for name in HEADERS:
            for value in answer.headers.get_list(name):
                yield f"{name}: {value}"
