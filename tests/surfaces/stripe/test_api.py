"""Stripe's API, which is not emulated: the error that its SDKs throw."""

from __future__ import annotations

import pytest

from tests.support.checked_client import Emulator
from tests.support.messages import golden


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/subscriptions/sub_x"),
        ("POST", "/v1/checkout/sessions"),
        ("DELETE", "/v1/customers/cus_x"),
        ("GET", "/v1/"),
    ],
)
def test_whatever_is_asked_of_the_api_is_said_not_to_be_emulated(
    demo: Emulator, method: str, path: str
) -> None:
    answer = demo.client().request(method, path, headers={"Authorization": "Bearer sk_test_x"})
    error = {
        "type": "invalid_request_error",
        "code": "not_implemented",
        "message": golden("stripe", "not_implemented", "api", call=f"{method} {path}"),
    }
    assert (answer.status_code, answer.json()) == (501, {"error": error})
    assert answer.headers["stripe-should-retry"] == "false"


def test_every_failure_has_stripes_shape(demo: Emulator) -> None:
    client = demo.client()
    host = client.get("/v1/prices", headers={"Host": "evil.test"})
    two = client.get("/_w/one/v1/prices", headers={"X-Emulator-World": "two"})
    wrong = client.put("/v1/prices")
    seen = [(one.status_code, one.json()["error"]["type"]) for one in (host, two, wrong)]
    assert seen == [(status, "invalid_request_error") for status in (403, 409, 405)]


def test_the_api_is_a_part_of_the_stripe_surface(demo: Emulator) -> None:
    client = demo.client()
    for then, kind in ((503, "api_error"), (429, "invalid_request_error")):
        match = {"surface": "stripe", "path": "/v1/subscriptions/{id}", "times": 1}
        fault = {"match": match, "then": {"status": then}}
        assert client.post("/_emulator/faults", json=fault).status_code == 201
        answer = client.get("/v1/subscriptions/sub_x")
        assert (answer.status_code, answer.json()["error"]["type"]) == (then, kind)
        assert "stripe-should-retry" not in answer.headers
    client.get("/v1/subscriptions/sub_x")
    items = client.get("/_emulator/requests?surface=stripe&operation=GET /v1/*").json()["items"]
    assert [one["status"] for one in items] == [501, 429, 503]
    coverage = client.get("/_emulator/coverage").json()
    missing = [each["operation"] for each in coverage["operations"]["missing"]]
    assert "GET /v1/*" not in missing
