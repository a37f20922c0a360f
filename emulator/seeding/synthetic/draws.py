"""What believable runs are drawn from, and what is drawn.

Every draw has a name and hashes it: a draw that is added, left out or moved never shifts another.
Only `+ - * /` and `round` touch drawn numbers, so that every platform gets the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

from emulator.wire.run_input import ArtifactIn
from emulator.world.records.types import Task

T = TypeVar("T")


class Draw:
    """Named draws from 32 bytes of entropy; the same name gives the same value again."""

    __slots__ = ("_entropy",)

    def __init__(self, entropy: bytes) -> None:
        self._entropy = entropy

    def _bytes(self, name: str, size: int) -> bytes:
        return blake2b(name.encode(), key=self._entropy, digest_size=size).digest()

    def unit(self, name: str) -> float:
        """Return a number from 0 up to but without 1."""
        return int.from_bytes(self._bytes(name, 6)) / (1 << 48)

    def units(self, name: str, count: int) -> list[float]:
        """Return up to 32 numbers from 0 up to but without 1."""
        drawn = self._bytes(name, 2 * count)
        return [int.from_bytes(drawn[i : i + 2]) / 65536 for i in range(0, 2 * count, 2)]

    def between(self, name: str, low: float, high: float) -> float:
        """Return a number from `low` to `high`, each as likely."""
        return low + (high - low) * self.unit(name)

    def around(self, name: str, center: float, spread: float) -> float:
        """Return a number within `spread` of `center`, the nearer the likelier."""
        one, two = self.units(name, 2)
        return center + spread * (one + two - 1)

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.unit(name) * (high - low + 1))

    def one_of(self, name: str, options: Sequence[T]) -> T:
        """Return one of the options, each as likely."""
        return options[int(self.unit(name) * len(options))]

    def weighted(self, name: str, weights: Mapping[T, int]) -> T:
        """Return one of the options, as likely as its weight says."""
        left = self.unit(name) * sum(weights.values())
        for option, weight in weights.items():
            left -= weight
            if left < 0:
                return option
        raise ValueError("nothing to draw from")

    def chance(self, name: str, probability: float) -> bool:
        """Tell whether something of that probability is so."""
        return self.unit(name) < probability

    def artifact(self, name: str, size_bytes: float, *, spread: float = 0.1) -> ArtifactIn:
        """Return what is said of a file of about that size; its media type follows its name."""
        drawn = self._bytes(f"artifact {name}", 36)
        off = int.from_bytes(drawn[32:]) / (1 << 31) - 1
        return ArtifactIn.model_construct(
            name=name,
            media_type=None,
            size_bytes=round(size_bytes * (1 + spread * off)),
            sha256=drawn[:32].hex(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What some share of a run's work has come to, before its status and runtime colour it."""

    name: str
    adapter_id: str
    task: Task
    environment: str
    metrics: dict[str, int | float]
    log: list[str]
    artifacts: list[ArtifactIn]
    seconds: float
    """How long that share of the work took."""
    place: str
    """Where the work stands, as an error would say it."""
    metadata: dict[str, int | str]
    """What the CLI puts into the manifest's `metadata`."""
