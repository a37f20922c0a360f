"""Credentials of a request, as it carries them: nothing is checked against a world."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from emulator.settings import Settings
from emulator.wire.gotrue.session_cookie import read_cookies, read_session
from emulator.wire.gotrue.tokens import Claims, read_token

_JWT_DOTS = 2


def is_jwt(credential: str) -> bool:
    """Return whether a credential has the parts of a JSON web token."""
    return credential.count(".") == _JWT_DOTS


class Credentials:
    """The bearer token, the API key of Supabase and the session cookie.

    All but the bearer are parsed on first use, as most requests need few of them; hence no slots,
    which would rule cached properties out.
    """

    def __init__(self, headers: Mapping[str, str], settings: Settings) -> None:
        self.headers = headers
        self.settings = settings
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        self.bearer = credential.strip() if scheme.lower() == "bearer" else ""
        """The credential of an Authorization header of the scheme Bearer, or nothing."""

    @property
    def apikey(self) -> str:
        """The header `apikey`, in which Supabase's clients send the key of their project."""
        return self.headers.get("apikey", "").strip()

    @cached_property
    def claims(self) -> Claims | None:
        """The claims of the bearer, if it is a token that we signed."""
        return read_token(self.bearer, self.settings) if is_jwt(self.bearer) else None

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name."""
        return read_cookies(self.headers.get("cookie", ""))

    @cached_property
    def session(self) -> Mapping[str, Any]:
        """The session of the session cookie, or nothing."""
        return read_session(self.headers.get("cookie"), self.settings.session_cookie) or {}

    @cached_property
    def session_token(self) -> str | None:
        """The access token of the session cookie."""
        token = self.session.get("access_token")
        return token if isinstance(token, str) else None

    @cached_property
    def session_claims(self) -> Claims | None:
        """The claims of the session cookie's access token, if we signed it."""
        token = self.session_token
        return None if token is None else read_token(token, self.settings)
