"""Backend of a test run: the emulator, in process or a server, that its worlds are made on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, InProcessTransport, Transport

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

ORIGIN = "http://localhost:8787"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The logins (e-mail, password) and API keys (workspace, secret) of a seed, in its order."""

    logins: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]

    def login(self, email: str | None, password: str | None) -> tuple[str, str]:
        """Return a user's e-mail and password, by default the first user's. Raises LookupError."""
        if email is not None and password is not None:
            return email, password
        if email is None and not self.logins:
            raise LookupError("The seed of this world has no users; sign up a user.")
        email = email or self.logins[0][0]
        known = dict(self.logins)
        if email not in known:
            people = ", ".join(known) or "no users"
            raise LookupError(
                f"{email!r} is not in the seed, so pass its password; the seed has {people}."
            )
        return email, known[email]


class NoServerError(RuntimeError):
    """A URL is needed, but the emulator runs in process and listens on no socket."""

    def __init__(self) -> None:
        super().__init__(
            "This emulator runs in the process of the tests and has no URL: use "
            "--worldflux-server (or --worldflux-url), or the clients of the world."
        )


class Backend:
    """The emulator that the worlds of a test run are made on."""

    def __init__(
        self, transport: Transport, *, baseline_seed: str, chosen_seed: str | None = None
    ) -> None:
        """Use the emulator behind a transport. Worlds start from the chosen seed, if there is one,
        else from the emulator's baseline.
        """
        self.transport = transport
        self.chosen_seed = chosen_seed
        self._baseline_seed = baseline_seed
        self._credentials: dict[str, Credentials] = {}

    @classmethod
    def in_process(cls, seed: str) -> Backend:
        """Plant a seed in this process. Raises SeedError."""
        from emulator.app import build_app
        from emulator.registry.registry import WorldRegistry
        from emulator.settings import Settings

        app = build_app(WorldRegistry(Settings(public_url=ORIGIN), seed))
        return cls(InProcessTransport(app, ORIGIN), baseline_seed=seed)

    @classmethod
    def served(cls, url: str, *, seed: str | None = None) -> Backend:
        """Use the server at a URL. Raises UnreachableError, ControlError."""
        transport = HttpTransport(url)
        health = ControlClient(transport).get("health")
        return cls(transport, baseline_seed=health["seed"], chosen_seed=seed)

    @property
    def url(self) -> str:
        """The origin of the emulator. Raises NoServerError in process."""
        if not self.is_served:
            raise NoServerError
        return self.transport.url

    @property
    def is_served(self) -> bool:
        """Whether other processes can reach it."""
        return not isinstance(self.transport, InProcessTransport)

    def credentials(self, seed: str | None = None) -> Credentials:
        """Return the credentials of a seed, by default the seed that worlds start from.

        Raises SeedError.
        """
        from emulator.seeding.files import load, plant_file

        name = seed or self.chosen_seed or self._baseline_seed
        if name not in self._credentials:
            planted = plant_file(load(name))
            self._credentials[name] = Credentials(planted.logins, planted.keys)
        return self._credentials[name]

    def coverage(self) -> dict[str, Any]:
        """Return which operations, error codes and record states requests have exercised so far."""
        view: dict[str, Any] = ControlClient(self.transport).get("coverage")
        return view

    def close(self) -> None:
        """Stop the emulator if it runs in this process."""
        if isinstance(self.transport, InProcessTransport):
            self.transport.close()
