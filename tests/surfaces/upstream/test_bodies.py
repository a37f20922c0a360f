"""Bodies that are refused before any model sees them, and those that a model refuses."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from emulator.contract.catalog import BODY_LIMIT
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET, invalid, problem, with_secret
from tests.support.messages import golden

RUN = '"name": "n", "adapter_id": "a", "task": "eval"'
JSON = "application/json"
NOT_JSON = golden("all", "validation_error", "number-is-not-finite")
TOO_LONG = golden("all", "validation_error", "integer-beyond-64-bits")
UNKNOWN = "Extra inputs are not permitted"


def post(scene: Emulator, body: bytes | str, media_type: str = JSON) -> httpx2.Response:
    """Create a run with that body."""
    headers = {"Content-Type": media_type}
    return with_secret(scene, SECRET).post("/api/runs", content=body, headers=headers)


def said(answer: httpx2.Response) -> tuple[int, Any]:
    """Return an answer's status and body."""
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("members", "path", "message"),
    [
        ('"metrics": {"loss": NaN}', "metrics.loss", NOT_JSON),
        ('"metrics": {"loss": Infinity}', "metrics.loss", NOT_JSON),
        ('"metrics": {"loss": -Infinity}', "metrics.loss", NOT_JSON),
        ('"metrics": {"loss": 1e999}', "metrics.loss", NOT_JSON),
        ('"metrics": {"a": 1, "loss": 18446744073709551616}', "metrics.loss", TOO_LONG),
        ('"metrics": {"loss": -9223372036854775809}', "metrics.loss", TOO_LONG),
        ('"manifest": {"a": [1, {"b": NaN}]}', "manifest.a.1.b", NOT_JSON),
    ],
)
def test_a_number_that_json_or_64_bits_do_not_know_is_refused_with_its_path(
    scene: Emulator, members: str, path: str, message: str
) -> None:
    answer = post(scene, f"{{{RUN}, {members}}}")
    assert said(answer) == (422, {"detail": invalid((path, message), message=message)})


@pytest.mark.parametrize(
    "number",
    ["18446744073709551615", "-9223372036854775808", "1e+308", "-0.0", "1", "1.0", "0.1"],
)
def test_numbers_are_kept_as_they_were_spelt(scene: Emulator, number: str) -> None:
    answer = post(scene, f'{{{RUN}, "metrics": {{"n": {number}}}}}')
    assert answer.status_code == 201
    assert f'"metrics":{{"n":{number}}}' in answer.text


@pytest.mark.parametrize(
    "body",
    ["{", "[1,]", "{'a': 1}", "\ufeff{}", b"\xff", '{"a": "\\ud800"}', "nul", "[" * 100],
    ids=["cut", "comma", "quotes", "mark", "bytes", "surrogate", "word", "deep and cut"],
)
def test_what_is_no_json_is_refused(scene: Emulator, body: bytes | str) -> None:
    status, body_said = said(post(scene, body))
    message = body_said["detail"]["message"]
    assert message == golden(
        "all", "validation_error", "body-is-not-json", why=message.partition(": ")[2]
    )
    assert (status, body_said) == (422, {"detail": invalid(("", message))})


@pytest.mark.parametrize("number", ["1", "99999999999999999999"])
@pytest.mark.parametrize("depth", [900, 990, 1020, 2000, 100_000])
def test_no_depth_of_a_body_is_a_bug(scene: Emulator, depth: int, number: str) -> None:
    deep = '{"a":' * depth + number + "}" * depth
    answer = post(scene, f'{{{RUN}, "manifest": {deep}}}')
    message = golden("all", "validation_error", "body-nested-too-deeply")
    assert said(answer) == (422, {"detail": invalid(("", message))})


def test_a_body_that_is_nested_deeply_is_kept(scene: Emulator) -> None:
    deep = '{"a":' * 127 + "1" + "}" * 127
    answer = post(scene, f'{{{RUN}, "manifest": {deep}}}')
    shown = with_secret(scene, SECRET).get(f"/api/runs/{answer.json()['id']}/manifest")
    assert (shown.status_code, shown.text) == (200, deep)


@pytest.mark.parametrize(
    ("media_type", "case"),
    [
        ("text/plain", "declared-as-another-type"),
        ("text/json", "declared-as-another-type"),
        ("application/jsonp", "declared-as-another-type"),
        ("application/x-www-form-urlencoded", "declared-as-another-type"),
        ("", "declared-as-nothing"),
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(
    scene: Emulator, media_type: str, case: str
) -> None:
    message = golden("upstream", "unsupported_media_type", case, media_type=repr(media_type))
    expected = {"detail": problem("unsupported_media_type", message)}
    assert said(post(scene, f"{{{RUN}}}", media_type)) == (415, expected)


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
def test_every_spelling_of_json_is_taken(scene: Emulator, media_type: str) -> None:
    assert post(scene, f"{{{RUN}}}", media_type).status_code == 201


def test_a_body_up_to_the_limit_is_read_and_one_byte_more_is_not(scene: Emulator) -> None:
    whole = f"{{{RUN}}}".encode()
    padded = whole + b" " * (BODY_LIMIT - len(whole))
    assert post(scene, padded).status_code == 201
    message = golden("all", "payload_too_large", "body-above-ten-mib")
    expected = {"detail": problem("payload_too_large", message)}
    assert said(post(scene, padded + b" ")) == (413, expected)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "Field required"),
        ("null", golden("all", "validation_error", "no-object")),
        ("[1]", golden("all", "validation_error", "no-object")),
        ('"x"', golden("all", "validation_error", "no-object")),
    ],
)
def test_a_body_must_be_an_object(scene: Emulator, body: str, message: str) -> None:
    assert said(post(scene, body)) == (422, {"detail": invalid(("", message))})


def test_every_place_that_is_off_is_named_and_the_first_leads(scene: Emulator) -> None:
    body = '{"name": "", "adapter_id": 1, "task": "x", "artifacts": [{"name": "a"}], "zzz": 1}'
    places = [
        ("artifacts.0.size_bytes", "Field required"),
        ("adapter_id", "Input should be a valid string"),
        ("task", "Input should be 'generate', 'rollout' or 'eval'"),
        ("name", "String should have at least 1 character"),
        ("zzz", UNKNOWN),
    ]
    assert said(post(scene, body)) == (422, {"detail": invalid(*places)})


@pytest.mark.parametrize(
    ("method", "path", "good"),
    [
        ("PATCH", "/api/me", {}),
        ("POST", "/api/workspaces", {"name": "n"}),
        ("POST", "/api/projects", {"name": "n"}),
        ("POST", "/api/runs", {"name": "n", "adapter_id": "a", "task": "eval"}),
        ("POST", "/api/api-keys", {"name": "n"}),
        ("POST", "/api/shares", {"run_id": "x"}),
    ],
)
def test_an_unknown_member_is_refused_by_every_body_but_the_clis(
    scene: Emulator, method: str, path: str, good: dict[str, str]
) -> None:
    answer = with_secret(scene, SECRET).request(method, path, json={**good, "unknown": 1})
    assert said(answer) == (422, {"detail": invalid(("unknown", UNKNOWN))})


@pytest.mark.parametrize(
    ("said_of_it", "path", "message"),
    [
        ({"name": " "}, "name", "String should have at least 1 character"),
        ({"name": "x" * 201}, "name", "String should have at most 200 characters"),
        ({"runtime": "gcp"}, "runtime", None),
        ({"metrics": {"a": True}}, "metrics.a", "Input should be a finite number"),
        ({"metrics": {"a": "1"}}, "metrics.a", "Input should be a finite number"),
        ({"cost_estimate_usd": -1}, "cost_estimate_usd", None),
        ({"duration_seconds": -0.5}, "duration_seconds", None),
        ({"artifacts": [{"name": "a", "size_bytes": -1}]}, "artifacts.0.size_bytes", None),
        (
            {"artifacts": [{"name": "a", "size_bytes": 1, "sha256": "xyz"}]},
            "artifacts.0.sha256",
            None,
        ),
        ({"log": "not a list"}, "log", None),
        ({"started_at": "2026-01-01T00:00:00"}, "started_at", None),
        (
            {"started_at": "0001-01-01T00:00:00+14:00"},
            "started_at",
            golden("all", "validation_error", "time-out-of-range"),
        ),
        (
            {"started_at": "9999-12-31T23:59:59-14:00"},
            "started_at",
            golden("all", "validation_error", "time-out-of-range"),
        ),
    ],
)
def test_a_member_out_of_bounds_is_refused_with_its_path(
    scene: Emulator, said_of_it: dict[str, Any], path: str, message: str | None
) -> None:
    run = {"name": "n", "adapter_id": "a", "task": "eval", "status": "running", **said_of_it}
    answer = with_secret(scene, SECRET).post("/api/runs", json=run)
    assert answer.status_code == 422
    why = message or answer.json()["detail"]["details"]["errors"][0]["message"]
    assert answer.json() == {"detail": invalid((path, why))}
