"""Supabase Auth as one app."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Route

from emulator.surfaces.supabase import sessions
from emulator.surfaces.supabase.errors import render
from emulator.wire.errors import install

PREFIX = "/auth/v1"

ROUTES = (
    ("POST", "/token", sessions.issue_token),
    ("GET", "/user", sessions.get_user),
    ("POST", "/logout", sessions.logout),
    ("GET", "/health", sessions.get_health),
)
"""Method, path below the prefix, handler."""


def build_supabase() -> FastAPI:
    """Return the ASGI app of Supabase Auth."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for method, path, handler in ROUTES:
        app.router.routes.append(Route(PREFIX + path, handler, methods=[method]))
    install(app, render)
    return app
