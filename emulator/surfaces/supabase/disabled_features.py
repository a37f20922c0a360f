"""Features that a new project has disabled: their operations refuse as GoTrue's do there.

Real: the features that supabase/auth internal/api/middleware.go checks, in the place where the
router of internal/api/api.go checks them: before or after the user or the service key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import Caller
from emulator.surfaces.supabase.errors import GoTrueError
from emulator.surfaces.supabase.not_implemented import name_of_route
from emulator.surfaces.supabase.service import PROVIDERS
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.http.router import Routes
from emulator.world.core.refusals import Invalid

Feature = Literal["SAML", "passkeys", "OAuth server", "custom providers", "linking", "factors"]

REFUSALS: Mapping[Feature, Callable[[], GoTrueError]] = {
    "SAML": partial(GoTrueError, "saml_provider_disabled", "SAML 2.0 is disabled"),
    "passkeys": partial(GoTrueError, "passkey_disabled", "Passkeys are disabled"),
    "OAuth server": partial(GoTrueError, "feature_disabled", "OAuth server is disabled"),
    "custom providers": partial(
        GoTrueError, "feature_disabled", "Custom OAuth providers are disabled"
    ),
    "linking": partial(GoTrueError, "manual_linking_disabled", "Manual linking is disabled"),
    "factors": partial(GoTrueError, "mfa_factor_not_found", "Factor not found"),
}
"""The refusal of each feature. No factor is ever found, because no user can enroll any."""

REFUSED = "Refused, as in a new project: "
"""How the summary of such an operation begins."""

_CLIENT = "/admin/oauth/clients/{client_id}"
_CUSTOM = "/admin/custom-providers/{identifier}"
_FACTOR = "/admin/users/{user_id}/factors/{factor_id}"

DISABLED: tuple[tuple[Feature, Caller, str, str], ...] = (
    ("SAML", "anyone", "POST", "/sso"),
    ("SAML", "anyone", "GET", "/sso/saml/metadata"),
    ("SAML", "anyone", "POST", "/sso/saml/acs"),
    ("passkeys", "anyone", "POST", "/passkeys/authentication/options"),
    ("passkeys", "anyone", "POST", "/passkeys/authentication/verify"),
    ("passkeys", "anyone", "POST", "/passkeys/registration/options"),
    ("passkeys", "anyone", "POST", "/passkeys/registration/verify"),
    ("passkeys", "anyone", "GET", "/passkeys"),
    ("passkeys", "anyone", "PATCH", "/passkeys/{passkey_id}"),
    ("passkeys", "anyone", "DELETE", "/passkeys/{passkey_id}"),
    ("OAuth server", "anyone", "GET", "/.well-known/oauth-authorization-server"),
    ("OAuth server", "anyone", "GET", "/oauth/authorize"),
    ("OAuth server", "anyone", "GET", "/oauth/authorizations/{authorization_id}"),
    ("OAuth server", "anyone", "POST", "/oauth/authorizations/{authorization_id}/consent"),
    ("OAuth server", "anyone", "POST", "/oauth/clients/register"),
    ("OAuth server", "anyone", "POST", "/oauth/token"),
    ("OAuth server", "anyone", "GET", "/oauth/userinfo"),
    ("OAuth server", "user", "GET", "/user/oauth/grants"),
    ("OAuth server", "user", "DELETE", "/user/oauth/grants"),
    ("OAuth server", "service", "GET", "/admin/oauth/clients"),
    ("OAuth server", "service", "POST", "/admin/oauth/clients"),
    ("OAuth server", "service", "GET", _CLIENT),
    ("OAuth server", "service", "PUT", _CLIENT),
    ("OAuth server", "service", "DELETE", _CLIENT),
    ("OAuth server", "service", "POST", f"{_CLIENT}/regenerate_secret"),
    ("custom providers", "service", "GET", "/admin/custom-providers"),
    ("custom providers", "service", "POST", "/admin/custom-providers"),
    ("custom providers", "service", "GET", _CUSTOM),
    ("custom providers", "service", "PUT", _CUSTOM),
    ("custom providers", "service", "DELETE", _CUSTOM),
    ("linking", "user", "GET", "/user/identities/authorize"),
    ("linking", "user", "DELETE", "/user/identities/{identity_id}"),
    ("factors", "user", "DELETE", "/factors/{factor_id}"),
    ("factors", "user", "POST", "/factors/{factor_id}/challenge"),
    ("factors", "user", "POST", "/factors/{factor_id}/verify"),
    ("factors", "service", "PUT", _FACTOR),
    ("factors", "service", "DELETE", _FACTOR),
)
"""Feature, caller, method, path below the prefix."""

_WITH_SLASH = frozenset({"/sso", "/factors/{factor_id}", _FACTOR})

ISSUERS: Mapping[str, str] = {
    "apple": "https://appleid.apple.com",
    "azure": "https://login.microsoftonline.com/common/v2.0",
    "facebook": "https://www.facebook.com",
    "google": "https://accounts.google.com",
    "kakao": "https://kauth.kakao.com",
}
"""Issuers of the tokens that a project exchanges for sessions once it enables the provider.

Assumed: a token of Apple or Azure is refused for the same reason, although GoTrue reads its issuer
first.
"""


def _refusing(feature: Feature) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_: Request) -> Response:
        raise REFUSALS[feature]()

    return refuse


def _routes() -> Routes:
    routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue")
    for feature, caller, method, path in DISABLED:
        routes.add(
            method,
            path,
            name=name_of_route(method, path),
            summary=f"{REFUSED}{REFUSALS[feature]().message}.",
            availability="disabled",
            caller=caller,
            takes_trailing_slash=path in _WITH_SLASH,
        )(_refusing(feature))
    return routes


routes = _routes()


@routes.add(
    "GET", "/authorize", summary="Sign in with an identity provider; refused, as none is enabled."
)
async def authorize(request: Request) -> Response:
    """Raise Invalid.

    Real: the messages for a provider that the project has not enabled, and for an unknown provider
    (supabase/auth internal/api/external.go).
    """
    provider = request.query_params.get("provider", "")
    is_known = provider.lower() in PROVIDERS
    reason = "provider is not enabled" if is_known else f"Provider {provider} could not be found"
    raise Invalid("provider", f"Unsupported provider: {reason}")
