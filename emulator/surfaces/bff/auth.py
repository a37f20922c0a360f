"""`/api/auth/*`: the dashboard's session flow over the same accounts as Supabase Auth.

Assumed: the members of the auth answers; only the routes and their purpose are documented.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Request, Response
from pydantic import Field

from emulator.surfaces.bff.sessions import require_session
from emulator.wire.fields import Email, Strict
from emulator.wire.gotrue.session_cookie import NO_STORE, cleared_cookies, session_cookies
from emulator.wire.gotrue.views import obfuscated_id, session_view
from emulator.wire.http.bodies import read_model
from emulator.wire.http.context import context_of
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import LoginRequired
from emulator.world.identity import one_time_codes, sessions, signups
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import User

Secret = Annotated[str, Field(min_length=1, max_length=72)]
"""Real: GoTrue takes passwords of up to 72 bytes."""


class Login(Strict):
    """E-mail and password."""

    email: Email
    password: Secret


class SignUp(Strict):
    """A new account."""

    email: Email
    password: Secret
    name: Annotated[str | None, Field(max_length=200)] = None


class ResetPassword(Strict):
    """Whose password is to be reset."""

    email: Email


async def login(request: Request) -> Response:
    """Sign in and set the session cookie."""
    body = await read_model(request, Login)
    context = context_of(request)
    signed_in = sessions.sign_in(
        context.world, email=body.email, password=body.password, source=context.source
    )
    return _signed_in(request, signed_in, status=200)


async def signup(request: Request) -> Response:
    """Create an account with a workspace of its own, sign it in and set the session cookie.

    Where addresses must be confirmed there is no session yet: `expires_at` is null, and the answer
    for a taken address is the same.
    """
    body = await read_model(request, SignUp)
    name = body.name or ""
    context = context_of(request)
    signed_up = signups.sign_up(
        context.world,
        email=body.email,
        password=body.password,
        name=name,
        metadata=json_text({"name": name} if name else {}),
        source=context.source,
    )
    if signed_up.signed_in is not None:
        return _signed_in(request, signed_up.signed_in, status=201)
    user = signed_up.user
    view = {
        "user": {
            "id": user.id if user is not None else obfuscated_id(context.world, body.email),
            "email": body.email,
            "name": name,
            "email_verified": False,
        },
        "expires_at": None,
    }
    return _answer(view, status=201, cookies=[])


async def logout(request: Request) -> Response:
    """Sign out everywhere and clear every session cookie; without a session it is done already.

    Real: supabase-js signs out with the scope `global` unless told otherwise.
    """
    try:
        session = require_session(request)
    except LoginRequired:
        pass
    else:
        sessions.sign_out(context_of(request).world, session.actor, scope="global")
    return _answer({"ok": True}, status=200, cookies=cleared_cookies(request.headers.get("cookie")))


async def reset_password(request: Request) -> Response:
    """Mail a reset link; the answer is the same whether or not the account exists."""
    body = await read_model(request, ResetPassword)
    world = context_of(request).world
    user = world.find(User, "email", body.email)
    if user is not None:
        one_time_codes.mail_code(world, user, "recovery")
    return _answer({"ok": True}, status=200, cookies=[])


async def get_session(request: Request) -> Response:
    """Show whose session this is and when it expires, in Unix seconds."""
    session = require_session(request)
    world = context_of(request).world
    user = world.expect(User, session.actor.user_id)
    view = {"user": _user_view(user), "expires_at": session.expires_at}
    return session.keep(request, _answer(view, status=200, cookies=[]))


HANDLERS = {
    "/api/auth/login": login,
    "/api/auth/signup": signup,
    "/api/auth/logout": logout,
    "/api/auth/reset-password": reset_password,
    "/api/auth/session": get_session,
}
"""Path → handler of the rows of the auth table."""


def _user_view(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "email_verified": user.email_confirmed_at is not None,
    }


def _signed_in(request: Request, signed_in: SignedIn, *, status: int) -> Response:
    context = context_of(request)
    session = session_view(context.world, context.settings, signed_in)
    cookies = session_cookies(
        context.settings.session_cookie, session, request.headers.get("cookie")
    )
    view = {"user": _user_view(signed_in.user), "expires_at": session["expires_at"]}
    return _answer(view, status=status, cookies=cookies)


def _answer(view: dict[str, Any], *, status: int, cookies: list[str]) -> Response:
    response = Response(
        orjson.dumps(view), status_code=status, media_type="application/json", headers=NO_STORE
    )
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response
