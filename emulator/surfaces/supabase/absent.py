"""What GoTrue has and this one does not yet: each answers 501 and says its name.

Real: the routes of GoTrue's api.go, and whether it asks for a user or the service key first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import Request, Response

from emulator.surfaces.supabase.about import PROVIDERS
from emulator.surfaces.supabase.requests import bearer, require_service
from emulator.wire.errors import NotImplementedHere
from emulator.world.refusals import Invalid

Handler = Callable[[Request], Awaitable[Response]]
Asks = Literal["nobody", "user", "admin"]

_USERS = "/admin/users/{user_id}"

ABSENT: Mapping[Asks, tuple[tuple[str, str], ...]] = {
    "nobody": (
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/callback"),
        ("POST", "/callback"),
        ("POST", "/sso"),
        ("GET", "/sso/saml/metadata"),
        ("POST", "/sso/saml/acs"),
        ("POST", "/passkeys/authentication/options"),
        ("POST", "/passkeys/authentication/verify"),
        ("GET", "/oauth/authorize"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/clients/register"),
    ),
    "user": (
        ("GET", "/reauthenticate"),
        ("GET", "/user/identities/authorize"),
        ("DELETE", "/user/identities/{identity_id}"),
        ("GET", "/user/oauth/grants"),
        ("DELETE", "/user/oauth/grants"),
        ("POST", "/factors"),
        ("DELETE", "/factors/{factor_id}"),
        ("POST", "/factors/{factor_id}/challenge"),
        ("POST", "/factors/{factor_id}/verify"),
        ("GET", "/factors/recovery-codes"),
        ("POST", "/factors/recovery-codes"),
        ("POST", "/factors/recovery-codes/regenerate"),
        ("GET", "/passkeys"),
        ("PATCH", "/passkeys/{passkey_id}"),
        ("DELETE", "/passkeys/{passkey_id}"),
        ("POST", "/passkeys/registration/options"),
        ("POST", "/passkeys/registration/verify"),
        ("GET", "/oauth/userinfo"),
        ("GET", "/oauth/authorizations/{authorization_id}"),
        ("POST", "/oauth/authorizations/{authorization_id}/consent"),
    ),
    "admin": (
        ("GET", "/admin/audit"),
        ("GET", f"{_USERS}/factors"),
        ("PUT", f"{_USERS}/factors/{{factor_id}}"),
        ("DELETE", f"{_USERS}/factors/{{factor_id}}"),
        ("GET", f"{_USERS}/passkeys"),
        ("DELETE", f"{_USERS}/passkeys/{{passkey_id}}"),
        ("GET", "/admin/sso/providers"),
        ("POST", "/admin/sso/providers"),
        ("GET", "/admin/sso/providers/{idp_id}"),
        ("PUT", "/admin/sso/providers/{idp_id}"),
        ("DELETE", "/admin/sso/providers/{idp_id}"),
        ("GET", "/admin/oauth/clients"),
        ("POST", "/admin/oauth/clients"),
        ("GET", "/admin/oauth/clients/{client_id}"),
        ("PUT", "/admin/oauth/clients/{client_id}"),
        ("DELETE", "/admin/oauth/clients/{client_id}"),
        ("POST", "/admin/oauth/clients/{client_id}/regenerate_secret"),
        ("GET", "/admin/custom-providers"),
        ("POST", "/admin/custom-providers"),
        ("GET", "/admin/custom-providers/{identifier}"),
        ("PUT", "/admin/custom-providers/{identifier}"),
        ("DELETE", "/admin/custom-providers/{identifier}"),
    ),
}
"""Whom a route asks for → method and path below the prefix of every route that is not built."""

_GUARDS: Mapping[Asks, Callable[[Request], object]] = {
    "nobody": lambda _: None,
    "user": bearer,
    "admin": require_service,
}


def absent_routes(prefix: str) -> list[tuple[str, str, Handler]]:
    """Return method, path and handler of every route that is not built."""
    return [
        (method, path, _absent(asks, f"{method} {prefix}{path}"))
        for asks, rows in ABSENT.items()
        for method, path in rows
    ]


def _absent(asks: Asks, name: str) -> Handler:
    async def refuse(request: Request) -> Response:
        _GUARDS[asks](request)
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
