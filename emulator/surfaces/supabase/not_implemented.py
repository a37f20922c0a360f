"""What GoTrue has and this one does not yet: each answers 501 and says its name.

Real: the routes of GoTrue's api.go, and whether it asks for a user or the service key first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import Request, Response

from emulator.surfaces.supabase.request_body import bearer, require_service
from emulator.surfaces.supabase.service import PROVIDERS
from emulator.wire.http.errors import NotImplementedHere
from emulator.world.core.refusals import Invalid

Handler = Callable[[Request], Awaitable[Response]]
Asks = Literal["nobody", "user", "admin"]

_USERS = "/admin/users/{user_id}"

ABSENT: Mapping[Asks, tuple[tuple[str, str], ...]] = {
    "nobody": (
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/callback"),
        ("POST", "/callback"),
    ),
    "user": (
        ("GET", "/reauthenticate"),
        ("POST", "/factors"),
        ("GET", "/factors/recovery-codes"),
        ("POST", "/factors/recovery-codes"),
        ("DELETE", "/factors/recovery-codes"),
        ("POST", "/factors/recovery-codes/regenerate"),
        ("POST", "/factors/recovery-codes/verify"),
    ),
    "admin": (
        ("GET", "/admin/audit"),
        ("GET", f"{_USERS}/factors"),
        ("GET", f"{_USERS}/passkeys"),
        ("DELETE", f"{_USERS}/passkeys/{{passkey_id}}"),
        ("GET", "/admin/sso/providers"),
        ("POST", "/admin/sso/providers"),
        ("GET", "/admin/sso/providers/{idp_id}"),
        ("PUT", "/admin/sso/providers/{idp_id}"),
        ("DELETE", "/admin/sso/providers/{idp_id}"),
    ),
}
"""Whom a route asks for → method and path below the prefix of every route that is not built."""

GUARDS: Mapping[Asks, Callable[[Request], object]] = {
    "nobody": lambda _: None,
    "user": bearer,
    "admin": require_service,
}
"""What refuses whoever a route does not ask for."""


def absent_routes(prefix: str) -> list[tuple[str, str, Handler]]:
    """Return method, path and handler of every route that is not built."""
    return [
        (method, path, _absent(asks, f"{method} {prefix}{path}"))
        for asks, rows in ABSENT.items()
        for method, path in rows
    ]


def _absent(asks: Asks, name: str) -> Handler:
    async def refuse(request: Request) -> Response:
        GUARDS[asks](request)
        raise NotImplementedHere(name)

    return refuse


async def authorize(request: Request) -> Response:
    """`GET /authorize?provider=`: refused, as no provider is enabled.

    Real: GoTrue's words for a provider that a project has not enabled, and for one it does not
    know.
    """
    provider = request.query_params.get("provider", "")
    is_known = provider.lower() in PROVIDERS
    why = "provider is not enabled" if is_known else f"Provider {provider} could not be found"
    raise Invalid("provider", f"Unsupported provider: {why}")
