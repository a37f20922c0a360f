"""Session flow of the dashboard, `/api/auth/*`, over the same accounts as Supabase Auth.

Assumed: only the routes and their purpose are documented, so the members of the responses are ours:
what a page needs to greet a user and to know when to sign in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.bff.sessions import require_session
from emulator.wire.fields import Email, Strict
from emulator.wire.gotrue.session_cookie import NO_STORE, cleared_cookies, session_cookies
from emulator.wire.gotrue.views import obfuscated_id, session_view
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import LoginRequired
from emulator.world.identity import one_time_codes, sessions, signups
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import User

routes = Routes("bff", prefix="/api/auth", tag="auth")

Secret = Annotated[str, Field(min_length=1, max_length=72)]
"""A password. Real: GoTrue takes up to 72 bytes (supabase/auth, internal/api/password.go)."""


class Login(Strict):
    """Email address and password of an account."""

    email: Email
    password: Secret


class SignUp(Strict):
    """A new account."""

    email: Email
    password: Secret
    name: Annotated[str | None, Field(max_length=200)] = None


class ResetPassword(Strict):
    """The address of the account whose password to reset."""

    email: Email


class AccountView(BaseModel):
    """A user of the dashboard."""

    id: str
    email: str
    name: str
    email_verified: bool


class SessionAnswer(BaseModel):
    """The signed-in user and when the session expires."""

    user: AccountView
    expires_at: Annotated[
        int | None,
        Field(
            json_schema_extra={"format": "int64"},
            description="Unix seconds; null while the address is to be confirmed.",
        ),
    ]


class Done(BaseModel):
    """The request was carried out."""

    ok: bool


@routes.add(
    "POST",
    "/login",
    summary="Supabase email/password sign-in",
    provenance="base contract",
    body=Login,
    answers={200: SessionAnswer},
    refuses={Code.VALIDATION_ERROR, Code.INVALID_CREDENTIALS, Code.FORBIDDEN},
)
async def login(request: Request, *, body: Login) -> Response:
    """Sign in and set the session cookie."""
    context = context_of(request)
    signed_in = sessions.sign_in(
        context.world, email=body.email, password=body.password, source=context.source
    )
    return _signed_in(request, signed_in, status=200)


@routes.add(
    "POST",
    "/signup",
    summary="Supabase email/password sign-up",
    provenance="base contract",
    body=SignUp,
    answers={201: SessionAnswer},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT, Code.FORBIDDEN, Code.RATE_LIMITED},
)
async def signup(request: Request, *, body: SignUp) -> Response:
    """Create an account with a workspace of its own, sign it in and set the session cookie.

    Where addresses must be confirmed there is no session yet: `expires_at` is null, and the
    response for a taken address is the same.
    """
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
    view = AccountView(
        id=user.id if user is not None else obfuscated_id(context.world, body.email),
        email=body.email,
        name=name,
        email_verified=False,
    )
    return _reply(SessionAnswer(user=view, expires_at=None), status=201)


@routes.add(
    "POST",
    "/logout",
    summary="Supabase sign-out",
    provenance="base contract",
    answers={200: Done},
)
async def logout(request: Request) -> Response:
    """Sign out everywhere and clear every session cookie; without a session, only the latter.

    Real: `signOut` of supabase-js has the scope `global` by default (@supabase/auth-js,
    GoTrueClient.ts).
    """
    try:
        session = require_session(request)
    except LoginRequired:
        pass
    else:
        sessions.sign_out(context_of(request).world, session.actor, scope="global")
    return _reply(Done(ok=True), cookies=cleared_cookies(request.headers.get("cookie")))


@routes.add(
    "POST",
    "/reset-password",
    summary="Supabase reset email request",
    provenance="base contract",
    body=ResetPassword,
    answers={200: Done},
    refuses={Code.VALIDATION_ERROR, Code.RATE_LIMITED},
)
async def reset_password(request: Request, *, body: ResetPassword) -> Response:
    """Mail a reset link; the response is the same whether or not the account exists."""
    world = context_of(request).world
    user = world.find(User, "email", body.email)
    if user is not None:
        one_time_codes.mail_code(world, user, "recovery")
    return _reply(Done(ok=True))


@routes.add(
    "GET",
    "/session",
    summary="Current session check",
    provenance="base contract",
    caller="session",
    answers={200: SessionAnswer},
    refuses={Code.LOGIN_REQUIRED},
    reads_headers=("cookie",),
)
async def get_session(request: Request) -> Response:
    """Return the signed-in user and when the session expires."""
    session = require_session(request)
    user = context_of(request).world.expect(User, session.actor.user_id)
    view = SessionAnswer(user=_account_view(user), expires_at=session.expires_at)
    return session.set_cookies(request, _reply(view))


def _account_view(user: User) -> AccountView:
    return AccountView(
        id=user.id,
        email=user.email,
        name=user.name,
        email_verified=user.email_confirmed_at is not None,
    )


def _signed_in(request: Request, signed_in: SignedIn, *, status: int) -> Response:
    context = context_of(request)
    session = session_view(context.world, context.settings, signed_in)
    cookies = session_cookies(
        context.settings.session_cookie, session, request.headers.get("cookie")
    )
    view = SessionAnswer(user=_account_view(signed_in.user), expires_at=session["expires_at"])
    return _reply(view, status=status, cookies=cookies)


def _reply(view: BaseModel, *, status: int = 200, cookies: Sequence[str] = ()) -> Response:
    response = Response(
        view.model_dump_json(), status_code=status, media_type="application/json", headers=NO_STORE
    )
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response
