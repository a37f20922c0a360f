"""What a new project has switched off: its routes refuse as GoTrue's do there.

Real: the features that supabase/auth internal/api/middleware.go asks for, in the place where the
router of internal/api/api.go asks for them: before or after the user or the service key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from fastapi import Request, Response

from emulator.surfaces.supabase.errors import FactorNotFound, SwitchedOff
from emulator.surfaces.supabase.not_implemented import GUARDS, Asks, Handler
from emulator.world.core.refusals import Refusal

Feature = Literal["SAML", "passkeys", "OAuth server", "custom providers", "linking", "factors"]

REFUSALS: Mapping[Feature, Callable[[], Refusal]] = {
    "SAML": partial(SwitchedOff, "saml_provider_disabled", "SAML 2.0 is disabled"),
    "passkeys": partial(SwitchedOff, "passkey_disabled", "Passkeys are disabled"),
    "OAuth server": partial(SwitchedOff, "feature_disabled", "OAuth server is disabled"),
    "custom providers": partial(
        SwitchedOff, "feature_disabled", "Custom OAuth providers are disabled"
    ),
    "linking": partial(SwitchedOff, "manual_linking_disabled", "Manual linking is disabled"),
    "factors": FactorNotFound,
}
"""What each feature answers where it is off; a factor is not found, as nobody can enroll one."""

PURPOSE = "Refused, as in a new project: "
"""How the purpose of such a route begins."""

_CLIENT = "/admin/oauth/clients/{client_id}"
_CUSTOM = "/admin/custom-providers/{identifier}"
_FACTOR = "/admin/users/{user_id}/factors/{factor_id}"

SWITCHED_OFF: tuple[tuple[Feature, Asks, str, str], ...] = (
    ("SAML", "nobody", "POST", "/sso"),
    ("SAML", "nobody", "GET", "/sso/saml/metadata"),
    ("SAML", "nobody", "POST", "/sso/saml/acs"),
    ("passkeys", "nobody", "POST", "/passkeys/authentication/options"),
    ("passkeys", "nobody", "POST", "/passkeys/authentication/verify"),
    ("passkeys", "nobody", "POST", "/passkeys/registration/options"),
    ("passkeys", "nobody", "POST", "/passkeys/registration/verify"),
    ("passkeys", "nobody", "GET", "/passkeys"),
    ("passkeys", "nobody", "PATCH", "/passkeys/{passkey_id}"),
    ("passkeys", "nobody", "DELETE", "/passkeys/{passkey_id}"),
    ("OAuth server", "nobody", "GET", "/.well-known/oauth-authorization-server"),
    ("OAuth server", "nobody", "GET", "/oauth/authorize"),
    ("OAuth server", "nobody", "GET", "/oauth/authorizations/{authorization_id}"),
    ("OAuth server", "nobody", "POST", "/oauth/authorizations/{authorization_id}/consent"),
    ("OAuth server", "nobody", "POST", "/oauth/clients/register"),
    ("OAuth server", "nobody", "POST", "/oauth/token"),
    ("OAuth server", "nobody", "GET", "/oauth/userinfo"),
    ("OAuth server", "user", "GET", "/user/oauth/grants"),
    ("OAuth server", "user", "DELETE", "/user/oauth/grants"),
    ("OAuth server", "admin", "GET", "/admin/oauth/clients"),
    ("OAuth server", "admin", "POST", "/admin/oauth/clients"),
    ("OAuth server", "admin", "GET", _CLIENT),
    ("OAuth server", "admin", "PUT", _CLIENT),
    ("OAuth server", "admin", "DELETE", _CLIENT),
    ("OAuth server", "admin", "POST", f"{_CLIENT}/regenerate_secret"),
    ("custom providers", "admin", "GET", "/admin/custom-providers"),
    ("custom providers", "admin", "POST", "/admin/custom-providers"),
    ("custom providers", "admin", "GET", _CUSTOM),
    ("custom providers", "admin", "PUT", _CUSTOM),
    ("custom providers", "admin", "DELETE", _CUSTOM),
    ("linking", "user", "GET", "/user/identities/authorize"),
    ("linking", "user", "DELETE", "/user/identities/{identity_id}"),
    ("factors", "user", "DELETE", "/factors/{factor_id}"),
    ("factors", "user", "POST", "/factors/{factor_id}/challenge"),
    ("factors", "user", "POST", "/factors/{factor_id}/verify"),
    ("factors", "admin", "PUT", _FACTOR),
    ("factors", "admin", "DELETE", _FACTOR),
)
"""The feature, whom a route asks for first, method and path below the prefix."""


ISSUERS: Mapping[str, str] = {
    "apple": "https://appleid.apple.com",
    "azure": "https://login.microsoftonline.com/common/v2.0",
    "facebook": "https://www.facebook.com",
    "google": "https://accounts.google.com",
    "kakao": "https://kauth.kakao.com",
}
"""Whose tokens a project exchanges for sessions once it has enabled the provider.

Assumed: one of Apple or Azure is refused for the same reason, though GoTrue reads its issuer first.
"""


def switched_off_routes() -> list[tuple[str, str, Handler]]:
    """Return method, path and handler of every route whose feature is off."""
    return [
        (method, path, _refusing(feature, asks)) for feature, asks, method, path in SWITCHED_OFF
    ]


def _refusing(feature: Feature, asks: Asks) -> Handler:
    async def refuse(request: Request) -> Response:
        GUARDS[asks](request)
        raise REFUSALS[feature]()

    refuse.__doc__ = f"{PURPOSE}{REFUSALS[feature]().message}."
    return refuse
