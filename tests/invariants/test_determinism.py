"""Same seed and same calls give the same bytes, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fixture_seed import stage
from tests.support.random_walk import Walk

STEPS = 300


def walked(seed: int, hash_seed: str) -> list[str]:
    """Walk in a process of its own and return its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.random_walk", str(seed), str(STEPS)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("seed", [1, 2])
def test_processes_that_hash_differently_answer_the_same(seed: int) -> None:
    # Two hash seeds under which even sets of two methods come in another order.
    one, other = walked(seed, "1"), walked(seed, "4")
    assert len(one) == STEPS
    assert one == other


def test_another_walk_is_another(tmp_path: Path) -> None:
    one, other = (Walk(stage(tmp_path), seed).run(30) for seed in (1, 2))
    assert one != other


def test_the_walk_meets_every_kind_of_answer(tmp_path: Path) -> None:
    lines = [line for seed in (1, 2) for line in Walk(stage(tmp_path), seed).run(STEPS)]
    statuses = {line.split()[2] for line in lines}
    assert statuses >= {"200", "201", "204", "400", "401", "402", "403", "404", "405"}
    assert statuses >= {"303", "409", "410", "422", "501"}
    assert "500" not in statuses
    assert len({line.split()[3] for line in lines}) > 2 * STEPS // 5


def test_the_name_of_the_seeds_file_decides_what_is_minted_unless_the_seed_says(
    tmp_path: Path,
) -> None:
    from tests.support.checked_client import Emulator

    def digest(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(Emulator(str(path)).world.state.digest)

    user = "users: [{email: a@b.c, password: secret}]\n"
    assert digest("one.yaml", user) != digest("two.yaml", user)
    assert digest("one.yaml", "entropy: x\n" + user) == digest("two.yaml", "entropy: x\n" + user)
