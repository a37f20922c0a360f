"""Environment variables that point a dashboard, the CLI or a service at a world."""

from __future__ import annotations

from urllib.parse import urlsplit

from emulator.registry.live_world import LiveWorld
from emulator.settings import SWITCH, Settings
from emulator.wire.gotrue.tokens import anon_key, service_key
from emulator.wire.world_tags import tagged
from emulator.world.core.world import DEFAULT


def variables_of(live: LiveWorld, settings: Settings) -> dict[str, str]:
    """Return the variables that lead to a world and to no other, by name."""
    world, keys = live.world, live.baseline.planted.keys
    url = settings.public_url if world.name == DEFAULT else url_of(live, settings)
    return {
        "WORLDFLUX_CLOUD_API_URL": url,
        **({"WORLDFLUX_CLOUD_API_KEY": tagged(keys[0][1], world)} if keys else {}),
        "NEXT_PUBLIC_SUPABASE_URL": url,
        "NEXT_PUBLIC_SUPABASE_ANON_KEY": anon_key(world, settings),
        "SUPABASE_SERVICE_ROLE_KEY": service_key(world, settings),
        "SUPABASE_JWT_SECRET": settings.jwt_secret,
        "STRIPE_WEBHOOK_SECRET": settings.webhook_secret,
        SWITCH: "0",
    }


def url_of(live: LiveWorld, settings: Settings) -> str:
    """Return the base URL that reaches a world and no other."""
    if live.port is None:
        return f"{settings.public_url}/_w/{live.world.name}"
    host = urlsplit(settings.public_url).hostname or "localhost"
    return f"http://{host}:{live.port}"
