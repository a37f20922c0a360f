"""A world of a test's own: signed-in clients, the clock, mail, faults, and what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.client.control_client import WORLD_HEADER, ControlClient, ControlError
from emulator.testing.backend import Backend, NoServerError
from emulator.testing.http_clients import make_async_client, make_client
from emulator.testing.world_handles import ClockHandle, FaultHandle, Mailbox

if TYPE_CHECKING:
    import httpx

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

_CONFLICT = 409
_NOT_FOUND = 404


class TestWorld:
    """A world of its own on an emulator: fresh, under a name, reached by nobody else."""

    def __init__(self, source: Backend, name: str, *, seed: str | None = None) -> None:
        """Make the world, anew where an earlier run has left one of its name.

        Raises ControlError, UnreachableError.
        """
        self.name = name
        self.control = ControlClient(source.line, name)
        self.clock = ClockHandle(self.control)
        self.mail = Mailbox(self.control)
        self._source = source
        self._seed = seed
        self._clients: list[httpx.Client] = []
        self._anonymous: httpx.Client | None = None
        self._snapshots: list[str] = []
        self._made = self._make()

    def _make(self) -> dict[str, Any]:
        everywhere = ControlClient(self._source.line)
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
        """Its own base URL, for whatever can be given one. Raises NoServerError in process."""
        if not self._source.is_served:
            raise NoServerError
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
    def anon_key(self) -> str:
        """Supabase's key for browsers; it leads here with nothing besides."""
        return str(self._made["anon_key"])

    @property
    def service_role_key(self) -> str:
        """Supabase's key for servers, which may do everything; it leads here too."""
        return str(self._made["service_role_key"])

    @property
    def env(self) -> dict[str, str]:
        """The environment of a CLI or a dashboard that is to come here. Raises NoServerError in
        process.
        """
        keys = self._source.credentials(self._seed).keys
        return {
            "WORLDFLUX_CLOUD_API_URL": self._source.url,
            **({"WORLDFLUX_CLOUD_API_KEY": self.api_key} if keys else {}),
            "NEXT_PUBLIC_SUPABASE_URL": self._source.url,
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": self.anon_key,
            "SUPABASE_SERVICE_ROLE_KEY": self.service_role_key,
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

    def as_async(self, client: httpx.Client | None = None) -> httpx.AsyncClient:
        """Return the same caller for coroutines of asyncio: with the headers and cookies that a
        client has now; default: nobody's. `async with world.as_async(world.signed_in()) as mara`.
        """
        return make_async_client(self._source.line, self.client if client is None else client)

    # Faults, and what happened

    def fault(
        self,
        *,
        surface: str | None = None,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        actor: str | None = None,
        times: int | None = None,
        nth: int | None = None,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        latency_ms: int | None = None,
        recorded: bool | None = None,
        drop: bool | None = None,
        truncate_bytes: int | None = None,
    ) -> FaultHandle:
        """Arm a fault: which calls, up to `nth`, and what they meet, from `status` on; a
        `recorded` latency is noted rather than waited for. A path may hold `*`.

        A context manager: left, it is disarmed. Raises ControlError.
        """
        match = {
            "surface": surface,
            "operation": operation,
            "method": method,
            "path": path,
            "actor": actor,
            "times": times,
            "nth": nth,
        }
        then = {
            "status": status,
            "code": code,
            "message": message,
            "latency_ms": latency_ms,
            "recorded": recorded,
            "drop": drop,
            "truncate_bytes": truncate_bytes,
        }
        made = self.control.post("faults", match=_said(match), then=_said(then))
        return FaultHandle(self.control, made["id"])

    def requests(
        self,
        *,
        surface: str | None = None,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        code: str | None = None,
        actor: str | None = None,
        since: int | None = None,
        wait: int | None = None,
        limit: int = 1000,
    ) -> list[dict[str, Any]]:
        """Return the requests of the journal, newest first, that fit. `since` is the id of one
        that is older, `wait` for how many seconds to wait for the first. Raises ControlError.
        """
        items: list[dict[str, Any]] = self.control.get(
            "requests",
            surface=surface,
            operation=operation,
            method=method,
            path=path,
            status=status,
            code=code,
            actor=actor,
            since=since,
            wait=wait,
            limit=limit,
        )["items"]
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
        everywhere = ControlClient(self._source.line)
        for name in self._snapshots:
            _removed(everywhere, "snapshots", name)
        _removed(everywhere, "worlds", self.name)

    def journal(self) -> dict[str, Any]:
        """Return what happened so far, oldest request first, for a report."""
        world = ControlClient(self._source.line).get("worlds", self.name)
        where = ("url",) if self._source.is_served else ()
        shown = {name: world[name] for name in ("name", *where, "clock", "digest")}
        return {"world": shown, "requests": list(reversed(self.requests()))}

    def capsule(self) -> bytes:
        """Return what happened so far as a file for `worldflux-emulator replay`; has secrets."""
        return self.control.download("capsule")

    def __repr__(self) -> str:
        return f"<world {json.dumps(self.name)}>"


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _removed(control: ControlClient, *path: str) -> bool:
    """Remove what lies at a path and tell whether there was anything."""
    try:
        control.delete(*path)
    except ControlError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return True
