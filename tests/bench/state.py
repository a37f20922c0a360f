"""States in process: the cost of a snapshot, a fork, a reset and a page at any number of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from time import perf_counter

from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.surfaces.upstream.run_views import run_page_json
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.wire.run_json import render_run
from emulator.world.core.world import DEFAULT, World
from emulator.world.records.runs import Run
from emulator.world.runs.runs import create_run
from tests.bench.crowd import Crowd, crowd
from tests.bench.figures import Figure, rounded
from tests.bench.table import show
from tests.bench.timing import microseconds
from tests.support.world_builder import content

PAGE = 50
PLACES = 64
"""Pages far from one another; unlike a page that repeats, they do not fit in the CPU's caches."""

CONTENT = content()


def measure(sizes: Sequence[int]) -> list[Figure]:
    """Print and return what states and pages take."""
    crowds = {}
    for size in sizes:
        began = perf_counter()
        crowds[size] = crowd(size)
        print(f"  planted {size:,} runs in {perf_counter() - began:.1f} s", flush=True)
    return [
        *_measure("State, in process, µs (wanted: ≤ 100 and flat)", crowds, _of_states),
        *_measure("A page of 50, in process, µs (wanted: flat within 2x)", crowds, _of_pages),
    ]


def _measure(
    title: str,
    crowds: Mapping[int, Crowd],
    works_of: Callable[[Crowd], Mapping[str, Callable[[], object]]],
) -> list[Figure]:
    works = {
        (name, size): work for size, many in crowds.items() for name, work in works_of(many).items()
    }
    figures = [
        Figure(part="state", row=name, column=f"{size:,} runs", unit="µs", values=values)
        for (name, size), values in microseconds(works).items()
    ]
    names = dict.fromkeys(figure.row for figure in figures)
    rows = [_row([figure for figure in figures if figure.row == name]) for name in names]
    show(title, ["", *(f"{size:,} runs" for size in crowds), "largest/smallest"], rows)
    return figures


def _row(figures: Sequence[Figure]) -> list[str]:
    growth = figures[-1].median / figures[0].median
    return [figures[0].row, *(rounded(figure.median) for figure in figures), f"{growth:.1f}x"]


def _of_states(many: Crowd) -> Mapping[str, Callable[[], object]]:
    world = many.world
    worlds = WorldRegistry(Settings(), "empty")
    worlds.baseline = replace(worlds.baseline, state=world.state)
    worlds.reset(DEFAULT)
    elsewhere = World("elsewhere", world.state)
    earlier = world.state

    def restore() -> None:
        elsewhere.state = earlier

    def write() -> None:
        fork = World("fork", world.state)
        create_run(fork, many.owner, workspace=many.workspace, content=CONTENT)

    return {
        "snapshot": lambda: world.state,
        "fork": lambda: World("fork", world.state),
        "restore": restore,
        "reset": lambda: worlds.reset("default"),
        "fork, and create a run in it": write,
    }


def _of_pages(many: Crowd) -> Mapping[str, Callable[[], object]]:
    cursors = list(_cursors(many))
    deep = cycle(cursors)

    def page(cursor: str | None) -> list[Run]:
        before = read_cursor(cursor)
        return many.world.newest(
            Run, "workspace", many.workspace.id, limit=PAGE + 1, before=before
        )[:PAGE]

    def json_of(cursor: str | None) -> bytes:
        runs = page(cursor)
        return run_page_json(runs, cursor_after(runs[-1]))

    def rendered(cursor: str | None) -> bytes:
        return b",".join([render_run(run) for run in page(cursor)])

    return {
        "first page, records": lambda: page(None),
        "a deep page, records": lambda: page(cursors[0]),
        "first page, JSON": lambda: json_of(None),
        "a deep page, JSON": lambda: json_of(cursors[0]),
        "a deep page, JSON rendered again": lambda: rendered(cursors[0]),
        f"{PLACES} deep pages in turn, JSON": lambda: json_of(next(deep)),
    }


def _cursors(many: Crowd) -> Iterator[str]:
    """Yield cursors from the older half of the list, far from one another."""
    index = many.world.table(Run).all("workspace", many.workspace.id)
    for place in range(PLACES):
        yield cursor_after(index[PAGE + (len(index) // 2 - PAGE) * place // PLACES])
