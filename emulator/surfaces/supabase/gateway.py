"""Supabase's API gateway, which stands in front of GoTrue and checks the `apikey`.

GoTrue itself never looks at the key, so a project that leaves `require_api_key` off behaves as
GoTrue does on its own.

Real: 401 with these bodies, which have a hint and no code (supabase/supabase#7730,
nuxt-modules/supabase#195). The key comes in the header, else in the query, and an empty one counts
as missing, as Kong's key-auth plugin has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.wire.gotrue.tokens import ANON, SERVICE, read_token
from emulator.wire.http.context import context_of
from emulator.world.core.world import DEFAULT

OPEN = (
    "/auth/v1/verify",
    "/auth/v1/callback",
    "/auth/v1/authorize",
    "/auth/v1/.well-known/",
    "/auth/v1/sso/saml/",
)
"""The beginnings of the paths that need no key, because browsers and other servers follow them.

Real: the `auth-v1-open` services of supabase/supabase docker/volumes/api/kong.yml. Assumed: every
document under `.well-known` is open, and SAML's paths are open under `/auth/v1` too.
"""

MISSING = {
    "message": "No API key found in request",
    "hint": "No `apikey` request header or url param was found.",
}
UNKNOWN = {
    "message": "Invalid API key",
    "hint": "Double check your Supabase `anon` or `service_role` API key.",
}


class Gateway:
    """ASGI middleware that refuses requests without a key of the project, if its seed says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refusal = _refusal(Request(scope)) if scope["type"] == "http" else None
        await (self._app if refusal is None else refusal)(scope, receive, send)


def _refusal(request: Request) -> Response | None:
    """Return the answer to a request that the gateway stops, or None."""
    needs_key = context_of(request).world.auth.requires_api_key
    if not needs_key or request.url.path.startswith(OPEN):
        return None
    key = request.headers.get("apikey") or request.query_params.get("apikey")
    if not key:
        return _unauthorized(MISSING)
    return None if _is_known(request, key) else _unauthorized(UNKNOWN)


def _is_known(request: Request, key: str) -> bool:
    """Tell whether a key is the anon or the service key of this world or of the default world.

    Assumed: so is any other token of these roles that the project's secret has signed.
    """
    context = context_of(request)
    claims = read_token(key, context.settings)
    if claims is None:
        return False
    return claims.role in (ANON, SERVICE) and claims.world in (DEFAULT, context.world.name)


def _unauthorized(body: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(body), status_code=401, media_type="application/json")
