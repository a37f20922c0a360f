"""The mailbox: every kind of mail, finding one, and waiting for the next."""

from __future__ import annotations

import json
import select
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID, invalid
from tests.support.gotrue import (
    A_CODE,
    ADAS,
    CONFIRMS,
    EPOCH,
    admin,
    advance,
    done,
    error,
    log_in,
    mails,
    project,
    query_of,
    refusal,
    signed_in,
    visitor,
)
from tests.support.messages import golden
from tests.support.server import Running

EMPTY: dict[str, Any] = {"items": [], "next_cursor": None}


def ask(emulator: Emulator, email: str, path: str = "recover") -> None:
    """Have a mail sent."""
    assert visitor(emulator).post(f"/auth/v1/{path}", json={"email": email}).status_code == 200


def sent(emulator: Emulator, kind: str) -> dict[str, Any]:
    """Have a mail of a kind sent and return the newest."""
    client = signed_in(emulator)
    dashboard = emulator.signed_in()
    said = {"email": "new@lab.test", "password": "new-password"}
    calls: dict[str, Callable[[], object]] = {
        "confirmation": lambda: client.post("/auth/v1/signup", json=said),
        "invitation": lambda: admin(emulator).post("/auth/v1/invite", json=said),
        "magic_link": lambda: ask(emulator, "ada@lab.test", "otp"),
        "reset": lambda: ask(emulator, "ada@lab.test"),
        "email_change": lambda: client.put("/auth/v1/user", json={"email": "new@lab.test"}),
        "export_ready": lambda: (
            dashboard.post("/api/cloud/me", json={"action": "export"}),
            advance(emulator, 60),
        ),
        "deletion_scheduled": lambda: dashboard.post("/api/cloud/me", json={"action": "delete"}),
    }
    calls[kind]()
    return mails(emulator)[0]


@pytest.mark.parametrize(
    ("kind", "to", "button"),
    [
        (
            "confirmation",
            "new@lab.test",
            "Confirm address",
        ),
        (
            "invitation",
            "new@lab.test",
            "Accept invitation",
        ),
        (
            "magic_link",
            "ada@lab.test",
            "Sign in",
        ),
        (
            "reset",
            "ada@lab.test",
            "Reset password",
        ),
        (
            "email_change",
            "new@lab.test",
            "Confirm change",
        ),
    ],
)
def test_a_mail_with_a_code_says_what_to_do(
    tmp_path: Path, kind: str, to: str, button: str
) -> None:
    emulator = project(tmp_path, CONFIRMS)
    mail = sent(emulator, kind)
    link, code = mail["link"], mail["code"]
    assert mail == {
        "id": A_UUID,
        "to": to,
        "kind": kind,
        "subject": golden("mail", kind, "subject"),
        "link": link,
        "code": A_CODE,
        "text": golden("mail", kind, "text", link=link, code=code),
        "html": mail["html"],
        "sent_at": EPOCH,
    }
    for part in (
        f"<title>{mail['subject']}</title>",
        f"<p>{mail['text'].splitlines()[0]}</p>",
        f'<a class="button" href="{link.replace("&", "&amp;")}">{button}</a>',
        f"<strong>{code}</strong>",
    ):
        assert part in mail["html"]


def test_a_mail_about_an_export_holds_its_link(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    mail = sent(emulator, "export_ready")
    assert mail == {
        "id": A_UUID,
        "to": "ada@lab.test",
        "kind": "export_ready",
        "subject": golden("mail", "export_ready", "subject"),
        "link": mail["link"],
        "code": None,
        "text": golden("mail", "export_ready", "text", link=mail["link"]),
        "html": mail["html"],
        "sent_at": "2026-01-01T00:01:00Z",
    }
    assert emulator.client().get(mail["link"]).json()["profile"]["id"] == ADAS["id"]


def test_a_mail_about_a_deletion_has_no_link(tmp_path: Path) -> None:
    mail = sent(project(tmp_path), "deletion_scheduled")
    assert mail == {
        "id": A_UUID,
        "to": "ada@lab.test",
        "kind": "deletion_scheduled",
        "subject": golden("mail", "deletion_scheduled", "subject"),
        "link": None,
        "code": None,
        "text": golden("mail", "deletion_scheduled", "text"),
        "html": mail["html"],
        "sent_at": EPOCH,
    }
    assert "<a " not in mail["html"]


def test_a_mail_is_shown_alone_and_as_a_page(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    ask(emulator, "ada@lab.test")
    [mail] = mails(emulator)
    client = emulator.client()
    alone = client.get(f"/_emulator/mail/{mail['id']}")
    assert (alone.status_code, alone.json()) == (200, mail)
    page = client.get(f"/_emulator/mail/{mail['id']}/html")
    assert (page.status_code, page.text) == (200, mail["html"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["", "/html"])
def test_a_mail_that_is_not_there_is_not_found(tmp_path: Path, path: str) -> None:
    answer = project(tmp_path).client().get(f"/_emulator/mail/nothing{path}")
    message = golden("all", "not_found", "no-mail-here")
    expected = {"error": {"code": "not_found", "message": message}}
    assert (answer.status_code, answer.json()) == (404, expected)


def test_an_address_in_a_mail_is_no_markup(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    said = {"email": "<b>{x}&@lab.test", "password": "new-password"}
    visitor(emulator).post("/auth/v1/signup", json=said)
    [mail] = mails(emulator)
    assert "<b>{x}&@lab.test" in mail["text"]
    assert "&lt;b&gt;{x}&amp;@lab.test" in mail["html"]


def test_the_newest_mail_comes_first_and_can_be_found(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    ask(emulator, "ada@lab.test")
    ask(emulator, "bo@lab.test")
    advance(emulator, 1)
    ask(emulator, "ada@lab.test", "otp")
    client = emulator.client()

    def found(query: str) -> list[tuple[str, str]]:
        items = client.get(f"/_emulator/mail{query}").json()["items"]
        return [(one["to"], one["kind"]) for one in items]

    ada, bo = "ada@lab.test", "bo@lab.test"
    assert found("") == [(ada, "magic_link"), (bo, "reset"), (ada, "reset")]
    assert found("?to=ADA@lab.test") == [(ada, "magic_link"), (ada, "reset")]
    assert found("?kind=reset") == [(bo, "reset"), (ada, "reset")]
    assert found("?to=ada@lab.test&kind=reset") == [(ada, "reset")]
    assert found("?to=nobody@lab.test") == []
    oldest = mails(emulator)[2]["id"]
    assert found(f"?after={oldest}") == [(ada, "magic_link"), (bo, "reset")]
    assert found(f"?after={mails(emulator)[0]['id']}") == []


def test_mails_are_listed_by_pages(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    for _ in range(3):
        ask(emulator, "ada@lab.test")
        ask(emulator, "bo@lab.test")
    client = emulator.client()
    query = "/_emulator/mail?to=ada@lab.test&kind=reset&limit=2"
    first = client.get(query).json()
    second = client.get(f"{query}&cursor={first['next_cursor']}").json()
    newest, middle, oldest = mails(emulator, "ada@lab.test")
    assert first == {"items": [newest, middle], "next_cursor": first["next_cursor"]}
    assert second == {"items": [oldest], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("limit=0", "limit", golden("all", "validation_error", "limit-too-small")),
        ("limit=x", "limit", golden("all", "validation_error", "not-a-whole-number")),
        ("limit=201", "limit", golden("all", "validation_error", "limit-too-large")),
        ("wait=61", "wait", golden("all", "validation_error", "wait-too-large")),
        ("wait=-1", "wait", golden("all", "validation_error", "not-a-whole-number")),
        (
            "kind=letter",
            "kind",
            golden("all", "validation_error", "unknown-kind-of-mail"),
        ),
    ],
)
def test_a_question_that_is_off_is_refused(
    tmp_path: Path, query: str, path: str, message: str
) -> None:
    answer = project(tmp_path).client().get(f"/_emulator/mail?{query}")
    assert (answer.status_code, answer.json()) == (422, {"error": invalid((path, message))})


def test_a_broken_cursor_is_refused(tmp_path: Path) -> None:
    answer = project(tmp_path).client().get("/_emulator/mail?cursor=x")
    message = golden("all", "validation_error", "broken-cursor")
    expected = {"error": invalid(("cursor", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_what_is_there_is_not_waited_for(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    ask(emulator, "ada@lab.test")
    answer = emulator.client().get("/_emulator/mail?wait=60")
    assert answer.json()["items"] == mails(emulator)


def test_a_mail_leads_to_the_same_account_on_both_faces(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = emulator.client().post("/api/auth/reset-password", json={"email": "ada@lab.test"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    said = {"type": "recovery", "email": "ada@lab.test", "token": mails(emulator)[0]["code"]}
    assert done(visitor(emulator).post("/auth/v1/verify", json=said))["user"]["id"] == ADAS["id"]
    assert log_in(emulator)["user"]["id"] == ADAS["id"]
    again = visitor(emulator).post("/auth/v1/verify", json=said)
    assert error(again) == refusal(403, "otp_expired", "Token has expired or is invalid")


# Waiting, with a real server; longer than a caller has patience, so that it must be woken

WAIT_SECONDS, PATIENCE_SECONDS = 60, 20


def recover(running: Running, email: str) -> None:
    """Have a reset mailed by a real server."""
    httpx2.post(f"{running.url}/auth/v1/recover", json={"email": email}).raise_for_status()


def waiting(running: Running, query: str) -> HTTPConnection:
    """Return a connection whose question for mail has been read and is not answered yet."""
    place = urlsplit(running.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", f"/_emulator/mail?{query}")
    # What came first is looked at first: an answer at once would lie there by now.
    for _ in range(3):
        httpx2.get(f"{running.url}/_emulator/health").raise_for_status()
    assert select.select([connection.sock], [], [], 0)[0] == []
    return connection


def answered(connection: HTTPConnection) -> list[dict[str, Any]]:
    """Return the mails of the answer, once it comes."""
    items: list[dict[str, Any]] = json.loads(connection.getresponse().read())["items"]
    connection.close()
    return items


def test_who_waits_gets_the_mail_as_soon_as_it_comes(launch: Callable[..., Running]) -> None:
    running = launch("--seed", "demo")
    email = running.ready["logins"][0]["email"]
    other = running.ready["logins"][1]["email"]
    connection = waiting(running, f"to={email}&kind=reset&wait={WAIT_SECONDS}")
    # Neither another's mail nor another change is what it waits for.
    recover(running, other)
    httpx2.post(f"{running.url}/_emulator/clock/advance", json={"seconds": 1}).raise_for_status()
    assert select.select([connection.sock], [], [], 0)[0] == []
    recover(running, email)
    assert [(one["to"], one["kind"]) for one in answered(connection)] == [(email, "reset")]


def test_who_waits_for_the_next_mail_does_not_get_the_last(launch: Callable[..., Running]) -> None:
    running = launch("--seed", "demo")
    email = running.ready["logins"][0]["email"]
    recover(running, email)
    [last] = httpx2.get(f"{running.url}/_emulator/mail").json()["items"]
    connection = waiting(running, f"after={last['id']}&wait={WAIT_SECONDS}")
    recover(running, email)
    [following] = answered(connection)
    assert query_of(following["link"])["token"] != query_of(last["link"])["token"]


def test_two_can_wait_at_once(launch: Callable[..., Running]) -> None:
    running = launch("--seed", "demo")
    emails = [login["email"] for login in running.ready["logins"][:2]]

    def wait_for(email: str) -> list[str]:
        query = {"to": email, "wait": str(WAIT_SECONDS)}
        answer = httpx2.get(f"{running.url}/_emulator/mail", params=query, timeout=PATIENCE_SECONDS)
        return [one["to"] for one in answer.json()["items"]]

    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(wait_for, email) for email in emails]
        for email in reversed(emails):
            recover(running, email)
        assert [wait.result() for wait in waits] == [[email] for email in emails]


def test_who_waits_in_vain_gets_nothing_when_the_time_is_up(
    launch: Callable[..., Running],
) -> None:
    running = launch("--seed", "demo")
    connection = waiting(running, "wait=1")
    assert json.loads(connection.getresponse().read()) == EMPTY
    connection.close()
