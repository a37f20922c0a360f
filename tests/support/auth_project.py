"""A project of Supabase Auth on a real server, as its clients, its mailbox and control see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.support.console import Client, Console
from tests.support.world_naming import Place

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "new@example.com"
PASSWORD, OTHER = "demo-password", "another-password"
PAGE = "http://localhost:3000/welcome"
"""Where links lead on to."""

NOBODY = "00000000-0000-4000-8000-000000000000"

USERS = [
    {"email": ADA, "name": "Ada", "password": PASSWORD},
    {"email": BOB, "name": "Bob", "password": PASSWORD},
]


@dataclass(frozen=True)
class Arrival:
    """Where the link of a mail led to: a page, and what stands behind its `?` and its `#`."""

    page: str
    query: dict[str, str]
    fragment: dict[str, str]


@dataclass(frozen=True)
class Project:
    """One project, and what a test does to it from outside of any client."""

    server: Place
    console: Console

    def client(self, **options: Any) -> Client:
        """Return a client with the anon key; `options` are those of its `auth`."""
        return self.console.open(self.server, self.server.anon_key, **options)

    def admin(self) -> Client:
        """Return a client with the service key."""
        return self.console.open(self.server, self.server.service_key)

    def signed_in(self, email: str = ADA, password: str = PASSWORD) -> Client:
        """Return a client with a new session."""
        client = self.client()
        assert client.sign_in(email, password).session["user"]["email"] == email
        return client

    def control(self, action: str, **said: Any) -> dict[str, Any]:
        """Do something under `/_emulator`, such as `clock/advance`."""
        url = f"{self.server.url}/_emulator/{action}"
        answer = httpx2.post(url, json=said, headers=self.server.headers)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def mail(self, to: str, **query: str) -> list[dict[str, Any]]:
        """Return the mails to an address, newest first."""
        url = f"{self.server.url}/_emulator/mail"
        answer = httpx2.get(url, params={"to": to, **query}, headers=self.server.headers)
        mails: list[dict[str, Any]] = answer.json()["items"]
        return mails

    def newest_mail(self, to: str, kind: str) -> dict[str, Any]:
        """Return the newest mail to an address, which must be of that kind."""
        newest = self.mail(to)[0]
        assert newest["kind"] == kind
        return newest


def token_hash(mail: dict[str, Any]) -> str:
    """Return what a mail template would hand to `verifyOtp`."""
    return dict(parse_qsl(urlsplit(str(mail["link"])).query))["token"]


def follow(link: str) -> Arrival:
    """Follow the link of a mail as a browser does and say where it leads to."""
    answer = httpx2.get(link, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    location = urlsplit(answer.headers["location"])
    return Arrival(
        page=f"{location.scheme}://{location.netloc}{location.path}",
        query=dict(parse_qsl(location.query)),
        fragment=dict(parse_qsl(location.fragment, keep_blank_values=True)),
    )


def arrive(client: Client, arrival: Arrival) -> Client:
    """Give a client the session that a link led on with, as it takes it from a page's URL."""
    tokens = {name: arrival.fragment[name] for name in ("access_token", "refresh_token")}
    assert client.call("setSession", tokens).error is None
    return client
