"""Service endpoints: health, settings, public keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from emulator import __version__
from emulator.surfaces.supabase.responses import reply
from emulator.wire.gotrue.signing_keys import ES256, public_jwk
from emulator.wire.gotrue.urls import PREFIX
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes

PROVIDERS = (
    *("apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly"),
    *("github", "gitlab", "google", "kakao", "keycloak", "linkedin", "linkedin_oidc", "notion"),
    *("slack", "slack_oidc", "snapchat", "spotify", "twitch", "twitter", "workos", "x", "zoom"),
)
"""The identity providers that GoTrue knows, none of them enabled."""

_DISABLED = ("anonymous_users", *(name for name in PROVIDERS if name != "x"), "phone")
"""Real: the settings do not list the provider X (supabase/auth internal/api/settings.go)."""

routes = Routes("supabase", prefix=PREFIX, provenance="GoTrue", reads_headers=("apikey",))


@routes.add(
    "GET", "/settings", summary="Get the project's settings; only e-mail and password are enabled."
)
async def get_settings(request: Request) -> Response:
    auth = context_of(request).world.auth
    return reply(
        {
            "external": {**dict.fromkeys(_DISABLED, False), "email": True},
            "disable_signup": not auth.allows_signups,
            "mailer_autoconfirm": not auth.confirms_email,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
            "saml_private_key_next_configured": False,
            "passkeys_enabled": False,
        }
    )


@routes.add("GET", "/health", summary="Get the name and version of the service.")
async def get_health(_: Request) -> Response:
    return reply(
        {
            "version": f"worldflux-emulator {__version__}",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        }
    )


@routes.add(
    "GET",
    "/.well-known/jwks.json",
    summary="Get the public signing keys; an HS256 secret is never listed.",
)
async def get_jwks(request: Request) -> Response:
    is_asymmetric = context_of(request).world.auth.signing == ES256
    keys = [public_jwk()] if is_asymmetric else []
    return reply({"keys": keys}, headers={"Cache-Control": "public, max-age=600"})
