"""Operations of GoTrue that are not built: each responds with 501 and its name.

Real: the routes of supabase/auth internal/api/api.go, and whether it checks a user or the service
key first.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import Caller
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.http.codes import NotImplementedHere
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes

_USER = "/admin/users/{user_id}"
_CODES = "/factors/recovery-codes"
_PROVIDER = "/admin/sso/providers/{idp_id}"

NOT_BUILT: tuple[tuple[Caller, str, str, str], ...] = (
    ("anyone", "GET", "/.well-known/openid-configuration", "Get the OpenID configuration."),
    ("anyone", "GET", "/callback", "Return from an identity provider."),
    ("anyone", "POST", "/callback", "Return from an identity provider that posts a form."),
    ("user", "GET", "/reauthenticate", "Mail a code that confirms the user again."),
    ("user", "POST", "/factors", "Enroll a second factor."),
    ("user", "GET", _CODES, "Get the status of the recovery codes."),
    ("user", "POST", _CODES, "Create recovery codes."),
    ("user", "DELETE", _CODES, "Delete the recovery codes."),
    ("user", "POST", f"{_CODES}/regenerate", "Replace the recovery codes."),
    ("user", "POST", f"{_CODES}/verify", "Verify a recovery code."),
    ("service", "GET", "/admin/audit", "List the audit log."),
    ("service", "GET", f"{_USER}/factors", "List the second factors of a user."),
    ("service", "GET", f"{_USER}/passkeys", "List the passkeys of a user."),
    ("service", "DELETE", f"{_USER}/passkeys/{{passkey_id}}", "Delete a passkey of a user."),
    ("service", "GET", "/admin/sso/providers", "List the SSO providers."),
    ("service", "POST", "/admin/sso/providers", "Create an SSO provider."),
    ("service", "GET", _PROVIDER, "Get an SSO provider."),
    ("service", "PUT", _PROVIDER, "Update an SSO provider."),
    ("service", "DELETE", _PROVIDER, "Delete an SSO provider."),
)
"""Caller, method, path below the prefix, summary."""

_WITH_SLASH = frozenset(
    {
        *("/callback", "/reauthenticate", "/factors", "/admin/audit", f"{_USER}/factors"),
        *("/admin/sso/providers", _PROVIDER),
    }
)


def name_of_route(method: str, path: str) -> str:
    """Return the name of an operation whose handler serves others too."""
    return re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_")


async def refuse(request: Request) -> Response:
    """Raise NotImplementedHere with the operation's id."""
    raise NotImplementedHere(context_of(request).operation)


def _routes() -> Routes:
    routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue", availability="not built")
    for caller, method, path, summary in NOT_BUILT:
        routes.add(
            method,
            path,
            name=name_of_route(method, path),
            summary=summary,
            caller=caller,
            takes_trailing_slash=path in _WITH_SLASH,
        )(refuse)
    return routes


routes = _routes()
