"""API gateway of Supabase, which stands in front of GoTrue and checks the `apikey`.

GoTrue itself ignores the key, so a project that leaves `require_api_key` off behaves as GoTrue does
on its own.

Real: 401 with these bodies, which have a hint and no code (supabase/supabase#7730,
nuxt-modules/supabase#195). The key comes in the header, else in the query, and an empty one counts
as missing, as Kong's key-auth plugin has it.
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request

from emulator.surfaces.supabase.errors import GatewayRefusal
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

NO_KEY = partial(
    GatewayRefusal,
    "No API key found in request",
    "No `apikey` request header or url param was found.",
)
BAD_KEY = partial(
    GatewayRefusal,
    "Invalid API key",
    "Double check your Supabase `anon` or `service_role` API key.",
)


def require_api_key(request: Request) -> None:
    """Raise GatewayRefusal where the seed requires a key of the project and there is none."""
    needs_key = context_of(request).world.auth.requires_api_key
    if not needs_key or request.url.path.startswith(OPEN):
        return
    key = request.headers.get("apikey") or request.query_params.get("apikey")
    if not key:
        raise NO_KEY()
    if not _is_of_project(request, key):
        raise BAD_KEY()


def _is_of_project(request: Request, key: str) -> bool:
    """Return whether a key is the anon or the service key of this world or of the default world.

    Assumed: any other token with one of these roles that the project's secret has signed is also a
    key.
    """
    context = context_of(request)
    claims = read_token(key, context.settings)
    if claims is None:
        return False
    return claims.role in (ANON, SERVICE) and claims.world in (DEFAULT, context.world.name)
