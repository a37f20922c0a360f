"""Deterministic draws, and the sketch of a run that is made from them.

Each draw hashes its name, so that adding, removing or moving a draw does not change any other.
Drawn numbers only go through `+ - * /` and `round`, which give the same bits on every platform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from struct import unpack
from typing import TypeVar

from emulator.wire.media_types import media_type_of
from emulator.world.records.types import Task
from emulator.world.runs.runs import ArtifactContent

T = TypeVar("T")


_UNIT = 2.0**-48


class Draw:
    """Named draws from 32 bytes of entropy; the same name gives the same value."""

    __slots__ = ("_entropy", "_six_bytes")

    def __init__(self, entropy: bytes) -> None:
        self._entropy = entropy
        self._six_bytes = blake2b(key=entropy, digest_size=6)
        """Copied for each draw, which is twice as fast as hashing with a key."""

    def _bytes(self, name: str, size: int) -> bytes:
        return blake2b(name.encode(), key=self._entropy, digest_size=size).digest()

    def unit(self, name: str) -> float:
        """Return a number of at least 0 and below 1."""
        drawn = self._six_bytes.copy()
        drawn.update(name.encode())
        return int.from_bytes(drawn.digest()) * _UNIT

    def units(self, name: str, count: int) -> list[float]:
        """Return up to 32 numbers of at least 0 and below 1."""
        return [number / 65536 for number in unpack(f">{count}H", self._bytes(name, 2 * count))]

    def between(self, name: str, low: float, high: float) -> float:
        """Return a number from `low` to `high`, uniformly distributed."""
        return low + (high - low) * self.unit(name)

    def around(self, name: str, center: float, spread: float) -> float:
        """Return a number within `spread` of `center`, triangularly distributed."""
        first, second = unpack(">2H", self._bytes(name, 4))
        return center + spread * (first / 65536 + second / 65536 - 1)

    def whole(self, name: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.unit(name) * (high - low + 1))

    def one_of(self, name: str, options: Sequence[T]) -> T:
        """Return an option, all of them equally likely."""
        return options[int(self.unit(name) * len(options))]

    def weighted(self, name: str, weights: Mapping[T, int]) -> T:
        """Return an option, as likely as its weight."""
        left = self.unit(name) * sum(weights.values())
        for option, weight in weights.items():
            left -= weight
            if left < 0:
                return option
        raise ValueError("nothing to draw from")

    def chance(self, name: str, probability: float) -> bool:
        """Return whether an event of some probability happens."""
        return self.unit(name) < probability

    def artifact(self, name: str, size_bytes: float, *, spread: float = 0.1) -> ArtifactContent:
        """Return an artifact of about some size; its media type follows from its name."""
        drawn = self._bytes(f"artifact {name}", 36)
        off = int.from_bytes(drawn[32:]) / (1 << 31) - 1
        return ArtifactContent(
            name=name,
            media_type=media_type_of(name),
            size_bytes=round(size_bytes * (1 + spread * off)),
            sha256=drawn[:32].hex(),
        )


@dataclass(slots=True, kw_only=True)
class Sketch:
    """The result of some share of a run's work, before its status and runtime are applied."""

    name: str
    adapter_id: str
    task: Task
    environment: str
    metrics: dict[str, int | float]
    log: list[str]
    artifacts: list[ArtifactContent]
    seconds: float
    """Time that the share of the work took."""
    place: str
    """Position in the work, as an error message names it."""
    metadata: dict[str, int | str]
    """The `metadata` of the manifest, as the CLI writes it."""
