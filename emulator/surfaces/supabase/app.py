"""Supabase Auth as one app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from emulator.surfaces.supabase import (
    admin,
    admin_links,
    disabled_features,
    not_implemented,
    one_time_codes,
    service,
    sessions,
)
from emulator.surfaces.supabase.errors import render
from emulator.surfaces.supabase.gateway import Gateway
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import install
from emulator.world.core.rate_limits import count_request

PREFIX = "/auth/v1"

Handler = Callable[[Request], Awaitable[Response]]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/signup", sessions.signup),
    ("POST", "/token", sessions.issue_token),
    ("GET", "/user", sessions.get_user),
    ("PUT", "/user", sessions.update_user),
    ("POST", "/logout", sessions.logout),
    ("POST", "/recover", one_time_codes.recover),
    ("POST", "/otp", one_time_codes.send_otp),
    ("POST", "/magiclink", one_time_codes.send_magic_link),
    ("POST", "/resend", one_time_codes.resend),
    ("POST", "/verify", one_time_codes.verify),
    ("GET", "/verify", one_time_codes.follow_link),
    ("GET", "/authorize", not_implemented.authorize),
    ("GET", "/settings", service.get_settings),
    ("GET", "/health", service.get_health),
    ("GET", "/.well-known/jwks.json", service.get_jwks),
    ("POST", "/invite", admin_links.invite),
    ("POST", "/admin/generate_link", admin_links.generate_link),
    ("GET", "/admin/users", admin.list_users),
    ("POST", "/admin/users", admin.create_user),
    ("GET", "/admin/users/{user_id}", admin.get_user),
    ("PUT", "/admin/users/{user_id}", admin.update_user),
    ("DELETE", "/admin/users/{user_id}", admin.delete_user),
)
"""Method, path below the prefix, handler."""

ABSENT = tuple(not_implemented.absent_routes(PREFIX))
"""The same of what answers 501."""

SWITCHED_OFF = tuple(disabled_features.switched_off_routes())
"""The same of what a new project has switched off."""

SLASHED = frozenset(
    f"{PREFIX}{path}"
    for path in (
        "/callback",
        "/signup",
        "/verify",
        "/reauthenticate",
        "/user",
        "/factors",
        "/factors/{factor_id}",
        "/sso",
        "/admin/audit",
        "/admin/users",
        "/admin/users/{user_id}",
        "/admin/users/{user_id}/factors",
        "/admin/users/{user_id}/factors/{factor_id}",
        "/admin/sso/providers",
        "/admin/sso/providers/{idp_id}",
    )
)
"""The paths that are served with a slash at their end too. Real: those that GoTrue's router mounts
with `Route` (supabase/auth, internal/api/api.go); chi then serves both."""


def build_supabase() -> FastAPI:
    """Return the ASGI app of Supabase Auth."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for method, path, handler in (*ROUTES, *ABSENT, *SWITCHED_OFF):
        endpoint = handler if method == "GET" else _counted(handler)
        slashed = [f"{path}/"] if PREFIX + path in SLASHED else []
        for spelled in (path, *slashed):
            app.router.routes.append(Route(PREFIX + spelled, endpoint, methods=[method]))
    install(app, render)
    app.add_middleware(Gateway)
    return app


def _counted(handler: Handler) -> Handler:
    """Return the handler behind the rate limit; a request counts even if it is refused then."""

    async def handle(request: Request) -> Response:
        context = context_of(request)
        world = context.world
        count_request(world, "request", "all", limit=world.auth.requests_per_minute)
        context.savepoint()
        return await handler(request)

    return handle
