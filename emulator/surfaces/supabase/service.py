"""What clients may ask of the service itself: health, settings, keys."""

from __future__ import annotations

from fastapi import Request, Response

from emulator import __version__
from emulator.surfaces.supabase.request_body import reply
from emulator.wire.gotrue.signing_keys import ES256, public_jwk
from emulator.wire.http.context import context_of

PROVIDERS = (
    *("apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly"),
    *("github", "gitlab", "google", "kakao", "keycloak", "linkedin", "linkedin_oidc", "notion"),
    *("slack", "slack_oidc", "snapchat", "spotify", "twitch", "twitter", "workos", "x", "zoom"),
)
"""The providers that GoTrue knows, none of them enabled."""

_OFF = ("anonymous_users", *(one for one in PROVIDERS if one != "x"), "phone")
"""Real: X is a provider that the settings do not list (supabase/auth internal/api/settings.go)."""


async def get_health(_: Request) -> Response:
    """`GET /health`: who answers."""
    return reply(
        {
            "version": f"worldflux-emulator {__version__}",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        }
    )


async def get_settings(request: Request) -> Response:
    """`GET /settings`: what is switched on; only e-mail and password are."""
    auth = context_of(request).world.auth
    return reply(
        {
            "external": {**dict.fromkeys(_OFF, False), "email": True},
            "disable_signup": not auth.allows_signups,
            "mailer_autoconfirm": not auth.confirms_email,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
            "saml_private_key_next_configured": False,
            "passkeys_enabled": False,
        }
    )


async def get_jwks(request: Request) -> Response:
    """`GET /.well-known/jwks.json`: the public keys; an HS256 secret is never listed."""
    is_asymmetric = context_of(request).world.auth.signing == ES256
    keys = [public_jwk()] if is_asymmetric else []
    return reply({"keys": keys}, headers={"Cache-Control": "public, max-age=600"})
