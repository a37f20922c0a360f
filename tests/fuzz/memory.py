"""The ids, credentials and links of an episode, so that later calls hit something.

Ids are those of the default world's records as they are; what its state does not hold, or is no
secret's hash, is learned from the answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from emulator.registry.registry import WorldRegistry
from emulator.world.records.tables import TABLES
from tests.fuzz.calls import Answer, Call
from tests.support import fixture_seed

KEPT = 40
"""How many of each kind; a newer one then takes the place of one of them."""

_LINK = re.compile(rb"/(checkout|portal|invoices|exports|shares|r)/([A-Za-z0-9_~.-]{6,120})")
_FOLDERS = {"r": "shares", "public": "shares", "cli-sync": "runs", "sample-run": "runs"}
_KINDS = {
    **{"secret": "bearer", "access_token": "session", "service_role_key": "service"},
    **{"anon_key": "bearer", "refresh_token": "refresh_token", "next_cursor": "cursor"},
    **{"run_id": "runs", "project_id": "projects", "workspace_id": "workspaces"},
    **{"share_id": "shares", "token": "shares", "user_id": "users", "event_id": "events"},
    **{"name": "names", "email": "email", "slug": "workspaces", "key": "key", "code": "otp"},
    **{"link": "links", "url": "links", "client_run_id": "client_run_id", "session_id": "sessions"},
    **{"action_link": "links", "hashed_token": "token_hash", "email_otp": "otp"},
}
"""Member of an answer → the pool that its text goes to."""

_RECORDS = {spec.name: spec.record for spec in TABLES}
_TABLES = {
    **{"api-keys": ("api_keys", "id"), "public": ("shares", "token"), "r": ("shares", "token")},
    **{"checkout": ("checkout_sessions", "id"), "portal": ("portal_sessions", "id")},
    **{"webhooks": ("webhook_endpoints", "id"), "email": ("users", "email")},
    **{"exports": ("exports", "token"), "refresh_token": ("refresh_tokens", "id")},
    **{"token_hash": ("codes", "id"), "auth_code": ("flows", "auth_code")},
    **{"key": ("reservations", "id"), "client_run_id": ("runs", "client_run_id")},
    **{name: (name, "id") for name in ("runs", "projects", "workspaces", "shares", "users")},
    **{name: (name, "id") for name in ("mail", "events", "invoices", "sessions")},
}
"""Kind → the table that has them, and the member of its records."""


class Memory:
    """Pools of texts by kind."""

    def __init__(self, dice: Random, worlds: WorldRegistry) -> None:
        self._dice = dice
        self._worlds = worlds
        planted = worlds.planted
        keys = [secret for _, secret in planted.keys]
        self.cookies: list[str] = []
        self.exports: list[bytes] = []
        self.fresh: list[tuple[str, str]] = []
        """Ids of hosted pages and mails that nothing has been done with yet, by their folder."""
        self.logins = planted.logins or (("ada@lab.test", "ada-password"),)
        self._pools: dict[str, list[str]] = {
            "key secret": list(keys),
            "bearer": [*keys, fixture_seed.SECRET, fixture_seed.REVOKED_SECRET],
            "worlds": ["default", "w1", "w2"],
            "snapshots": ["s1", "s2"],
            "requests": ["1", "2", "3"],
            "faults": ["fault-1", "fault-2"],
            "assets": ["swagger-ui.css"],
        }

    def one(self, kind: str) -> str:
        """Return something of a kind, or what nothing is named."""
        if kind in _TABLES and self._dice.random() < 0.75:
            table, member = _TABLES[kind]
            rows = self._worlds.default().state.tables[_RECORDS[table]].rows()
            if rows:
                return str(getattr(self._dice.choice(rows), member))
        pool = self._pools.get(kind)
        return self._dice.choice(pool) if pool else fixture_seed.NOBODY

    def keep(self, kind: str, text: str) -> None:
        """Remember a text."""
        pool = self._pools.setdefault(kind, [])
        if text in pool or not 0 < len(text) < 4_000:
            return
        if len(pool) < KEPT:
            pool.append(text)
        else:
            pool[self._dice.randrange(KEPT)] = text

    def learn(self, call: Call, answer: Answer) -> None:
        """Remember what an answer shows."""
        if answer.status >= 400 or len(answer.body) > 300_000:
            return
        self._learn_cookies(answer)
        location = answer.header("location").encode("latin-1")
        for folder, name in _LINK.findall(answer.body[:100_000] + location):
            self.keep(folder.decode(), name.decode())
            self.fresh = [*self.fresh[-5:], (folder.decode(), name.decode())]
        if call.path.endswith("/_emulator/export"):
            self.exports = [*self.exports[-1:], answer.body]
            return
        try:
            content = json.loads(answer.body)
        except ValueError:
            return
        folder = _folder_of(call.path)
        for name, text in _texts(content, 0):
            kind = folder if name == "id" else _KINDS.get(name)
            if kind == "names":
                kind = folder if folder in ("worlds", "snapshots") else None
            if kind is not None:
                self.keep(kind, text)
            if kind in ("session", "service"):
                self.keep("bearer", text)
            if kind == "id" or name == "id":
                self.fresh = [*self.fresh[-5:], (folder, text)]

    def _learn_cookies(self, answer: Answer) -> None:
        set_now = [
            value.decode("latin-1").partition(";")[0]
            for name, value in answer.headers
            if name.lower() == b"set-cookie"
        ]
        if any("auth-token" in one and not one.endswith("=") for one in set_now):
            self.cookies = [*self.cookies[-7:], "; ".join(set_now)]


def _folder_of(path: str) -> str:
    """Return what a path holds: its last segment that says so."""
    for part in reversed(path.split("/")):
        if part in _FOLDERS or part.isalpha() or part in ("api-keys", "sample-run", "cli-sync"):
            return _FOLDERS.get(part, part)
    return ""


def _texts(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > 4:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str):
                yield name, member
            else:
                yield from _texts(member, depth + 1)
    elif isinstance(value, list):
        for member in value[:5]:
            yield from _texts(member, depth + 1)
