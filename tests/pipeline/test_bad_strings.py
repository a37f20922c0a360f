"""Strings and figures that are read by hand: each is judged, and none is a 500."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from emulator.cli import cli
from emulator.persistence.capsule import read_capsule
from emulator.seeding.files import SeedError, find, parse
from emulator.wire.http.errors import problem_response
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    CHECKOUT,
    LAB,
    PORTAL,
    SECRET,
    browser,
    invalid,
    pay,
    problem,
    with_secret,
)
from tests.support.gotrue import admin, project
from tests.support.messages import golden

MOST = 2**53
DIGITS = "9" * 5000
BAD_URLS = {
    "http://[x": golden("all", "validation_error", "url-is-broken-ipv6"),
    "http://[x/": golden("all", "validation_error", "url-is-broken-ipv6"),
    "http://a℀b/": golden("all", "validation_error", "url-has-bad-characters"),
    "http://localhost:99999/": golden("all", "validation_error", "url-port-out-of-range"),
    "http://localhost:x/": golden("all", "validation_error", "url-port-is-no-number"),
    "http://:80/": golden("all", "validation_error", "url-without-host"),
    "http://localhost:3000/\u0001": golden("all", "validation_error", "url-with-spaces"),
    "http://localhost:3000/\u007f": golden("all", "validation_error", "url-with-spaces"),
}


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_webhook_url_that_nothing_can_reach_is_refused(scene: Emulator, url: str) -> None:
    answer = scene.client().post("/_emulator/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(("url", BAD_URLS[url]))})


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_seed_with_a_bad_url_is_refused_at_its_line(url: str) -> None:
    quoted = '"' + "".join(f"\\u{ord(letter):04x}" for letter in url) + '"'
    for text, place in (
        (f"webhooks:\n- url: {quoted}\n", "webhooks.0.url"),
        (f"auth:\n  site_url: {quoted}\n", "auth.site_url"),
    ):
        with pytest.raises(SeedError) as caught:
            parse(text, source="s")
        assert str(caught.value) == f"s: line 2: {place}: " + BAD_URLS[url]


@pytest.mark.parametrize("url", BAD_URLS)
def test_serve_takes_no_webhook_that_nothing_can_reach(url: str) -> None:
    result = CliRunner().invoke(cli, ["serve", "--port", "0", "--webhook", url])
    assert result.exit_code == 2
    assert repr(url) in result.output


@pytest.mark.parametrize("url", BAD_URLS)
def test_billing_leads_to_no_bad_url(scene: Emulator, url: str) -> None:
    ada = browser(scene, "ada")
    for path, body, name in (
        ("checkout", CHECKOUT, "success_url"),
        ("checkout", CHECKOUT, "cancel_url"),
        ("portal", PORTAL, "return_url"),
    ):
        answer = ada.post(f"/api/cloud/billing/{path}", json={**body, name: url})
        expected = {"error": invalid((name, BAD_URLS[url]))}
        assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://localhost:3000/€?q=ü#ß", "http://localhost:3000/%E2%82%AC?q=%C3%BC#%C3%9F"),
        ("http://localhost:3000/%E2%82%AC?a=%20", "http://localhost:3000/%E2%82%AC?a=%20"),
        ("http://localhost:3000/\u2028\u0085x", None),
        ("http://bücher.localhost/", "http://b%C3%BCcher.localhost/"),
        ('http://localhost/"<>\\^`{|}', "http://localhost/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("http://[::1]:3000/a?b[]=c", "http://[::1]:3000/a?b[]=c"),
    ],
)
def test_a_payment_leads_on_to_whatever_url_was_taken(
    demo: Emulator, url: str, location: str | None
) -> None:
    ada = demo.signed_in()
    asked = {**CHECKOUT, "success_url": url}
    answer = ada.post("/api/cloud/billing/checkout", json=asked)
    if location is None:
        assert answer.status_code == 422
        return
    paid = pay(demo, answer.json()["url"])
    assert (paid.status_code, paid.headers["location"]) == (303, location)


def test_the_placeholder_of_a_url_that_is_not_ascii_is_filled_in(demo: Emulator) -> None:
    asked = {**CHECKOUT, "success_url": "http://localhost/é?id={CHECKOUT_SESSION_ID}&x={y}"}
    opened = demo.signed_in().post("/api/cloud/billing/checkout", json=asked).json()
    paid = pay(demo, opened["url"])
    expected = f"http://localhost/%C3%A9?id={opened['id']}&x=%7By%7D"
    assert (paid.status_code, paid.headers["location"]) == (303, expected)


@pytest.mark.parametrize("text", [DIGITS, "0", "-1", "1e3", "٣", "", "9" * 19])
def test_a_limit_that_is_no_small_number_is_refused(scene: Emulator, text: str) -> None:
    answer = scene.client().get("/_emulator/events", params={"limit": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert answer.json()["error"]["details"]["path"] == "limit"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, text) for name in ("page", "per_page") for text in (DIGITS, "-1", "٣")),
        ("per_page", "0"),
    ],
)
def test_a_page_that_is_no_small_number_is_refused(tmp_path: Path, name: str, text: str) -> None:
    answer = admin(project(tmp_path)).get("/auth/v1/admin/users", params={name: text})
    expected = {"code": "validation_failed", "message": f"Bad Pagination Parameters: {name}"}
    assert (answer.status_code, answer.json()) == (400, expected)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 4000, "a/" * 2000, "x" * 300 + ".yaml", "\0"])
def test_a_name_that_no_file_can_have_is_the_name_of_no_seed(scene: Emulator, name: str) -> None:
    with pytest.raises(SeedError) as caught:
        find(name)
    assert repr(name) in str(caught.value)
    client = scene.client()
    for path, body in (("worlds", {"name": "w", "from": name}), ("reset", {"seed": name})):
        answer = client.post(f"/_emulator/{path}", json=body)
        assert answer.status_code in (404, 422)
        assert repr(name) in answer.json()["error"]["message"]


def huge(name: str, size: int = MOST) -> dict[str, Any]:
    """Return a run with a thousand artifacts of that size."""
    artifact = {"name": "a.bin", "size_bytes": size}
    return {"client_run_id": name, "artifacts": [artifact] * 1000}


def uncountable(used: int, meter: str = "storage_bytes") -> dict[str, Any]:
    """Return the refusal of more than can be counted."""
    message = golden("all", "validation_error", "uncountable", used=used, meter=meter, most=MOST)
    return invalid(("", message), message=message)


@pytest.mark.parametrize("ignores", [True, False])
def test_no_sync_makes_a_workspace_use_more_than_can_be_counted(
    scene: Emulator, ignores: bool
) -> None:
    client = scene.client()
    runs = [huge("a"), huge("b"), huge("c")]
    body = {"workspace": LAB, "ignore_caps": ignores, "runs": runs}
    answer = client.post("/api/e2e/cli-sync", json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": uncountable(3000 * MOST + 12)})


@pytest.mark.parametrize("path", ["/api/runs", "/api/sync/runs"])
def test_no_run_makes_a_workspace_use_more_than_can_be_counted(scene: Emulator, path: str) -> None:
    key = with_secret(scene, SECRET)
    run = {**huge("x"), "name": "n", "adapter_id": "a", "task": "eval"}
    if path == "/api/runs":
        del run["client_run_id"]
    answer = key.post(path, json=run)
    assert (answer.status_code, answer.json()) == (422, {"detail": uncountable(1000 * MOST + 12)})


def test_reservations_are_counted_to_the_last_figure(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    for meter, used in (("storage_bytes", 12), ("runs", 3)):
        body = {"meter": meter, "amount": MOST - used, "key": meter}
        assert key.post("/api/usage/reserve", json=body).status_code == 201
        answer = key.post("/api/usage/reserve", json={**body, "amount": 1, "key": "more"})
        expected = {"detail": uncountable(MOST + 1, meter)}
        assert (answer.status_code, answer.json()) == (422, expected)
    answer = key.post("/api/runs", json={"name": "n", "adapter_id": "a", "task": "eval"})
    assert answer.json() == {"detail": uncountable(MOST + 1, "runs")}
    capsule = scene.client().get("/_emulator/capsule").content
    assert len(read_capsule(capsule).calls) == 5
    raw = scene.client().get("/_emulator/export").content
    assert scene.client().post("/_emulator/import", content=raw).status_code == 200


def test_a_seed_cannot_use_more_than_can_be_counted(tmp_path: Path) -> None:
    text = """
users: [{email: a@b.test, password: abcdef}]
workspaces:
- slug: lab
  name: Lab
  members: [{user: a@b.test, role: owner}]
  runs:
  - client_run_id: x
    artifacts: [{name: a, size_bytes: 9007199254740992}, {name: b, size_bytes: 1}]
"""
    path = tmp_path / "big.yaml"
    path.write_text(text, "utf-8")
    result = CliRunner().invoke(cli, ["seeds", "check", str(path)])
    said = f"Error: {path}: line 7: workspaces.0.runs: " + uncountable(MOST + 1)["message"] + "\n"
    assert (result.exit_code, result.output) == (1, said)


def test_a_refusal_whose_figures_json_cannot_hold_is_written_all_the_same() -> None:
    said = problem("quota_exceeded", "Too much.", {"used": 2**70, "limit": 1})
    answer = problem_response("detail", said, {})
    assert answer.status_code == 402
    assert answer.body == b'{"detail": %b}' % (
        b'{"code": "quota_exceeded", "message": "Too much.", "details": {"used": %d, "limit": 1}}'
        % 2**70
    )
