"""Figures: medians of what was measured, what is wanted of them, and those that fall short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from tests.bench.table import show


@dataclass(frozen=True, slots=True)
class Wanted:
    """A bound that a median should respect."""

    sign: Literal["≥", "≤"]
    bound: float

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"

    def allows(self, value: float) -> bool:
        """Return whether a value respects the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured for a row of a part, in a unit; `column` where the row has several."""

    part: str
    row: str
    unit: str
    values: Sequence[float]
    column: str = ""

    @property
    def name(self) -> str:
        """Its part, row and column."""
        return f"{self.part}: {self.row}{self.column and f', {self.column}'}"

    @property
    def median(self) -> float:
        """The value in the middle."""
        return median(self.values)

    @property
    def wanted(self) -> Wanted | None:
        """What is wanted of it."""
        return WANTED.get((self.part, self.row))

    @property
    def falls_short(self) -> bool:
        """Whether it is not as wanted."""
        return self.wanted is not None and not self.wanted.allows(self.median)

    @property
    def cells(self) -> list[str]:
        """Its median with the least and the greatest value, and what is wanted."""
        return [self.cell, str(self.wanted or "")]

    @property
    def cell(self) -> str:
        """Its median with the least and the greatest value."""
        low, high = min(self.values), max(self.values)
        spread = f" ({rounded(low)}–{rounded(high)})" if len(self.values) > 1 else ""
        return rounded(self.median) + spread


WANTED = {
    ("requests", "get a run"): Wanted("≥", 0.60),
    ("requests", "list 50"): Wanted("≥", 0.60),
    ("requests", "me through the BFF"): Wanted("≥", 0.50),
    ("requests", "list 50 through the BFF"): Wanted("≥", 0.50),
    ("requests", "create a run"): Wanted("≥", 0.22),
    ("requests", "create through the BFF"): Wanted("≥", 0.18),
    ("requests", "mixed: a create to ten gets"): Wanted("≥", 0.30),
    ("requests", "GoTrue: user"): Wanted("≥", 0.45),
    ("start", "emulator, seed demo"): Wanted("≤", 2.2),
    ("start", "emulator, seed crowded"): Wanted("≤", 6),
    ("sync", "new runs"): Wanted("≤", 0.2),
    ("planting", "demo"): Wanted("≤", 10),
    ("planting", "quota-edge"): Wanted("≤", 4),
    ("planting", "crowded"): Wanted("≤", 500),
    ("plugin", "a world and a first request"): Wanted("≤", 2),
    ("worlds", "first request that names a new world"): Wanted("≤", 0.34),
    ("worlds", "fork with a port of its own"): Wanted("≤", 0.54),
    ("memory", "a server, sent runs by cli-sync"): Wanted("≤", 20),
    ("watchers", "4 watchers"): Wanted("≥", 0.85),
    ("billing", "seed trialing"): Wanted("≤", 1000),
    ("billing", "seed past-due"): Wanted("≤", 1000),
    ("billing", "seed onboarding"): Wanted("≤", 1000),
    ("soak", "memory after the first tenth"): Wanted("≤", 16),
    ("soak", "descriptors after the first tenth"): Wanted("≤", 2),
    ("state", "snapshot"): Wanted("≤", 100),
    ("state", "fork"): Wanted("≤", 100),
    ("state", "restore"): Wanted("≤", 100),
    ("state", "reset"): Wanted("≤", 100),
}
"""What is wanted of a part's row. Nothing asserts it: a run ends with the rows that fall short."""


def show_figures(title: str, figures: Iterable[Figure], *, head: str = "median (min–max)") -> None:
    """Print a table with a line for each figure."""
    show(title, ["", head, "wanted"], [[figure.row, *figure.cells] for figure in figures])


def show_shortfalls(figures: Sequence[Figure]) -> None:
    """Print the rows that fall short of what is wanted."""
    short = [
        [figure.name, rounded(figure.median), figure.unit, str(figure.wanted)]
        for figure in figures
        if figure.falls_short
    ]
    judged = sum(figure.wanted is not None for figure in figures)
    if short:
        title = f"Short of what is wanted: {len(short)} of {judged} rows"
        show(title, ["", "median", "unit", "wanted"], short)
    elif judged:
        print(f"\nNone of {judged} rows falls short of what is wanted.")


def members(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON."""
    wanted = figure.wanted
    return {
        "part": figure.part,
        "row": figure.row,
        "column": figure.column,
        "unit": figure.unit,
        "median": round(figure.median, 6),
        "min": round(min(figure.values), 6),
        "max": round(max(figure.values), 6),
        "measurements": len(figure.values),
        "wanted": None if wanted is None else str(wanted),
        "falls_short": figure.falls_short,
    }


def rounded(value: float) -> str:
    """Return a number with three digits or so."""
    places = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{places}f}"
