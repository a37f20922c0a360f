"""What a client sees, written so that two worlds can be compared to the byte.

Replaced are only the names that must differ: the origins, of the server and of the consumer of
webhooks, and the `~name` tags. JWTs and session cookies are decoded, since a signature covers the
world's name; those of webhooks cover the machine's time, too, and are left out.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx2
import stripe

from emulator.persistence.replay import COMPARED_HEADERS
from emulator.wire.gotrue.tokens import WORLD_CLAIM
from tests.support.webhook_receiver import Receiver

STATE = "x-emulator-state"
HEADERS = (*COMPARED_HEADERS, STATE)
"""The headers that are compared; never Date, Content-Length or Stripe-Signature."""

NOT_COMPARED = ("content-length", "date", "host", "stripe-signature")
"""Of what a consumer of webhooks got, every header but these is compared."""

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_COOKIE = re.compile(r"base64-[\w-]+")
_TAG = re.compile(r"(?:~|%7E)[a-z0-9-]+")
_SIGNATURE = re.compile(r"t=\d+,v1=[0-9a-f]{64}")
_DIGESTS = 2**128


@dataclass
class Own:
    """What is one world's own: its name, origins by what they are of, and what sets its state
    apart, as the sum that a digest is.
    """

    world: str
    origins: dict[str, str]
    apart: int = 0
    state: int = 0
    """The digest as it was last seen."""

    def same_for_all(self, text: str) -> str:
        """Return a text with what belongs to one world or one server replaced."""
        text = _COOKIE.sub(lambda match: _cookie(match[0]), text)
        text = _JWT.sub(lambda match: _jwt(match[0], self.world), text)
        text = _SIGNATURE.sub("signature", text)
        for tag in (f"~{self.world}", f"%7E{self.world}"):
            text = text.replace(tag, "")
        assert not _TAG.search(text), f"the tag of another world than {self.world}: {text}"
        for name, origin in self.origins.items():
            quoted = origin.replace(":", "%3A").replace("/", "%2F")
            text = text.replace(origin, f"http://{name}")
            text = text.replace(quoted, f"http%3A%2F%2F{name}")
        return text

    def see(self, state: str, *, sets_apart: bool) -> str:
        """Return a digest as it is without what sets the world apart."""
        now = int(state, 16)
        if sets_apart:
            self.apart += now - self.state
        self.state = now
        return f"{(now - self.apart) % _DIGESTS:032x}"


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
    """The calls of one client in one world, and what they answered."""

    client: httpx2.Client
    own: Own
    lines: list[str] = field(default_factory=list)

    def call(
        self, method: str, path: str, *, sets_apart: bool = False, **options: Any
    ) -> httpx2.Response:
        """Make a call and write it down; one that sets the world apart is the first or last to
        have a name in the state that is another in each world.
        """
        url = path if path.startswith("http") else self.own.origins["origin"] + path
        answer = self.client.request(method, url, follow_redirects=False, **options)
        world = answer.headers["x-emulator-world"]
        assert world == self.own.world, f"{method} {path}: {answer.text}"
        state = self.own.see(answer.headers[STATE], sets_apart=sets_apart)
        headers = [
            f"{name}: {state if name == STATE else value}"
            for name in HEADERS
            for value in answer.headers.get_list(name)
        ]
        shown = [f"{method} {path}", str(answer.status_code), *headers, answer.text]
        self.lines.append("\n".join(self.own.same_for_all(one) for one in shown))
        return answer

    def hear(self, receiver: Receiver, secret: str) -> None:
        """Write down what a consumer of webhooks got once nothing is on its way to it; all of it
        must be signed.
        """
        settle = self.client.post(f"{self.own.origins['origin']}/_emulator/settle")
        assert settle.status_code == 200, settle.text
        while receiver.got:
            body, headers = receiver.got.pop(0)
            stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
            kept = [f"{name}: {headers[name]}" for name in headers if name not in NOT_COMPARED]
            shown = ["webhook", *sorted(kept), body.decode()]
            self.lines.append("\n".join(self.own.same_for_all(one) for one in shown))
