"""The ids, credentials and links of an episode, so that later calls hit something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from tests import scene
from tests.fuzz.calls import Answer, Call

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


class Memory:
    """Pools of texts by kind."""

    def __init__(self, dice: Random, logins: tuple[tuple[str, str], ...], keys: list[str]) -> None:
        self._dice = dice
        self.cookies: list[str] = []
        self.exports: list[bytes] = []
        self.logins = logins or (("ada@lab.test", "ada-password"),)
        self._pools: dict[str, list[str]] = {
            "runs": [scene.DONE, scene.GOING, scene.AWAY_RUN],
            "projects": [scene.ALPHA, scene.BETA, scene.AWAY_PROJECT],
            "workspaces": [scene.LAB, scene.AWAY, "lab", "away"],
            "api-keys": [scene.LIVE_KEY, scene.REVOKED_KEY, scene.AWAY_KEY],
            "shares": [scene.LIVE_SHARE, "share-live-token", "share-gone-token"],
            "users": [scene.ADA, scene.BO, scene.DEE],
            "email": [email for email, _ in self.logins],
            "bearer": [*keys, scene.SECRET, scene.REVOKED_SECRET],
            "worlds": ["default", "w1", "w2"],
            "snapshots": ["s1", "s2"],
            "requests": ["1", "2", "3"],
            "faults": ["fault-1", "fault-2"],
            "assets": ["swagger-ui.css"],
        }

    def one(self, kind: str) -> str:
        """Return something of a kind, or what nothing is named."""
        pool = self._pools.get(kind)
        return self._dice.choice(pool) if pool else scene.NOBODY

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
            self.keep(_FOLDERS.get(folder.decode(), folder.decode()), name.decode())
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
