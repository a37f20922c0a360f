"""Growth of a server under a soak: samples of its memory and descriptors, and their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.processes import open_descriptors, resident_mib

GROWTH_MIB = 16.0
"""What the allocator may keep: worlds come and go."""

MORE_DESCRIPTORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The resources of a server after a number of requests."""

    requests: int
    mib: float
    descriptors: int


def take_sample(pid: int, requests: int) -> Sample:
    """Return the resources of a process."""
    return Sample(requests=requests, mib=resident_mib(pid), descriptors=open_descriptors(pid))


def second_tenth(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples after the first tenth, in which everything happens for the first time."""
    tenth = max(1, len(samples) // 10)
    return samples[tenth : 2 * tenth]


def last_tenth(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples at the end."""
    return samples[-max(1, len(samples) // 10) :]


def growth_mib(samples: Sequence[Sample]) -> float:
    """Return how much more memory the server has at the end than after the first tenth."""
    early, late = (
        median(sample.mib for sample in tenth)
        for tenth in (second_tenth(samples), last_tenth(samples))
    )
    return late - early


def more_descriptors(samples: Sequence[Sample]) -> int:
    """Return how many more descriptors are open at the end than after the first tenth."""
    early, late = (
        max(sample.descriptors for sample in tenth)
        for tenth in (second_tenth(samples), last_tenth(samples))
    )
    return late - early
