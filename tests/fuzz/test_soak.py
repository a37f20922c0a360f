"""A soak runs, and would notice what grows."""

from __future__ import annotations

from collections import Counter

from tests.bench.growth import Sample
from tests.fuzz.soak import Figures, soak


def test_a_short_soak_meets_what_a_long_one_does_and_nothing_breaks() -> None:
    figures = soak(1_500, 1)
    assert figures.wrong == []
    assert figures.worlds > 10
    assert {200, 201, 204, 401, 404, 405, 409, 503} <= figures.statuses.keys()
    assert len(figures.samples) > 50


def _figures(*mib: float, descriptors: int = 10) -> Figures:
    samples = [
        Sample(requests=place, mib=one, descriptors=descriptors if place > 20 else 10)
        for place, one in enumerate(mib)
    ]
    return Figures(statuses=Counter({200: len(mib)}), samples=samples)


def test_growth_is_judged_after_the_first_tenth() -> None:
    warm = [float(place) for place in range(10)]
    assert _figures(*warm, *[100.0] * 90).wrong == []
    assert _figures(*warm, *[100.0 + place for place in range(90)]).wrong == [
        "memory grew by 80.0 MiB"
    ]


def test_descriptors_that_stay_open_are_noticed() -> None:
    assert _figures(*[50.0] * 100, descriptors=40).wrong == ["30 more descriptors are open"]


def test_a_5xx_is_noticed_unless_a_fault_asked_for_it() -> None:
    figures = _figures(*[50.0] * 100)
    figures.statuses[503] = 7
    assert figures.wrong == []
    figures.statuses[500] = 2
    assert figures.wrong == ["2 answers were a 5xx that no fault caused"]
