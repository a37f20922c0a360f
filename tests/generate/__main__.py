"""Writes the files that are made from code: `python -m tests.generate [--check]`.

With --check nothing is written; a file that is out of date is named and the exit code is 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from emulator import __version__
from emulator.contract.catalog import Operation
from emulator.contract.legacy import route_table
from emulator.contract.openapi import build_document
from emulator.seeding.files import bundled_names, load
from emulator.seeding.schema import schema_text
from emulator.settings import Settings
from emulator.surfaces.bff import app as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.upstream import pages
from emulator.surfaces.upstream.app import OPERATIONS
from emulator.surfaces.upstream.errors import ErrorResponse
from emulator.wire.http.errors import STATUS
from emulator.world.metering.meters import METERS
from emulator.world.metering.plans import PLANS
from tests.generate.documents import bff_document, control_document
from tests.generate.guide_tables import guide_tables

ROOT = Path(__file__).parents[2]


def readme_text() -> str:
    """Return the README with its tables as they should be."""
    tables = {
        "seeds": seed_rows(),
        "plans": plan_rows(),
        "routes": route_rows(),
        "assumed": assumed(),
    }
    return with_tables(ROOT / "README.md", tables)


def seeds_readme_text() -> str:
    """Return the README of the seeds with its tables as they should be."""
    tables = {"seeds": seed_rows(), "plans": plan_rows()}
    return with_tables(ROOT / "seeds/README.md", tables)


def with_tables(path: Path, tables: Mapping[str, list[str]]) -> str:
    """Return the text of a file with each table between its markers."""
    text = path.read_text("utf-8")
    for name, rows in tables.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = "".join([before, begin, "\n", "\n".join(rows), "\n", end, after])
    return text


def surface_readme(path: Path, operations: Iterable[Operation]) -> str:
    """Return the README of a surface with its table of operations as it should be."""
    return with_tables(path, {"operations": operation_rows(operations)})


def operation_rows(operations: Iterable[Operation]) -> list[str]:
    """Return the table of a surface's operations."""
    rows = ["| Operation | Caller | |", "| --- | --- | --- |"]
    for operation in operations:
        is_missing = operation.availability == "not built"
        summary = f"Not built (501). {operation.summary}" if is_missing else operation.summary
        rows.append(f"| `{operation.id}` | {operation.caller} | {summary} |")
    return rows


def seed_rows() -> list[str]:
    """Return the table of seeds."""
    rows = ["| Seed | What it holds |", "| --- | --- |"]
    return rows + [f"| `{name}` | {load(name).seed.description} |" for name in bundled_names()]


def plan_rows() -> list[str]:
    """Return the table of plans: price and cap of every meter."""
    rows = [f"| | {' | '.join(plan.title for plan in PLANS)} |", "| --- |" + " --- |" * len(PLANS)]
    prices = [f"{one.month_price_cents} / {one.year_price_cents}" for one in PLANS]
    rows.append(f"| cents a month / a year | {' | '.join(prices)} |")
    rows.append(f"| trial days | {' | '.join(str(plan.trial_days) for plan in PLANS)} |")
    for meter in METERS:
        caps = [getattr(plan.caps, meter) for plan in PLANS]
        said = ["no cap" if cap is None else f"{cap:,}" for cap in caps]
        rows.append(f"| `{meter}` | {' | '.join(said)} |")
    return rows


def route_rows() -> list[str]:
    """Return the table of routes."""
    rows = ["| Surface | Route | Known from | For |", "| --- | --- | --- | --- |"]
    for row in route_table():
        purpose = row.purpose.replace("|", "\\|")
        rows.append(f"| {row.surface} | `{row.method} {row.path}` | {row.source} | {purpose} |")
    return rows


def assumed() -> list[str]:
    """Return every assumption that the code marks, with the module that made it."""
    rows = ["| Where | Assumed |", "| --- | --- |"]
    for path in sorted((ROOT / "emulator").rglob("*.py")):
        module = path.relative_to(ROOT / "emulator").as_posix()
        for note in notes(path.read_text("utf-8")):
            rows.append(f"| `{module}` | {note} |")
    return rows


_END = re.compile(r'"""|\s(?:Refuses?|Raises|Docs:|Real:|Measured:)(?:\s|$)')


def notes(source: str) -> list[str]:
    """Return what stands behind each `Assumed:` of a module, to the end of its paragraph."""
    lines = [line.strip() for line in source.splitlines()]
    found = []
    for place, line in enumerate(lines):
        _, mark, said = line.partition("Assumed:")
        if mark and not said.startswith("`"):
            words = [said, *_rest(lines[place + 1 :], is_comment=line.startswith("#"))]
            text = _END.split(" ".join(words))[0].strip().replace("|", "\\|")
            found.append(text[:1].upper() + text[1:])
    return found


def _rest(lines: list[str], *, is_comment: bool) -> Iterator[str]:
    """Yield the lines that go on with a paragraph."""
    for line in lines:
        if not line or (is_comment and not line.startswith("#")):
            return
        yield line.lstrip("# ")
        if '"""' in line:
            return


def upstream_document_text() -> str:
    """Return the upstream's OpenAPI document. Takes most of a second."""
    document = build_document(
        OPERATIONS,
        title=pages.TITLE,
        version=__version__,
        description=pages.DESCRIPTION,
        server_url=Settings().public_url,
        error_model=ErrorResponse,
        statuses={str(code): status for code, status in STATUS.items()},
        security_schemes=pages.SECURITY_SCHEMES,
    )
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def generated() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {
        ROOT / "emulator/surfaces/upstream/openapi.json": upstream_document_text(),
        ROOT / "emulator/surfaces/bff/openapi.json": bff_document(),
        ROOT / "emulator/surfaces/control/openapi.json": control_document(),
        ROOT / "seeds/schema.json": schema_text(),
        ROOT / "seeds/README.md": seeds_readme_text(),
        ROOT / "README.md": readme_text(),
        **{
            path: surface_readme(path, operations)
            for path, operations in (
                (ROOT / "emulator/surfaces/upstream/README.md", OPERATIONS),
                (ROOT / "emulator/surfaces/bff/README.md", bff.OPERATIONS),
                (ROOT / "emulator/surfaces/control/README.md", control.OPERATIONS),
            )
        },
        **{path: with_tables(path, tables) for path, tables in guide_tables().items()},
        **{
            path: surface_readme(path, operations)
            for path, operations in (
                (ROOT / "emulator/surfaces/stripe/README.md", stripe.OPERATIONS),
                (ROOT / "emulator/surfaces/supabase/README.md", supabase.OPERATIONS),
            )
        },
    }


def main() -> None:
    """Write, or check, every generated file."""
    is_check = "--check" in sys.argv
    stale = []
    for path, text in generated().items():
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
            if not is_check:
                path.write_text(text, "utf-8")
    for name in stale:
        print(f"{'out of date, run make generate' if is_check else 'written'}: {name}")
    sys.exit(1 if is_check and stale else 0)


if __name__ == "__main__":
    main()
