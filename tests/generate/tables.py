"""Tables of the documentation: seeds, plans, operations, error codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from emulator.contract.catalog import Operation
from emulator.seeding.files import bundled_names, load
from emulator.wire.http.codes import STATUS
from emulator.world.metering.meters import METERS
from emulator.world.metering.plans import PLANS


def with_tables(path: Path, tables: Mapping[str, list[str]]) -> str:
    """Return the text of a file with each table between its markers."""
    text = path.read_text("utf-8")
    for name, rows in tables.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = "".join([before, begin, "\n", "\n".join(rows), "\n", end, after])
    return text


def seed_rows() -> list[str]:
    """Return the table of seeds."""
    rows = ["| Seed | What it contains |", "| --- | --- |"]
    return rows + [f"| `{name}` | {load(name).seed.description} |" for name in bundled_names()]


def plan_rows() -> list[str]:
    """Return the table of plans: price and cap of every meter."""
    rows = [f"| | {' | '.join(plan.title for plan in PLANS)} |", "| --- |" + " --- |" * len(PLANS)]
    prices = [f"{plan.month_price_cents} / {plan.year_price_cents}" for plan in PLANS]
    rows.append(f"| cents a month / a year | {' | '.join(prices)} |")
    rows.append(f"| trial days | {' | '.join(str(plan.trial_days) for plan in PLANS)} |")
    for meter in METERS:
        caps = [getattr(plan.caps, meter) for plan in PLANS]
        texts = ["no cap" if cap is None else f"{cap:,}" for cap in caps]
        rows.append(f"| `{meter}` | {' | '.join(texts)} |")
    return rows


def operation_rows(operations: Iterable[Operation]) -> list[str]:
    """Return the table of a surface's operations."""
    rows = ["| Operation | Known from | |", "| --- | --- | --- |"]
    for operation in operations:
        summary = operation.summary.replace("|", "\\|")
        if operation.availability == "not built":
            summary = f"Not built: responds with 501. {summary}"
        route = f"{operation.method} {operation.path}"
        name = f"`{route}`" if operation.id == route else f"`{route}` `{operation.id}`"
        rows.append(f"| {name} | {operation.provenance} | {summary.strip()} |")
    return rows


def code_rows() -> list[str]:
    """Return the table of error codes with their statuses."""
    return [
        "| Code | Status |",
        "| --- | --- |",
        *(f"| `{code}` | {status} |" for code, status in STATUS.items()),
    ]
