"""Links and tokens that lead whoever has them into their world, over real sockets."""

from __future__ import annotations

import html
import re

import httpx2

from tests.pipeline.test_world_chain import MARA, WORLD, made
from tests.support.messages import golden

CHECKOUT = {
    "plan": "enterprise",
    "interval": "month",
    "success_url": "http://localhost:3000/paid",
    "cancel_url": "http://localhost:3000/pricing",
}
CARD = {
    "email": "m@example.com",
    "number": "4242424242424242",
    "expiry": "12/30",
    "cvc": "123",
    "holder": "M",
}


def test_a_stranger_reaches_hosted_pages_of_a_world_by_their_links(
    origin: str, http: httpx2.Client
) -> None:
    name = "of-the-pages"
    before = http.get(f"{origin}/_emulator/billing").json()
    key = {"Authorization": f"Bearer {made(http, origin, name)['api_keys'][0]['secret']}"}
    checkout = http.post(f"{origin}/api/billing/checkout", json=CHECKOUT, headers=key).json()
    assert checkout["id"] == checkout["url"].rpartition("/")[2]
    with httpx2.Client(trust_env=False) as stranger:

        def reach(method: str, url: str, **form: str) -> httpx2.Response:
            seen = stranger.request(method, url, data=form or None)
            assert seen.headers[WORLD] == name, url
            return seen

        bare = stranger.get(checkout["url"].partition("~")[0])
        assert (bare.status_code, bare.headers[WORLD]) == (404, "default")
        assert reach("GET", checkout["url"]).status_code == 200
        assert reach("POST", checkout["url"], **CARD).status_code == 303
        back = {"return_url": "http://localhost:3000/"}
        portal = http.post(f"{origin}/api/billing/portal", json=back, headers=key).json()["url"]
        page = reach("GET", portal)
        # Every link and form of a page leads on in the same world.
        links = set(re.findall(r'(?:href|action)="(/[^"]+)"', page.text))
        assert len(links) >= 4
        for link in links:
            seen = stranger.get(origin + link)
            assert (seen.status_code in (200, 405), seen.headers[WORLD]) == (True, name), link
        billing = http.get(f"{origin}/_emulator/billing", headers={WORLD: name}).json()
        assert reach("GET", billing["invoice"]["hosted_invoice_url"]).status_code == 200
    assert before != billing
    assert http.get(f"{origin}/_emulator/billing").json() == before


def test_a_link_to_an_export_reaches_its_world(origin: str, http: httpx2.Client) -> None:
    name = "of-the-export"
    base = f"{origin}/_w/{name}"
    http.post(f"{base}/api/auth/login", json=MARA)
    http.post(f"{base}/api/cloud/me", json={"action": "export"})
    http.post(f"{base}/_emulator/clock/advance", json={"duration": "P1D"})
    url = http.post(f"{base}/api/cloud/me", json={"action": "export"}).json()["url"]
    with httpx2.Client(trust_env=False) as stranger:
        seen = stranger.get(url)
        assert (seen.status_code, seen.headers[WORLD]) == (200, name)


def test_a_token_hash_reaches_its_world(origin: str, http: httpx2.Client) -> None:
    name = "of-the-hash"
    service = {"Authorization": f"Bearer {made(http, origin, name)['service_role_key']}"}
    link = {"type": "magiclink", "email": MARA["email"]}
    answer = http.post(f"{origin}/auth/v1/admin/generate_link", json=link, headers=service)
    assert (answer.status_code, answer.headers[WORLD]) == (200, name)
    hashed = {"type": "magiclink", "token_hash": answer.json()["hashed_token"]}
    session = http.post(f"{origin}/auth/v1/verify", json=hashed)
    assert (session.status_code, session.headers[WORLD]) == (200, name)


def told_by(answer: httpx2.Response) -> str:
    """Return the message of an error, or that of an error page."""
    if answer.headers["content-type"].startswith("text/html"):
        return html.unescape(re.findall("<p>(.*)</p>", answer.text)[0])
    body = answer.json()
    return str((body.get("detail") or body["error"])["message"])


def test_a_port_and_whatever_else_names_a_world_are_refused_by_name(
    origin: str, http: httpx2.Client
) -> None:
    port = made(http, origin, "of-the-port", port=0)["port"]
    key = made(http, origin, "of-the-key")["api_keys"][0]["secret"]
    base = f"http://localhost:{port}"
    cases: tuple[tuple[str, dict[str, str], str], ...] = (
        (f"{base}/healthz", {WORLD: "of-the-key"}, "header"),
        (f"{base}/_w/of-the-key/healthz", {}, "prefix"),
        (f"{base}/api/me", {"Authorization": f"Bearer {key}"}, "credential"),
        (f"{base}/stripe/checkout/cs_test_x~of-the-key", {}, "link"),
    )
    for url, headers, source in cases:
        answer = http.get(url, headers=headers)
        assert answer.status_code == 409, url
        case = f"port-and-{source}"
        message = golden("all", "two_worlds", case, name="'of-the-port'", other="'of-the-key'")
        assert told_by(answer) == message, url
