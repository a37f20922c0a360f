"""Benchmarks: the two algorithms that train world models, and their published scores.

Real: names of models and of losses, and the scores, are those of the open-source package (its
`parity/paper_baselines.py` names the papers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.seeding.synthetic.draws import Draw

Metrics = dict[str, int | float]

GAMES: Mapping[str, float] = {
    "alien": 600,
    "amidar": 90,
    "assault": 600,
    "asterix": 900,
    "bank_heist": 350,
    "battle_zone": 12250,  # Real: from DreamerV3's paper; the package's table leaves it out.
    "boxing": 60,
    "breakout": 5,
    "chopper_command": 3000,
    "crazy_climber": 60000,
    "demon_attack": 200,
    "freeway": 25,
    "frostbite": 700,
    "gopher": 3500,
    "hero": 11000,
    "james_bond": 400,
    "kangaroo": 700,
    "krull": 7000,
    "kung_fu_master": 15000,
    "ms_pacman": 1300,
    "pong": 12,
    "private_eye": 50,
    "qbert": 1000,
    "road_runner": 10000,
    "seaquest": 300,
    "up_n_down": 7500,
}
"""The 26 games of Atari 100k with DreamerV3's scores."""

GAME_SCORES_MAX: Mapping[str, float] = {"boxing": 100, "freeway": 34, "pong": 21}
"""Games with a maximum score that good runs approach."""

CONTROLS: Mapping[str, float] = {
    "acrobot-swingup": 400,
    "cartpole-balance": 980,
    "cartpole-swingup": 850,
    "cheetah-run": 800,
    "cup-catch": 970,
    "dog-run": 500,
    "dog-walk": 700,
    "finger-spin": 960,
    "fish-swim": 400,
    "hopper-hop": 300,
    "hopper-stand": 800,
    "humanoid-run": 300,
    "humanoid-walk": 600,
    "pendulum-swingup": 800,
    "quadruped-run": 700,
    "reacher-easy": 960,
    "reacher-hard": 900,
    "walker-run": 700,
    "walker-stand": 970,
    "walker-walk": 950,
}
"""Tasks of DMControl with TD-MPC2's scores; the maximum is 1000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """An algorithm on a benchmark."""

    suite: str
    models: Mapping[str, float]
    """Parameters by adapter id."""
    scores: Mapping[str, float]
    scores_max: Mapping[str, float]
    score_max: float
    """The maximum score of targets that are not in `scores_max`."""
    steps: int
    speed: float
    """Environment steps per second in the training of a very small model."""
    losses: Callable[[Draw, float], Metrics]
    """The losses after a share of the training."""


def decay_of(share: float) -> float:
    """Return the ratio of a loss to its final value after a share of the training."""
    return 1 + 2.5 * (1 - share) * (1 - share)


def _dreamer_losses(draw: Draw, share: float) -> Metrics:
    """Return DreamerV3's losses: the sum weighs the representation KL by 0.1.

    The two KLs differ in where gradients stop, so their values are equal.
    """
    decay = decay_of(share)
    kl = round(draw.between("kl", 1.4, 4.2) * (0.7 + 0.3 * decay), 4)
    parts = {
        "reconstruction": round(draw.between("reconstruction", 4, 22) * decay, 4),
        "reward": round(draw.between("reward", 0.04, 0.5) * decay, 4),
        "continue": round(draw.between("continue", 0.001, 0.02) * decay, 5),
    }
    return {
        "loss": round(sum(parts.values()) + 1.1 * kl, 4),
        "kl_dynamics": kl,
        "kl_representation": kl,
        **parts,
        "actor": round(draw.around("actor", -0.02, 0.06), 4),
        "critic": round(draw.between("critic", 0.9, 3.1) * decay, 4),
    }


def _planner_losses(draw: Draw, share: float) -> Metrics:
    """Return TD-MPC2's losses: the sum weighs consistency by 20, reward and value by 0.1."""
    decay = decay_of(share)
    consistency = round(draw.between("consistency", 0.0008, 0.006) * decay, 5)
    reward = round(draw.between("reward", 0.3, 1.2) * decay, 4)
    td = round(draw.between("td", 0.5, 1.8) * decay, 4)
    return {
        "loss": round(20 * consistency + 0.1 * reward + 0.1 * td, 4),
        "consistency": consistency,
        "reward": reward,
        "td": td,
        "policy": round(draw.around("policy", -1.1, 0.6), 4),
    }


DREAMER = Learner(
    suite="atari100k",
    models={
        "dreamerv3:size12m": 12e6,
        "dreamerv3:size25m": 25e6,
        "dreamerv3:size50m": 50e6,
        "dreamerv3:size200m": 200e6,
    },
    scores=GAMES,
    scores_max=GAME_SCORES_MAX,
    score_max=1e9,
    steps=100_000,
    speed=16,
    losses=_dreamer_losses,
)
PLANNER = Learner(
    suite="dmcontrol",
    models={"tdmpc2:5m": 5e6, "tdmpc2:19m": 19e6, "tdmpc2:48m": 48e6},
    scores=CONTROLS,
    scores_max={},
    score_max=1000,
    steps=500_000,
    speed=38,
    losses=_planner_losses,
)
