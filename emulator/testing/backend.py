"""Where the worlds of a test run come from: an emulator in process, or a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, InProcessTransport, Transport

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

ORIGIN = "http://localhost:8787"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The logins (e-mail, password) and API keys (workspace, secret) of a seed, in its order."""

    logins: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]

    def login(self, email: str | None, password: str | None) -> tuple[str, str]:
        """Return an e-mail with its password; default: the first user's. Raises LookupError."""
        if email is not None and password is not None:
            return email, password
        if email is None and not self.logins:
            raise LookupError("The seed of this world has no user; sign one up.")
        email = email or self.logins[0][0]
        known = dict(self.logins)
        if email not in known:
            people = ", ".join(known) or "nobody"
            raise LookupError(
                f"{email!r} is not in the seed, so say the password; it has {people}."
            )
        return email, known[email]


class NoServerError(RuntimeError):
    """A URL was asked for, and no socket listens."""

    def __init__(self) -> None:
        super().__init__(
            "This emulator is in the test's own process, where nothing listens: use "
            "--worldflux-server (or --worldflux-url) for a URL, or the world's clients."
        )


class Backend:
    """An emulator that worlds are made on."""

    def __init__(
        self, line: Transport, *, baseline_seed: str, chosen_seed: str | None = None
    ) -> None:
        """Use the emulator at the end of a line. Its worlds begin as its baseline does, or, where
        one was chosen, as that seed does.
        """
        self.line = line
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
        line = HttpTransport(url)
        health = ControlClient(line).get("health")
        return cls(line, baseline_seed=health["seed"], chosen_seed=seed)

    @property
    def url(self) -> str:
        """The origin of the emulator. Raises NoServerError in process."""
        if not self.is_served:
            raise NoServerError
        return self.line.url

    @property
    def is_served(self) -> bool:
        """Tell whether anything else than this process can reach it."""
        return not isinstance(self.line, InProcessTransport)

    def credentials(self, seed: str | None = None) -> Credentials:
        """Return who can get in on a seed; default: the one that worlds begin with.

        Raises SeedError.
        """
        from emulator.seeding.files import load, plant_file

        name = seed or self.chosen_seed or self._baseline_seed
        if name not in self._credentials:
            planted = plant_file(load(name))
            self._credentials[name] = Credentials(planted.logins, planted.keys)
        return self._credentials[name]

    def coverage(self) -> dict[str, Any]:
        """Return which operations, error codes and states the tests have met so far."""
        said: dict[str, Any] = ControlClient(self.line).get("coverage")
        return said

    def close(self) -> None:
        """End what runs in this process."""
        if isinstance(self.line, InProcessTransport):
            self.line.close()
