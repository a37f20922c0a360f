"""A project of Supabase Auth with two accounts, and what GoTrue is expected to say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import jwt

from emulator.wire.gotrue.tokens import anon_key, service_key
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import A_UUID, Matching

ADA = "a0000000-0000-4000-8000-000000000001"
BO = "a0000000-0000-4000-8000-000000000002"
EPOCH = "2026-01-01T00:00:00Z"
EPOCH_SECONDS = 1_767_225_600
FOREVER_SECONDS = 2_300_000_000
SITE = "http://localhost:3000"
VERSION = {"X-Supabase-Api-Version": "2024-01-01"}
NOBODY = "00000000-0000-4000-8000-000000000000"

VERIFIER = "v" * 50
CHALLENGE = "CrlVwe1WSHWuTQYh3iczmx3aS-faRx6C92k9_hNxl4A"
"""The SHA-256 of the verifier in base64url; `test_pkce` computes it anew."""


A_JWT = Matching(r"[\w-]+\.[\w-]+\.[\w-]+")
A_REFRESH_TOKEN = Matching(r"[a-z0-9]{12}")
A_CODE = Matching(r"[0-9]{6}")
A_HASH = Matching(r"[0-9a-f]{56}")


def project(folder: Path, auth: str = "", users: str = "", **settings: Any) -> Emulator:
    """Return an emulator with Ada and Bo, both of one workspace, and more users if said; `auth` is
    what the seed says of Supabase Auth.
    """
    seed = f"""
entropy: gotrue
auth: {{{auth}}}
users:
  - {{id: {ADA}, email: ada@lab.test, name: Ada, password: ada-password}}
  - {{id: {BO}, email: bo@lab.test, name: Bo, password: bo-password}}
{users}
workspaces:
  - slug: lab
    name: The Lab
    members: [{{user: ada@lab.test, role: owner}}, {{user: bo@lab.test, role: admin}}]
"""
    return Emulator.of(seed, folder, **settings)


CONFIRMS = "confirm_email: true"


def visitor(emulator: Emulator) -> LawfulClient:
    """Return a client as supabase-js is before anyone signed in: with the anon key, knowing the
    version of the errors, and staying where it is when it is redirected.
    """
    client = emulator.client()
    key = anon_key(emulator.world, emulator.settings)
    client.headers.update({"apikey": key, "Authorization": f"Bearer {key}", **VERSION})
    client.follow_redirects = False
    return client


def bearing(emulator: Emulator, token: str) -> LawfulClient:
    """Return a client that sends an access token."""
    client = visitor(emulator)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def admin(emulator: Emulator) -> LawfulClient:
    """Return a client that sends the service key."""
    return bearing(emulator, service_key(emulator.world, emulator.settings))


def log_in(emulator: Emulator, name: str = "ada") -> dict[str, Any]:
    """Return the session of a sign-in by password."""
    said = {"email": f"{name}@lab.test", "password": f"{name}-password"}
    answer = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert answer.status_code == 200, answer.text
    return done(answer)


def signed_in(emulator: Emulator, name: str = "ada") -> LawfulClient:
    """Return a client with the access token of a new session."""
    return bearing(emulator, log_in(emulator, name)["access_token"])


def done(answer: httpx2.Response) -> dict[str, Any]:
    """Return the body of an answer that is JSON."""
    body: dict[str, Any] = answer.json()
    return body


def error(answer: httpx2.Response) -> tuple[int, str, dict[str, Any]]:
    """Return the status, the header and the body of a refusal."""
    return answer.status_code, answer.headers["x-sb-error-code"], answer.json()


def refusal(status: int, code: str, message: str, **more: Any) -> tuple[int, str, dict[str, Any]]:
    """Return a refusal as a client sees it that knows the version."""
    return status, code, {"code": code, "message": message, **more}


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token, whoever signed it."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def own_metadata(user_id: object, email: str, *, is_verified: bool = True) -> dict[str, Any]:
    """Return what GoTrue writes into the metadata of whoever signs up."""
    return {"email": email, "email_verified": is_verified, "phone_verified": False, "sub": user_id}


def user(
    user_id: object, email: str, *, identity_data: dict[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    """Return a user as GoTrue shows it, unconfirmed and never seen, with other members; the
    identity says no more than the address, which no mail has verified, unless told otherwise.
    """
    is_verified = "email_confirmed_at" in members
    own = own_metadata(user_id, email, is_verified=False)
    identity = {
        "identity_id": A_UUID,
        "id": user_id,
        "user_id": user_id,
        "identity_data": own if identity_data is None else identity_data,
        "provider": "email",
        "last_sign_in_at": EPOCH,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "email": email,
    }
    return {
        "id": user_id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": own_metadata(user_id, email, is_verified=is_verified),
        "identities": [identity],
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "is_anonymous": False,
        **members,
    }


def confirmed(user_id: object, email: str, **members: Any) -> dict[str, Any]:
    """Return a user whose address is confirmed and who has signed in, all at the epoch."""
    moments = {
        "email_confirmed_at": EPOCH,
        "confirmed_at": EPOCH,
        "last_sign_in_at": EPOCH,
    }
    return user(user_id, email, **{**moments, **members})


def named(name: str, email: str, user_id: str) -> dict[str, Any]:
    """Return Ada or Bo as GoTrue shows them after a sign-in."""
    metadata = {"name": name, **own_metadata(user_id, email)}
    return confirmed(user_id, email, user_metadata=metadata, identity_data=metadata)


ADAS = named("Ada", "ada@lab.test", ADA)
BOS = named("Bo", "bo@lab.test", BO)


def session(whose: dict[str, Any]) -> dict[str, Any]:
    """Return a session of a user as GoTrue shows it, opened at the epoch of the virtual clock."""
    return {
        "access_token": A_JWT,
        "token_type": "bearer",
        "expires_in": FOREVER_SECONDS,
        "expires_at": EPOCH_SECONDS + FOREVER_SECONDS,
        "refresh_token": A_REFRESH_TOKEN,
        "user": whose,
    }


def mails(emulator: Emulator, to: str | None = None) -> list[dict[str, Any]]:
    """Return what lies in the mailbox, newest first."""
    query = {} if to is None else {"to": to}
    items: list[dict[str, Any]] = (
        emulator.client().get("/_emulator/mail", params=query).json()["items"]
    )
    return items


def newest_mail(emulator: Emulator, to: str) -> dict[str, Any]:
    """Return the mail that was sent to an address last."""
    return mails(emulator, to)[0]


def advance(emulator: Emulator, seconds: float) -> list[dict[str, Any]]:
    """Move the clock and return what happened."""
    answer = emulator.client().post("/_emulator/clock/advance", json={"seconds": seconds})
    assert answer.status_code == 200, answer.text
    happened: list[dict[str, Any]] = answer.json()["happened"]
    return happened


def follow(emulator: Emulator, link: str) -> str:
    """Return where a link leads."""
    answer = visitor(emulator).get(link)
    assert (answer.status_code, answer.content) == (303, b"")
    return answer.headers["location"]


def fragment_of(url: str) -> dict[str, str]:
    """Return the members of a URL's fragment."""
    return dict(parse_qsl(urlsplit(url).fragment, keep_blank_values=True, strict_parsing=True))


def query_of(url: str) -> dict[str, str]:
    """Return the members of a URL's query."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def is_live(emulator: Emulator, token: str) -> bool:
    """Tell whether an access token is still good for its user."""
    return bearing(emulator, token).get("/auth/v1/user").status_code == 200
