"""What the journal hides, and that it hides nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from emulator.journal.redaction import TOO_DEEP, redacted_body
from emulator.journal.secret_patterns import REDACTED
from emulator.wire.json_reader import DEPTH_MAX
from tests.support.checked_client import Emulator, LawfulClient

WORLD = "X-Emulator-World"
LOGIN = {"email": "mara@example.com", "password": "demo-password"}
VERIFIER = "verifier-0123456789-verifier-0123456789-verifier"
CHECKOUT = {
    "plan": "enterprise",
    "interval": "month",
    "success_url": "http://localhost:3000/paid?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:3000/pricing",
}
CARD = {
    "email": "mara@example.com",
    "number": "4242-4242-4242-4242",
    "expiry": "12 / 30",
    "cvc": "987",
    "holder": "Mara Lindqvist",
}

SHAPED = {
    "API key": "wbx_0123456789abcdefABCDEF0123456789abcdefAB",
    "tagged API key": "wbx_0123456789abcdefABCDEF0123456789abcdefAB~other-world",
    "access token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0",
    "share token": "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF",
    "hash of a link": "pkce_" + "0123456789abcdef" * 3 + "01234567",
    "checkout session": "cs_test_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0",
    "portal session": "bps_a1B2c3D4e5F6g7H8i9J0a1B2",
    "invoice": "in_a1B2c3D4e5F6g7H8i9J0a1B2",
    "signing secret": "whsec_a1B2c3D4e5F6g7H8i9J0a1B2",
    "Stripe's key": "sk_test_a1B2c3D4e5F6g7H8i9J0",
    "session cookie": "base64-eyJhY2Nlc3NfdG9rZW4iOiJ4In0",
}
"""Secrets that are known wherever they stand."""

NAMED = {
    "password": "hunter2<of-Mara;1",
    "new_password": "hunter3-of-Mara",
    "refresh_token": "a1b2c3d4e5f6",
    "token": "share-live-token",
    "auth_code": "0a1b2c3d-0000-4000-8000-00000000abcd",
    "code_verifier": VERIFIER,
    "otp": "903112",
    "apikey": "anything-that-opens",
    "client_secret": "client-of-Mara",
    "number": "4000 0025 0000 3155",
    "cvc": "c-987-c",
    "nonce": "771243-nonce",
}
"""Secrets that are known by the name under which they stand."""

PATHS = ("/api/me", "/api/cloud/me", "/api/auth/login", "/auth/v1/token", "/stripe/x", "/nowhere")
"""One path of every surface, and one of none."""

NEIGHBOR = "a neighbor, 50% of it!"
KEPT = (
    f"keep=a%20neighbor%2C+50%25&flag&redirect_to={quote('http://localhost:3000/a?b=c', safe='')}"
)


def entries(client: LawfulClient, query: str = "") -> list[Any]:
    items: list[Any] = client.get(f"/_emulator/requests{query}").json()["items"]
    return items


def texts(client: LawfulClient) -> Iterator[str]:
    """Yield every answer that is made of the journal."""
    yield client.get("/_emulator/requests?limit=1000").text
    yield client.get("/_emulator/requests?method=post&path=*/*&limit=1000").text
    yield client.get("/_emulator/requests/verify?times=9999").text
    for entry in entries(client, "?limit=1000")[::5]:
        yield client.get(f"/_emulator/requests/{entry['id']}").text
    yield client.get("/_emulator/coverage").text


def assert_hidden(client: LawfulClient, *secrets: str) -> None:
    shown = list(texts(client))
    for secret in secrets:
        spellings = {secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")}
        for text in shown:
            for spelling in spellings:
                at = text.find(spelling)
                assert at < 0, f"{secret}: …{text[max(0, at - 300) : at + 100]}"


def multipart(name: str, value: str) -> bytes:
    return (
        f'--B0undary\r\nContent-Disposition: form-data; name="keep"\r\n\r\n{NEIGHBOR}\r\n'
        f'--B0undary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        "--B0undary--\r\n"
    ).encode()


def bodies(name: str, secret: str) -> Iterator[tuple[str, bytes]]:
    """Yield bodies in which a secret stands under a name, each with a neighbor, and their type."""
    keep = {"keep": NEIGHBOR}
    camel = re.sub(r"_(.)", lambda found: found[1].upper(), name)
    plain = quote(secret, safe="<; ")
    for said in (
        {name: secret} | keep,
        {name.upper(): secret} | keep,
        {camel: secret} | keep,
        {name: [secret]} | keep,
        {name: {"value": secret}} | keep,
        {"user": [{"deep": {name: secret}}]} | keep,
        {"text": json.dumps({name: secret})} | keep,
    ):
        yield "application/json", json.dumps(said).encode()
    for text in (
        f'{{"keep": "{NEIGHBOR}", "{name}": "{secret}"',
        f'{{"keep": "{NEIGHBOR}", "{name}": "\\"quoted\\" {secret}',
        f"{{'keep': '{NEIGHBOR}', '{name}': '{secret}', 'b': None}}",
        f'{{"keep": "{NEIGHBOR}", "{name}": [1, {{"a": "}}"}}, "{secret}"], "b": 1',
        f'{{"keep": "{NEIGHBOR}", "{name}" : {{"a": [], "b": "{secret}',
        f'{{"keep": "{NEIGHBOR}", "text": "{{\\"{name}\\": \\"{secret}\\"}}", oops',
        f'{{keep: "{NEIGHBOR}", {name}: "{secret}", b: 1}}',
    ):
        yield "application/json", text.encode()
        yield "text/plain", text.encode()
    form = "application/x-www-form-urlencoded"
    yield form, f"keep={quote(NEIGHBOR)}&{name}={quote(secret)}".encode()
    yield form, f"{name}={plain}<b>\n{plain}\r\n&keep={quote(NEIGHBOR)}".encode()
    yield form, f"user[{name}]={quote(secret)}&keep={quote(NEIGHBOR)}".encode()
    yield "", f"{name}={plain}<b>\n{plain}&keep={quote(NEIGHBOR)}".encode()
    yield "multipart/form-data; boundary=B0undary", multipart(name, secret)


def send_named(client: LawfulClient, path: str, name: str, secret: str) -> None:
    """Send a secret under a name in every place that has names."""
    escaped = quote(secret)
    encoded = quote(f"http://x/?{name}={escaped}", safe="")
    for query in (f"{name}={escaped}", f"{name.upper()}={escaped}", f"to={encoded}"):
        client.get(f"{path}?{KEPT}&{query}", follow_redirects=False)
    for mark in "?#":
        referer = f"http://localhost:3000/in?{KEPT}{mark}{name}={escaped}&type=recovery"
        client.get(path, headers={"Referer": referer})
    header = name.replace("_", "-")
    client.get(path, headers={header: secret, f"X-{header}": secret, "X-Keep": NEIGHBOR})
    for media_type, body in bodies(name, secret):
        headers = {"Content-Type": media_type} if media_type else {}
        client.post(path, content=body, headers=headers, follow_redirects=False)


def send_anywhere(client: LawfulClient, path: str, secret: str) -> None:
    """Send a secret in every place, under a name that says nothing."""
    escaped = quote(secret, safe="")
    twice = "".join(f"%25{byte:02X}" for byte in secret.encode())
    for place in (escaped, f"{escaped}/more", twice):
        client.get(f"{path}/{place}?{KEPT}", follow_redirects=False)
    client.get(f"{path}?{KEPT}&q={escaped}&{escaped}", follow_redirects=False)
    client.get(path, headers={"X-Anything": secret, "X-Keep": NEIGHBOR})
    client.get(path, headers={"Authorization": f"Bearer {secret}"})
    client.get(path, headers={"Authorization": secret})
    client.get(path, headers={"Cookie": f"a={secret}; theme=dark; {secret}"})
    client.get(path, headers={"Referer": f"http://localhost:3000/a/{escaped}?{KEPT}"})
    keep = {"keep": NEIGHBOR}
    for said in ({"note": secret}, {"note": f"see {secret}."}, {secret: 1}, {"a": [[secret]]}):
        client.post(path, json=said | keep)
    client.post(path, content=f'{{"keep": "{NEIGHBOR}", "note": "{secret}"')
    client.post(path, content=f"{NEIGHBOR} {secret}")
    client.post(path, data={"note": secret} | keep)
    multi = {"Content-Type": "multipart/form-data; boundary=B0undary"}
    client.post(path, content=multipart("note", secret), headers=multi)


@pytest.mark.parametrize("name", NAMED)
def test_a_secret_is_hidden_under_its_name_in_every_place(demo: Emulator, name: str) -> None:
    client = demo.client()
    for path in PATHS:
        send_named(client, path, name, NAMED[name])
    assert_hidden(client, NAMED[name])


@pytest.mark.parametrize("kind", SHAPED)
def test_a_secret_of_a_known_shape_is_hidden_in_every_place(demo: Emulator, kind: str) -> None:
    client = demo.client()
    for path in PATHS:
        send_anywhere(client, path, SHAPED[kind])
    assert_hidden(client, SHAPED[kind].partition("~")[0])


def test_what_stands_beside_a_secret_is_shown_as_it_was_sent(demo: Emulator) -> None:
    client = demo.client()
    send_named(client, "/api/cloud/me", "password", NAMED["password"])
    send_anywhere(client, "/api/cloud/me", SHAPED["API key"])
    for entry in entries(client, "?limit=1000"):
        query = entry["query"]
        assert query == "" or query.startswith(KEPT)
        headers = dict(entry["request"]["headers"])
        assert "x-keep" not in headers or headers["x-keep"] == NEIGHBOR
        assert KEPT in headers.get("referer", KEPT)
        body = entry["request"]["body"]
        assert body is None or NEIGHBOR in (body["keep"] if isinstance(body, dict) else body)


@pytest.mark.parametrize("number", [90311277, 903112.77])
def test_a_number_is_hidden_under_the_name_of_a_secret(demo: Emulator, number: float) -> None:
    client = demo.client()
    client.post("/api/auth/login", json={"password": number, "steps": 90311278})
    client.post("/api/auth/login", content=f'{{"password": {number}, "steps": 90311278')
    assert_hidden(client, str(number))
    whole, cut = (one["request"]["body"] for one in reversed(entries(client)))
    assert whole == {"password": REDACTED, "steps": 90311278}
    assert cut == f'{{"password": {REDACTED}, "steps": 90311278'


@pytest.mark.parametrize(
    "body",
    [
        {"password": None, "token": "", "secret": False},
        {"number": "9MMPDWSV-0001", "code": "conflict", "token_type": "bearer", "tokens": 7},
        {"weak_password": {"reasons": ["length"]}},
        {"message": "password: String should have at least 6 characters"},
        {"sha256": "ab" * 32, "id": "b0000000-0000-4000-8000-000000000001", "hash": "0f" * 16},
        {"text": "loss=0.5 at 50% of https://example.com/api/runs?page=2&surface=bff#top"},
        [1, 2.5, None, True, "x", {"in_progress": "in_distribution"}],
    ],
)
def test_what_is_no_secret_is_shown_whole(body: Any) -> None:
    assert redacted_body(json.dumps(body).encode()) == body


def test_cookies_keep_their_names_and_attributes(demo: Emulator) -> None:
    client = demo.client()
    client.headers["Cookie"] = "theme=dark; emulator_world=default; empty="
    client.post("/api/auth/login", json=LOGIN)
    [entry] = entries(client)
    assert dict(entry["request"]["headers"])["cookie"] == (
        f"theme={REDACTED}; emulator_world=default; empty="
    )
    [cookie] = [value for name, value in entry["response"]["headers"] if name == "set-cookie"]
    assert re.fullmatch(
        rf"sb-\w+-auth-token={re.escape(REDACTED)}; Max-Age=34560000; Path=/; SameSite=Lax", cookie
    )


def test_a_location_keeps_its_address_and_the_names_in_it(demo: Emulator) -> None:
    client = demo.client()
    client.post("/auth/v1/recover", json={"email": "mara@example.com"})
    link = client.get("/_emulator/mail").json()["items"][0]["link"]
    client.get(link, follow_redirects=False)
    location = dict(entries(client)[0]["response"]["headers"])["location"]
    shown = re.sub(r"(expires_\w+)=\d+", r"\1=N", location)
    assert shown == (
        f"http://localhost:3000#access_token={REDACTED}&expires_at=N&expires_in=N"
        f"&refresh_token={REDACTED}&sb=&token_type=bearer&type=recovery"
    )


def test_ids_of_hosted_pages_are_told_apart_by_their_last_five_characters(demo: Emulator) -> None:
    client = demo.keyed()
    made = [client.post("/api/billing/checkout", json=CHECKOUT).json()["id"] for _ in range(2)]
    tails = [f"cs_test_…{one[-5:]}" for one in made]
    assert len({*tails}) == 2
    shown = [one["response"]["body"] for one in reversed(entries(client))]
    assert [(one["id"], one["url"].rpartition("/")[2]) for one in shown] == [
        (tail, tail) for tail in tails
    ]
    changed = [one["id"] for one in entries(client)[0]["changed"]]
    assert tails[1] in changed
    client.get(f"/stripe/checkout/{made[0]}")
    assert entries(client)[0]["path"] == f"/stripe/checkout/{tails[0]}"


def test_ids_of_hosted_pages_keep_the_name_of_their_world(demo: Emulator) -> None:
    client = demo.client()
    client.headers[WORLD] = "mine"
    key = client.post("/_emulator/worlds", json={"name": "mine"}).json()["api_keys"][0]["secret"]
    client.headers["Authorization"] = f"Bearer {key}"
    url = client.post("/api/billing/checkout", json=CHECKOUT).json()["url"]
    client.get(httpx2.URL(url).path)
    bare = url.rpartition("/")[2].partition("~")[0]
    assert entries(client)[0]["path"] == f"/stripe/checkout/cs_test_…{bare[-5:]}~mine"


SPELLINGS = (
    "/api/public/r/{}",
    "/API/public/r/{}",
    "/api/public/shares/{}",
    "/api//public/r/{}",
    "/api/public/r/{}/",
    "/Exports/{}",
    "/%61pi/public/r/{}",
    "/api%2Fpublic%2Fr%2F{}",
    "/api%252Fpublic%252Fr%252F{}",
    "/_w/other/api/public/r/{}",
    "/_w/other/API/public/r/{}",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("token", ["share-live-token", SHAPED["share token"]])
def test_the_token_of_a_link_is_hidden_however_the_path_is_spelled(
    demo: Emulator, spelling: str, token: str
) -> None:
    client = demo.client()
    path = spelling.format(token)
    client.get(path, headers={"Referer": f"http://localhost:8787{path}"})
    client.get("/healthz", headers={"Referer": f"http://localhost:8787{path}?{KEPT}"})
    assert_hidden(client, token)
    # The journal of the world that the prefix named, too.
    client.headers[WORLD] = "other"
    client.get("/healthz", headers={"Referer": f"http://localhost:8787{path}"})
    assert_hidden(client, token)


def test_a_404_does_not_name_the_secret_it_did_not_find(demo: Emulator) -> None:
    client = demo.client()
    client.get("/api/public/r/share-live-token")
    client.get("/exports/export-live-token")
    client.get("/api/public/shares/it's-a-token")
    messages = [str(one["response"]["body"]) for one in reversed(entries(client))]
    for message in messages:
        assert repr(REDACTED) in message


def live_secrets(emulator: Emulator, world: str) -> Iterator[tuple[LawfulClient, list[str]]]:
    """Do all that makes a secret in a world; yield a client of it and the secrets there are."""
    client = emulator.client()
    client.headers[WORLD] = world
    body = client.get(f"/_emulator/worlds/{world}").json()
    found = [body["anon_key"], body["service_role_key"], body["api_keys"][0]["secret"]]
    grant = "/auth/v1/token?grant_type="
    session = client.post(f"{grant}password", json=LOGIN).json()
    found += [session["access_token"], session["refresh_token"], LOGIN["password"]]
    refresh = {"refresh_token": session["refresh_token"]}
    again = client.post(f"{grant}refresh_token", json=refresh).json()
    found += [again["access_token"], again["refresh_token"]]
    challenge = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    client.post("/auth/v1/otp", json={"email": LOGIN["email"], **challenge})
    [mail] = client.get("/_emulator/mail?limit=1").json()["items"]
    found += [VERIFIER, httpx2.URL(mail["link"]).params["token"]]
    landed = client.get(mail["link"], follow_redirects=False).headers["location"]
    code = httpx2.URL(landed).params["code"]
    client.post(f"{grant}pkce", json={"auth_code": code, "code_verifier": VERIFIER})
    client.get("/healthz", headers={"Referer": landed})
    found.append(code)
    client.post("/auth/v1/recover", json={"email": LOGIN["email"]})
    [mail] = client.get("/_emulator/mail?limit=1").json()["items"]
    typed = {"type": "recovery", "email": LOGIN["email"], "token": mail["code"]}
    assert client.post("/auth/v1/verify", json=typed).is_success
    found += [f'"{mail["code"]}"', httpx2.URL(mail["link"]).params["token"]]
    assert client.post("/api/auth/login", json=LOGIN).is_success
    found.append("base64-")
    key = client.post("/api/cloud/api-keys", json={"name": "laptop"}).json()
    found.append(key["secret"])
    run = client.get("/api/cloud/runs?limit=1").json()["items"][0]["id"]
    share = client.post("/api/cloud/shares", json={"action": "create", "run_id": run}).json()
    assert client.get(f"/api/public/r/{share['token']}").is_success
    revoke = {"action": "revoke", "share_id": share["id"]}
    client.post("/api/cloud/shares", json=revoke)
    client.get(f"/api/public/r/{share['token']}")
    found.append(share["token"].partition("~")[0])
    client.post("/api/cloud/me", json={"action": "export"})
    client.post("/_emulator/clock/advance", json={"duration": "PT1H"})
    export = client.post("/api/cloud/me", json={"action": "export"}).json()["url"]
    assert emulator.client().get(export).is_success
    found.append(export.rpartition("/")[2].partition("~")[0])
    checkout = client.post("/api/cloud/billing/checkout", json=CHECKOUT).json()
    stranger = emulator.client()
    stranger.get(checkout["url"])
    stranger.post(checkout["url"], data=CARD | {"number": "4000000000000002"})
    paid = stranger.post(checkout["url"], data=CARD, follow_redirects=False)
    assert paid.status_code == 303
    back = {"return_url": "http://localhost:3000/"}
    portal = client.post("/api/cloud/billing/portal", json=back).json()
    page = stranger.get(portal["url"])
    invoice = re.findall(r"/stripe/invoices/(in_\w+)", page.text)[0]
    stranger.get(f"/stripe/invoices/{invoice}")
    found += [checkout["id"].partition("~")[0], portal["id"].partition("~")[0], invoice]
    found += [CARD["number"], f'"{CARD["cvc"]}"', "4000000000000002"]
    yield client, found


@pytest.mark.parametrize("world", ["default", "mine"])
def test_no_secret_that_a_world_makes_is_shown(demo: Emulator, world: str) -> None:
    if world != "default":
        demo.client().post("/_emulator/worlds", json={"name": world})
    [(client, secrets)] = live_secrets(demo, world)
    assert_hidden(client, *secrets, "wbx_", "eyJ")
    capsule = client.get("/_emulator/capsule").text
    assert LOGIN["password"] in capsule


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 253, 254, 300, 1_000, 1_025, 100_000])
@pytest.mark.parametrize("path", PATHS)
def test_a_deeply_nested_body_leaves_the_journal_readable(
    demo: Emulator, path: str, depth: int
) -> None:
    client = demo.client()
    client.post(path, content=b'{"keep": 1, "deep": ' + b"[" * depth + b"]" * depth + b"}")
    [entry] = entries(client)
    assert client.get(f"/_emulator/requests/{entry['id']}").json()["id"] == entry["id"]
    body = entry["request"]["body"]
    if isinstance(body, dict):
        assert body["keep"] == 1
        assert TOO_DEEP in str(body)
    else:
        assert body.startswith('{"keep": 1, "deep": [')


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"\xff\xfe{", "[3 bytes]"),
        (b'\xef\xbb\xbf{"password": "x-secret"}', f'\ufeff{{"password": "{REDACTED}"}}'),
        (b'{"a": "\\ud800", "password": "x"}', f'{{"a": "\\ud800", "password": "{REDACTED}"}}'),
        (b"p\0a\0s\0s\0", "[8 bytes]"),
        (b"1e999", "1e999"),
        (b"a=1&a=2&b", {"a": "2", "b": ""}),
    ],
)
def test_the_journal_shows_any_bytes(demo: Emulator, body: bytes, shown: Any) -> None:
    client = demo.client()
    client.post("/api/auth/login", content=body)
    assert entries(client)[0]["request"]["body"] == shown


def test_a_list_shows_the_beginning_of_a_long_body_and_its_own_page_all(demo: Emulator) -> None:
    client = demo.client()
    sent = {"first": "of many", "lines": [f"line {one} of it" for one in range(20_000)]}
    content = json.dumps({**sent, "password": "x-secret"})
    client.post("/api/auth/login", content=content)
    [entry] = entries(client)
    body = entry["request"]["body"]
    assert body.startswith('{"first": "of many", "lines": ["line 0 of it", "line 1 of it"')
    assert body.endswith(f" [cut: GET /_emulator/requests/ID shows all {len(content)} bytes]")
    assert len(body) < 2**16 + 100
    whole = client.get(f"/_emulator/requests/{entry['id']}").json()["request"]["body"]
    assert whole == {**sent, "password": REDACTED}


@pytest.mark.parametrize("secret", [*SHAPED.values(), f'"password": "{NAMED["new_password"]}"'])
def test_a_secret_that_is_cut_is_hidden(secret: str) -> None:
    text = f'{{"a": "b", "note": "{secret}", "c": 1}}'
    for most in range(12, len(text)):
        shown = redacted_body(text.encode(), most=most)
        for size in range(12, len(secret)):
            assert secret[-size:] not in shown
            part = secret.removeprefix('"password": "')[:size]
            assert secret.startswith(("eyJ", "cs_", "in_", "bps_")) or part not in shown
