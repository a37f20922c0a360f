"""A world of a test's own: signed-in clients, the clock, mail, faults, and what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.kits.control import WORLD_HEADER, Control, ControlError
from emulator.kits.http_clients import make_client
from emulator.kits.parts import Clock, Fault, Mail
from emulator.kits.sources import Source

if TYPE_CHECKING:
    import httpx

_CONFLICT = 409
_NOT_FOUND = 404
_MATCH = ("surface", "operation", "method", "path", "actor", "times", "nth")


class OwnWorld:
    """A world of its own on an emulator: fresh, under a name, reached by nobody else."""

    def __init__(self, source: Source, name: str, *, seed: str | None = None) -> None:
        """Make the world, anew where an earlier run has left one of its name.

        Raises ControlError, UnreachableError.
        """
        self.name = name
        self.control = Control(source.line, name)
        self.clock = Clock(self.control)
        self.mail = Mail(self.control)
        self._source = source
        self._seed = seed
        self._clients: list[httpx.Client] = []
        self._anonymous: httpx.Client | None = None
        self._snapshots: list[str] = []
        self._made = self._make()

    def _make(self) -> dict[str, Any]:
        everywhere = Control(self._source.line)
        wanted = {"name": self.name, "from": self._seed or self._source.chosen_seed}
        try:
            made: dict[str, Any] = everywhere.post("worlds", **wanted)
        except ControlError as error:
            if error.status != _CONFLICT or not _removed(everywhere, "worlds", self.name):
                raise
            made = everywhere.post("worlds", **wanted)
        return made

    # Where it is

    @property
    def url(self) -> str:
        """Its own base URL, for whatever can be given one; no socket listens in process."""
        return str(self._made["url"])

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request to the emulator's origin carries to come here."""
        return {WORLD_HEADER: self.name}

    @property
    def logins(self) -> tuple[tuple[str, str], ...]:
        """E-mail and password of every user of the seed, in its order."""
        return self._source.credentials(self._seed).logins

    @property
    def api_key(self) -> str:
        """The first API key of the seed, as it is in this world; it needs no header."""
        keys = self._source.credentials(self._seed).keys
        if not keys:
            raise LookupError("The seed of this world has no API key.")
        return f"{keys[0][1]}~{self.name}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a CLI or a dashboard that is to come here."""
        keys = self._source.credentials(self._seed).keys
        return {
            "WORLDFLUX_CLOUD_API_URL": self._source.line.url,
            **({"WORLDFLUX_CLOUD_API_KEY": self.api_key} if keys else {}),
            "NEXT_PUBLIC_SUPABASE_URL": self._source.line.url,
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": str(self._made["anon_key"]),
            "SUPABASE_SERVICE_ROLE_KEY": str(self._made["service_role_key"]),
            "WORLDFLUX_E2E_FIXTURES": "0",
        }

    # Clients

    @property
    def client(self) -> httpx.Client:
        """A client that nobody has signed in; the same one each time."""
        if self._anonymous is None:
            self._anonymous = self.new_client()
        return self._anonymous

    def new_client(self, **headers: str) -> httpx.Client:
        """Return a client with a cookie jar of its own. It is closed with the world."""
        client = make_client(self._source.line, {**self.headers, **headers})
        self._clients.append(client)
        return client

    def signed_in(self, email: str | None = None, password: str | None = None) -> httpx.Client:
        """Return a client with a user's session cookie; default: the seed's first user.

        The password of a user of the seed is known.
        """
        email, password = self._source.credentials(self._seed).login(email, password)
        client = self.new_client()
        answer = client.post("/api/auth/login", json={"email": email, "password": password})
        if not answer.is_success:
            raise AssertionError(f"{email} could not sign in: {answer.text}")
        return client

    def keyed(self) -> httpx.Client:
        """Return a client that sends the API key, as the CLI does."""
        return self.new_client(Authorization=f"Bearer {self.api_key}")

    # Faults, and what happened

    def fault(self, **said: Any) -> Fault:
        """Arm a fault: which calls by `surface`, `operation`, `method`, `path`, `actor`, `times`
        and `nth`; what they meet by `status` and `code`, `latency_ms`, `drop` or `truncate_bytes`.

        A context manager: left, it is disarmed.
        """
        match = {name: said[name] for name in said if name in _MATCH}
        then = {name: said[name] for name in said if name not in _MATCH}
        return Fault(self.control, self.control.post("faults", match=match, then=then)["id"])

    def requests(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the requests of the journal, newest first, that fit: `surface`, `operation`,
        `method`, `path`, `status`, `code`, `actor`, `since`; `wait` seconds for the first.
        """
        items: list[dict[str, Any]] = self.control.get("requests", **{"limit": 1000, **wanted})[
            "items"
        ]
        return items

    # Going back

    def snapshot(self, name: str | None = None) -> str:
        """Keep the state under a name and return the name; default: one of its own."""
        name = name or f"{self.name[:36]}-{len(self._snapshots) + 1}"
        self.control.post("snapshots", name=name)
        self._snapshots.append(name)
        return name

    def restore(self, name: str | None = None) -> None:
        """Put the world into the state of a snapshot; default: the last one."""
        if name is None and not self._snapshots:
            raise LookupError("There is no snapshot of this world yet.")
        self.control.post("snapshots", name or self._snapshots[-1], "restore")

    def reset(self, seed: str | None = None) -> None:
        """Put the world back to its beginning, or to another seed."""
        self._seed = seed or self._seed
        self.control.post("reset", seed=self._seed or self._source.chosen_seed)

    def close(self, *, keeps_world: bool = False) -> None:
        """Close the clients, drop the snapshots, and delete the world unless it is kept."""
        for client in self._clients:
            client.close()
        if keeps_world:
            return
        everywhere = Control(self._source.line)
        for name in self._snapshots:
            _removed(everywhere, "snapshots", name)
        _removed(everywhere, "worlds", self.name)

    def journal(self) -> dict[str, Any]:
        """Return what happened so far, oldest request first, for a report."""
        world = Control(self._source.line).get("worlds", self.name)
        shown = {name: world[name] for name in ("name", "url", "clock", "digest")}
        return {"world": shown, "requests": list(reversed(self.requests()))}

    def capsule(self) -> bytes:
        """Return what happened so far as a file for `worldflux-emulator replay`; has secrets."""
        return self.control.download("capsule")

    def __repr__(self) -> str:
        return f"<world {json.dumps(self.name)}>"


def _removed(control: Control, *path: str) -> bool:
    """Remove what lies at a path and tell whether there was anything."""
    try:
        control.delete(*path)
    except ControlError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return True
