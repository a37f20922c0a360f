"""Control takes the JSON types that it says and no others, and says so in words of JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.messages import golden

OBJECT = golden("all", "validation_error", "no-object")
DURATION = golden("all", "validation_error", "no-duration")
TIME = golden("all", "validation_error", "no-time")
STATUS = {"status": 500}


@pytest.mark.parametrize(
    ("path", "body", "place", "message"),
    [
        ("worlds", [], "", OBJECT),
        ("worlds", {"name": "a", "port": True}, "port", "Input should be a valid integer"),
        ("worlds", {"name": "a", "port": "0"}, "port", "Input should be a valid integer"),
        ("worlds", {"name": 1}, "name", "Input should be a valid string"),
        ("clock/advance", {"seconds": "5"}, "seconds", "Input should be a valid number"),
        ("clock/advance", {"seconds": True}, "seconds", "Input should be a valid number"),
        ("clock/advance", {"duration": "P1X"}, "duration", DURATION),
        ("clock/advance", {"duration": 5}, "duration", DURATION),
        ("clock/set", {"now": "soon"}, "now", TIME),
        ("clock/set", {"now": 1767225600}, "now", TIME),
        ("faults", {"match": [], "then": STATUS}, "match", OBJECT),
        ("faults", {"match": {"times": "1"}, "then": STATUS}, "match.times", None),
        (
            "faults",
            {"match": {}, "then": {"drop": 1}},
            "then.drop",
            golden("all", "validation_error", "no-boolean"),
        ),
        ("faults", {"match": {}, "then": {"status": "500"}}, "then.status", None),
        ("webhooks", {"url": "http://localhost:9", "enabled_events": {}}, "enabled_events", None),
        ("webhooks", {"url": "http://localhost:9", "enabled_events": []}, "enabled_events", None),
        (
            "webhooks/behaviour",
            {"shuffle": 1},
            "shuffle",
            golden("all", "validation_error", "no-boolean"),
        ),
        ("billing/fail-next", {"count": True}, "count", "Input should be a valid integer"),
        ("snapshots/kept/restore", {"wrold": "b"}, "wrold", "Extra inputs are not permitted"),
        ("requests/1/rewind", {"to": 2}, "to", "Extra inputs are not permitted"),
    ],
)
def test_a_value_of_another_type_is_refused(
    demo: Emulator, path: str, body: Any, place: str, message: str | None
) -> None:
    client = demo.client()
    client.post("/_emulator/snapshots", json={"name": "kept"})
    client.get("/healthz")
    answer = client.post(f"/_emulator/{path}", json=body)
    assert answer.status_code == 422
    [error] = answer.json()["error"]["details"]["errors"]
    assert error["path"] == place
    assert message in (None, error["message"])
    assert not any(word in error["message"] for word in ("dict", "instance", "timedelta", "tuple"))


def test_what_has_the_right_types_is_taken(demo: Emulator) -> None:
    client = demo.client()
    client.get("/healthz")
    client.post("/_emulator/snapshots", json={"name": "kept"})
    kinds = ["invoice.paid"]
    for path, body in (
        ("clock/advance", {"seconds": 1}),
        ("clock/set", {"now": "2026-01-02T00:00:00+01:00"}),
        ("webhooks", {"url": "http://localhost:9", "enabled_events": kinds}),
        ("snapshots/kept/restore", None),
        ("requests/1/rewind", {}),
    ):
        answer = client.post(f"/_emulator/{path}", json=body)
        assert answer.is_success, answer.text
