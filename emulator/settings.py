"""Settings of a process, fixed from start to end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

SWITCH = "WORLDFLUX_E2E_FIXTURES"
"""The environment variable that turns the E2E fixtures off; a real dashboard reads it too."""

WEBHOOK_SECRET = "whsec_WorldFluxEmulatorSigningSecret00"  # noqa: S105
"""Public, like the secret of every local Supabase, and protects nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process; `instance` identifies it, so that clients notice a restart."""

    public_url: str = "http://localhost:8787"
    """The origin that clients use, in links, `iss` and the name of the session cookie."""

    e2e_fixtures: bool = True
    """Docs: WORLDFLUX_E2E_FIXTURES is described in the API reference under "E2E fixtures"."""

    is_wall_clock: bool = False
    makes_worlds_lazily: bool = True
    """Whether a request that names an unknown world creates it from the baseline."""

    idle_world_seconds: int | None = None
    """How long a world must be idle before a new world may replace it, above the limit of worlds.
    None: never.
    """

    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    """URLs that every world delivers its events to, in addition to those of its seed."""

    allows_remote_webhooks: bool = False
    """Whether events may leave this machine."""

    webhook_secret: str = WEBHOOK_SECRET
    """Signs every event for `webhooks`, for endpoints registered without a secret, and for the
    control plane's internal endpoint, with every seed.
    """

    webhook_timeout_seconds: float = 10
    """How long an endpoint may take to respond. This and the next setting are whole numbers:
    capsules contain them, and JavaScript rewrites 10.0 as 10, which breaks a capsule's checksum.
    """

    webhook_wait_seconds: float = 15
    """The longest time that a request waits for deliveries to finish."""

    instance: str = "local"

    jwt_secret: str = "super-secret-jwt-token-with-at-least-32-characters-long"  # noqa: S105
    """Real: every local Supabase signs with this secret, the default of the Supabase CLI
    (github.com/supabase/cli, pkg/config/apikeys.go); it protects nothing.
    """

    @property
    def supabase_url(self) -> str:
        """The base URL of Supabase Auth, and the `iss` of its tokens."""
        return f"{self.public_url}/auth/v1"

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie.

        Real: @supabase/supabase-js 2.109.0 (src/SupabaseClient.ts) names it after the first label
        of the URL's host name.
        """
        return _session_cookie(self.public_url)


@lru_cache(maxsize=64)
def _session_cookie(public_url: str) -> str:
    label = (urlsplit(public_url).hostname or "localhost").split(".")[0]
    return f"sb-{label}-auth-token"
