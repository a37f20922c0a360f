"""`GET /verify`: the link of a mail, where it leads, and where it may not lead."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.checked_client import Emulator
from tests.support.gotrue import (
    ADA,
    ADAS,
    CONFIRMS,
    EPOCH,
    EPOCH_SECONDS,
    FOREVER_SECONDS,
    SITE,
    admin,
    advance,
    bearing,
    claims_of,
    done,
    error,
    follow,
    fragment_of,
    mails,
    newest_mail,
    project,
    query_of,
    refusal,
    visitor,
)

GONE = (
    "#error=access_denied&error_code=otp_expired"
    "&error_description=Email+link+is+invalid+or+has+expired&sb="
)


def ask(emulator: Emulator, *, query: str = "", path: str = "recover", **headers: str) -> str:
    """Return the link that Ada was mailed."""
    answer = visitor(emulator).post(
        f"/auth/v1/{path}{query}", json={"email": "ada@lab.test"}, headers=headers
    )
    assert answer.status_code == 200
    link: str = newest_mail(emulator, "ada@lab.test")["link"]
    return link


def test_a_link_leads_on_with_a_session_in_the_fragment(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    landed = follow(emulator, ask(emulator, query="?redirect_to=http://localhost:3000/reset"))
    said = fragment_of(landed)
    token, refresh_token = said["access_token"], said["refresh_token"]
    assert landed == (
        f"http://localhost:3000/reset#access_token={token}"
        f"&expires_at={EPOCH_SECONDS + FOREVER_SECONDS}&expires_in={FOREVER_SECONDS}"
        f"&refresh_token={refresh_token}&sb=&token_type=bearer&type=recovery"
    )
    asked = {**ADAS, "recovery_sent_at": EPOCH}
    assert done(bearing(emulator, token).get("/auth/v1/user")) == asked
    assert claims_of(token)["amr"] == [{"method": "otp", "timestamp": EPOCH_SECONDS}]
    renewed = visitor(emulator).post(
        "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": refresh_token}
    )
    assert renewed.status_code == 200


def test_a_link_is_good_once(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    assert follow(emulator, link).startswith(f"{SITE}#access_token=")
    digest = emulator.world.state.digest
    assert follow(emulator, link) == SITE + GONE
    assert emulator.world.state.digest == digest


def test_a_link_is_good_for_an_hour(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    advance(emulator, 3600)
    assert follow(emulator, link) == SITE + GONE


def test_a_look_at_a_link_does_not_use_it_up(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    looked = visitor(emulator).head(link)
    assert (looked.status_code, looked.content) == (303, b"")
    assert follow(emulator, link).startswith(f"{SITE}#access_token=")


def test_the_confirmation_of_a_sign_up_signs_in(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "new@lab.test", "password": "new-password"}
    visitor(emulator).post("/auth/v1/signup?redirect_to=http://localhost:3000/in", json=said)
    advance(emulator, 5)
    landed = fragment_of(follow(emulator, newest_mail(emulator, "new@lab.test")["link"]))
    assert landed["type"] == "signup"
    account = done(bearing(emulator, landed["access_token"]).get("/auth/v1/user"))
    assert account["confirmed_at"] == "2026-01-01T00:00:05Z"
    assert account["user_metadata"]["email_verified"] is True


@pytest.mark.parametrize(
    ("mailed", "said", "landed"),
    [("recover", "email", "magiclink"), ("otp", "recovery", "recovery")],
)
def test_the_type_of_a_link_is_what_it_leads_on_with(
    tmp_path: Path, mailed: str, said: str, landed: str
) -> None:
    emulator = project(tmp_path)
    token = query_of(ask(emulator, path=mailed))["token"]
    url = follow(emulator, f"/auth/v1/verify?token={token}&type={said}")
    assert fragment_of(url)["type"] == landed


@pytest.mark.parametrize(
    ("query", "fragment"),
    [
        (
            "token=x&type=other",
            "#error=invalid_request&error_code=validation_failed"
            "&error_description=Invalid+email+verification+type&sb=",
        ),
        (
            "token=x&type=sms",
            "#error=invalid_request&error_code=validation_failed"
            "&error_description=Invalid+email+verification+type&sb=",
        ),
        ("token=x&type=signup", GONE),
    ],
)
def test_a_link_that_is_off_leads_on_with_why(tmp_path: Path, query: str, fragment: str) -> None:
    emulator = project(tmp_path)
    digest = emulator.world.state.digest
    url = f"/auth/v1/verify?{query}&redirect_to=http://localhost:3000/in%23there"
    assert follow(emulator, url) == f"{SITE}/in{fragment}"
    assert emulator.world.state.digest == digest


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("type=signup", "Verify requires a token or a token hash"),
        ("token=x", "Verify requires a verification type"),
        ("", "Verify requires a verification type"),
    ],
)
def test_a_link_without_its_members_leads_nowhere(tmp_path: Path, query: str, message: str) -> None:
    answer = visitor(project(tmp_path)).get(f"/auth/v1/verify?{query}")
    assert error(answer) == refusal(400, "validation_failed", message)


def test_a_banned_user_is_led_on_without_a_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator)
    admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "1m"})
    assert follow(emulator, link) == (
        f"{SITE}#error=access_denied&error_code=user_banned&error_description=User+is+banned&sb="
    )
    advance(emulator, 60)
    assert fragment_of(follow(emulator, link))["type"] == "recovery"


ALLOWED = [
    "http://localhost:3000/in?next=%2Fa#b",
    "http://localhost:5173/",
    "http://127.0.0.1:4000/x",
    "https://app.localhost/x",
    "http://[::1]:3000/",
    "https://app.example.com/in?sb_flow_id=1",
    "https://preview.example.com",
]
DENIED = [
    "https://evil.example.com/",
    "https://app.example.com.evil.com/",
    "http://app.example.com/",
    "https://app.example.com:444/",
    "http://localhost:3000@evil.com/",
    "http://localhost.evil.com/",
    "http://[bad",
    "//evil.com/",
    "/in",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://localhost:3000/ x",
    "http://localhost:3000/\r\nSet-Cookie: a=b",
    "\thttps://evil.com/",
    "",
]
SITED = "site_url: 'https://app.example.com/home'"


def sited(tmp_path: Path) -> Emulator:
    """Return a project whose site is not on this machine, with one more origin allowed."""
    return project(tmp_path, SITED, allowed_origins=("https://preview.example.com",))


@pytest.mark.parametrize("target", ALLOWED)
def test_a_link_leads_verbatim_to_where_it_may(tmp_path: Path, target: str) -> None:
    emulator = sited(tmp_path)
    link = ask(emulator, query=f"?redirect_to={quote(target, safe='')}")
    assert query_of(link)["redirect_to"] == target
    assert follow(emulator, link).startswith(f"{target}#access_token=")


@pytest.mark.parametrize("target", DENIED)
def test_a_link_leads_home_instead_of_where_it_may_not(tmp_path: Path, target: str) -> None:
    emulator = sited(tmp_path)
    link = ask(emulator, query=f"?redirect_to={quote(target, safe='')}")
    assert query_of(link)["redirect_to"] == "https://app.example.com/home"
    token = query_of(link)["token"]
    forged = f"/auth/v1/verify?token={token}&type=recovery&redirect_to={quote(target, safe='')}"
    assert follow(emulator, forged).startswith("https://app.example.com/home#access_token=")


def test_without_a_redirect_a_link_leads_to_the_page_that_asked(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    asked = ask(emulator, Referer="http://localhost:5173/")
    assert query_of(asked)["redirect_to"] == "http://localhost:5173/"
    elsewhere = ask(emulator, Referer="https://evil.example.com/")
    assert query_of(elsewhere)["redirect_to"] == SITE


def test_a_link_does_not_lead_back_to_the_mailbox(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    token = query_of(ask(emulator))["token"]
    answer = visitor(emulator).get(
        f"/auth/v1/verify?token={token}&type=recovery",
        headers={"Referer": "http://localhost:8787/_emulator/mail/x/html"},
    )
    assert answer.headers["location"].startswith(f"{SITE}#access_token=")


def test_a_target_beyond_latin_letters_is_encoded(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator, query="?redirect_to=" + quote("http://localhost:3000/é→?q=%20", safe=""))
    landed = follow(emulator, link)
    assert landed.startswith("http://localhost:3000/%C3%A9%E2%86%92?q=%20#access_token=")


def test_the_page_of_a_mail_holds_its_link(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    link = ask(emulator, query="?redirect_to=http://localhost:3000/a%3Fb=1%26c=2")
    [mail] = mails(emulator)
    page = emulator.client().get(f"/_emulator/mail/{mail['id']}/html").text
    assert f'href="{link.replace("&", "&amp;")}"' in page
