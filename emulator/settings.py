"""What a process is told at start and never changes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

SWITCH = "WORLDFLUX_E2E_FIXTURES"
"""The environment variable that turns the fixtures off, and a real dashboard's of the same name."""

WEBHOOK_SECRET = "whsec_WorldFluxEmulatorSigningSecret00"  # noqa: S105
"""Like the secret of every local Supabase it is no secret and protects nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices of one process. `instance` names it, so that a restart can be told."""

    public_url: str = "http://localhost:8787"
    """The origin that clients use; builds links, `iss` and the session cookie's name."""

    e2e_fixtures: bool = True
    """Docs: WORLDFLUX_E2E_FIXTURES (API reference, E2E fixtures)."""

    is_wall_clock: bool = False
    makes_worlds_lazily: bool = True
    """Whether a request that names an unknown world gets a fresh fork of the baseline."""

    idle_world_seconds: int | None = None
    """After how long without a request a world of a crowd makes room for a new one; None: never."""

    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    """URLs that every world delivers its events to, beside those of its seed."""

    allows_remote_webhooks: bool = False
    """Whether events may leave this machine."""

    webhook_secret: str = WEBHOOK_SECRET
    """Signs every event for `webhooks`, for endpoints registered without a secret, and for the
    control plane's own endpoint, whatever the seed.
    """

    webhook_timeout_seconds: float = 10
    """How long an endpoint may take to answer. Like the next one it is written as a whole number,
    because capsules hold it and JavaScript would write 10.0 as 10, which damages their seal.
    """

    webhook_wait_seconds: float = 15
    """How long a request that waits for deliveries waits for them at most."""

    instance: str = "local"

    jwt_secret: str = "super-secret-jwt-token-with-at-least-32-characters-long"  # noqa: S105
    """Real: the secret that every local Supabase signs with; it protects nothing."""

    @property
    def supabase_url(self) -> str:
        """The base URL of Supabase Auth, which is also its `iss`."""
        return f"{self.public_url}/auth/v1"

    @property
    def session_cookie(self) -> str:
        """Real: @supabase/ssr names the cookie after the first label of the URL's host name."""
        label = (urlsplit(self.public_url).hostname or "localhost").split(".")[0]
        return f"sb-{label}-auth-token"
