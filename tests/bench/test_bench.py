"""The bench sends what its rows name, and notices a wrong answer. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bench import billing, planting, plugin, startup
from tests.bench.calls import SEED, Call, answer_to, port_of
from tests.bench.figures import WANTED, Figure, Wanted, members
from tests.bench.load import Load, LoadError, rate_of
from tests.bench.requests import answers_of, raw_app, scripts_of
from tests.bench.soak import soak
from tests.support.server import Running, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving("--seed", str(SEED)) as running:
        yield running


def _load(server: Running, *calls: Call) -> Load:
    requests = [(call.wire, call.status) for call in calls]
    return Load(port=port_of(server), requests=requests, seconds=0.05)


def test_every_row_is_answered_as_it_should_be_by_the_emulator_and_the_raw_app(
    server: Running,
) -> None:
    scripts = scripts_of(server)
    with raw_app(answers_of(server, scripts.values())) as raw:
        for calls in scripts_of(server).values():
            assert rate_of(_load(server, *calls)).sent > len(calls)
            assert rate_of(_load(raw, *calls)).sent > len(calls)


def test_the_mixed_row_creates_a_run_to_ten_gets_of_a_hundred_runs(server: Running) -> None:
    calls = scripts_of(server)["mixed: a create to ten gets"]
    assert len({call.path for call in calls if call.method == "GET"}) == 100
    before = _count_of_runs(server)
    sent = rate_of(_load(server, *calls)).sent
    assert _count_of_runs(server) - before == pytest.approx(sent / 11, abs=1)


def _count_of_runs(server: Running) -> int:
    state = json.loads(answer_to(server, Call(method="GET", path="/_emulator/state"))[1])
    return int(state["tables"]["runs"])


def test_an_answer_with_another_status_ends_the_load(server: Running) -> None:
    with pytest.raises(LoadError, match=r"HTTP/1\.1 401"):
        rate_of(_load(server, Call(method="GET", path="/api/runs")))


def test_a_soak_reads_creates_signs_in_resets_and_is_refused(server: Running) -> None:
    samples, statuses, _ = soak(server, 4_000)
    assert statuses.keys() == {200, 201, 401, 402, 404, 422}
    assert len(samples) == 20
    assert samples[-1].requests >= 4_000


def test_every_wanted_row_is_measured(server: Running) -> None:
    measured = {
        "requests": scripts_of(server).keys(),
        "start": {f"emulator, seed {seed}" for seed in startup.SEEDS},
        "planting": set(planting.SEEDS),
        "plugin": plugin.PROGRAMS.keys(),
        "billing": {f"seed {seed}" for seed in billing.SEEDS},
    }
    rows = {(part, row) for part, row in WANTED if part in measured}
    assert rows <= {(part, row) for part, names in measured.items() for row in names}


def test_a_median_beyond_its_bound_falls_short() -> None:
    assert Wanted("≥", 0.6).allows(0.6)
    assert not Wanted("≥", 0.6).allows(0.59)
    assert Wanted("≤", 2).allows(2)
    assert not Wanted("≤", 2).allows(2.01)
    figure = Figure(part="sync", row="new runs", unit="s", values=[0.1, 0.3, 0.4])
    assert members(figure) == {
        "part": "sync",
        "row": "new runs",
        "column": "",
        "unit": "s",
        "median": 0.3,
        "min": 0.1,
        "max": 0.4,
        "measurements": 3,
        "wanted": "≤ 0.2",
        "falls_short": True,
    }


def test_the_command_prints_json_alone_and_succeeds() -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "billing", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [figure["part"] for figure in json.loads(done.stdout)["figures"]] == ["billing"] * 3
    assert "Twelve months over HTTP" in done.stderr
