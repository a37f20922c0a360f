"""Test world: clients, clock, mail, faults, snapshots and journal of a world for one test."""

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

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

_CONFLICT = 409
_NOT_FOUND = 404


class TestWorld:
    """A fresh world for one test, under a name that no other test uses."""

    __test__ = False  # pytest would collect it as a class of tests

    def __init__(self, backend: Backend, name: str, *, seed: str | None = None) -> None:
        """Make the world, in place of a world of that name that an earlier run left behind.

        Raises ControlError, UnreachableError.
        """
        self.name = name
        self.control = ControlClient(backend.transport, name)
        self.clock = ClockHandle(self.control)
        self.mail = Mailbox(self.control)
        self._backend = backend
        self._seed = seed
        self._clients: list[httpx.Client] = []
        self._anonymous: httpx.Client | None = None
        self._snapshots: list[str] = []
        self._view = self._make()

    def _make(self) -> dict[str, Any]:
        server = ControlClient(self._backend.transport)
        body = {"name": self.name, "from": self._seed or self._backend.chosen_seed}
        try:
            view: dict[str, Any] = server.post("worlds", **body)
        except ControlError as error:
            if error.status != _CONFLICT or not _delete_if_present(server, "worlds", self.name):
                raise
            view = server.post("worlds", **body)
        return view

    # Address and credentials

    @property
    def url(self) -> str:
        """The base URL of the world. Raises NoServerError in process."""
        if not self._backend.is_served:
            raise NoServerError
        return str(self._view["url"])

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that bring a request to the emulator's origin into the world."""
        return {WORLD_HEADER: self.name}

    @property
    def logins(self) -> tuple[tuple[str, str], ...]:
        """The e-mail and password of every user of the seed, in its order."""
        return self._backend.credentials(self._seed).logins

    @property
    def api_key(self) -> str:
        """The seed's first API key, which names the world: requests need no header."""
        keys = self._backend.credentials(self._seed).keys
        if not keys:
            raise LookupError("The seed of this world has no API key.")
        return f"{keys[0][1]}~{self.name}"

    @property
    def anon_key(self) -> str:
        """Supabase's anon key, which names the world."""
        return str(self._view["anon_key"])

    @property
    def service_role_key(self) -> str:
        """Supabase's service role key, which names the world."""
        return str(self._view["service_role_key"])

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that point a CLI or a dashboard at the world.

        Raises NoServerError in process.
        """
        keys = self._backend.credentials(self._seed).keys
        return {
            "WORLDFLUX_CLOUD_API_URL": self._backend.url,
            **({"WORLDFLUX_CLOUD_API_KEY": self.api_key} if keys else {}),
            "NEXT_PUBLIC_SUPABASE_URL": self._backend.url,
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": self.anon_key,
            "SUPABASE_SERVICE_ROLE_KEY": self.service_role_key,
            "WORLDFLUX_E2E_FIXTURES": "0",
        }

    # Clients

    @property
    def client(self) -> httpx.Client:
        """A client that is not signed in, shared by the test."""
        if self._anonymous is None:
            self._anonymous = self.new_client()
        return self._anonymous

    def new_client(self, **headers: str) -> httpx.Client:
        """Return a new client with its own cookie jar. It is closed with the world."""
        client = make_client(self._backend.transport, {**self.headers, **headers})
        self._clients.append(client)
        return client

    def signed_in(self, email: str | None = None, password: str | None = None) -> httpx.Client:
        """Return a new client with a user's session, by default the seed's first user's.

        Only a user who is not in the seed needs a password.
        """
        email, password = self._backend.credentials(self._seed).login(email, password)
        client = self.new_client()
        response = client.post("/api/auth/login", json={"email": email, "password": password})
        if not response.is_success:
            raise AssertionError(f"{email} could not sign in: {response.text}")
        return client

    def keyed(self) -> httpx.Client:
        """Return a new client that sends the API key, as the CLI does."""
        return self.new_client(Authorization=f"Bearer {self.api_key}")

    def as_async(self, client: httpx.Client | None = None) -> httpx.AsyncClient:
        """Return a client for asyncio with the headers and cookies that `client` has now, by
        default those of a client that is not signed in.

        `async with world.as_async(world.signed_in()) as mara`.
        """
        return make_async_client(self._backend.transport, self.client if client is None else client)

    # Faults and journal

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
        """Arm a fault for the requests that match.

        `surface` to `actor` choose the requests, and a path may contain `*`; `times` limits the
        fault to the first matching requests, `nth` to every nth. `status` to `truncate_bytes`
        are the effect; a `recorded` latency is recorded without waiting. Used as a context
        manager, the fault is disarmed at the end of the block. Raises ControlError.
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
        fault = self.control.post("faults", match=_given(match), then=_given(then))
        return FaultHandle(self.control, fault["id"])

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
        """Return the journal's requests that match, newest first.

        `since` is the id of a request: it and older requests are skipped. `wait` is how many
        seconds to wait for a match. Raises ControlError.
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

    # Snapshots and reset

    def snapshot(self, name: str | None = None) -> str:
        """Take a snapshot and return its name, by default a name derived from the world's."""
        name = name or f"{self.name[:36]}-{len(self._snapshots) + 1}"
        self.control.post("snapshots", name=name)
        self._snapshots.append(name)
        return name

    def restore(self, name: str | None = None) -> None:
        """Restore a snapshot, by default the latest."""
        if name is None and not self._snapshots:
            raise LookupError("This world has no snapshot to restore.")
        self.control.post("snapshots", name or self._snapshots[-1], "restore")

    def reset(self, seed: str | None = None) -> None:
        """Reset the world to its baseline, or to another seed."""
        self._seed = seed or self._seed
        self.control.post("reset", seed=self._seed or self._backend.chosen_seed)

    def close(self, *, keeps_world: bool = False) -> None:
        """Close the clients and, unless the world is to stay, delete it and its snapshots."""
        for client in self._clients:
            client.close()
        if keeps_world:
            return
        server = ControlClient(self._backend.transport)
        for name in self._snapshots:
            _delete_if_present(server, "snapshots", name)
        _delete_if_present(server, "worlds", self.name)

    def journal(self) -> dict[str, Any]:
        """Return the world and its requests, oldest first, for a report."""
        world = ControlClient(self._backend.transport).get("worlds", self.name)
        url = ("url",) if self._backend.is_served else ()
        view = {name: world[name] for name in ("name", *url, "clock", "digest")}
        return {"world": view, "requests": list(reversed(self.requests()))}

    def capsule(self) -> bytes:
        """Return the world's requests, secrets included, for `worldflux-emulator replay`."""
        return self.control.download("capsule")

    def __repr__(self) -> str:
        return f"<world {json.dumps(self.name)}>"


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _delete_if_present(control: ControlClient, *path: str) -> bool:
    """Delete the resource at a path and return whether it existed."""
    try:
        control.delete(*path)
    except ControlError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return True
