"""Writes the files that are made from code: `python -m tests.generate [--check]`.

With --check nothing is written; a file that is out of date is named and the exit code is 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from emulator.seeding import bundled
from emulator.seeding.files import bundled_names, find
from emulator.seeding.plant import plant
from emulator.seeding.schema import schema_text
from emulator.seeding.validation import validated
from emulator.surfaces.bff import app as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.upstream import app as upstream
from emulator.world.records.identity import User
from tests.generate.assumptions import assumption_rows
from tests.generate.documents import bff_document, control_document, upstream_document
from tests.generate.guide_tables import guide_tables
from tests.generate.tables import code_rows, operation_rows, plan_rows, seed_rows, with_tables

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "emulator"
SURFACES = {
    "bff": bff.OPERATIONS,
    "control": control.OPERATIONS,
    "stripe": stripe.OPERATIONS,
    "supabase": supabase.OPERATIONS,
    "upstream": upstream.OPERATIONS,
}


def pages() -> dict[Path, dict[str, list[str]]]:
    """Return the tables of every page of the documentation, by their names."""
    return {
        ROOT / "seeds/README.md": {"seeds": seed_rows(), "plans": plan_rows()},
        PACKAGE / "README.md": {"assumed": assumption_rows(PACKAGE)},
        PACKAGE / "surfaces/README.md": {"codes": code_rows()},
        **{
            PACKAGE / f"surfaces/{surface}/README.md": {"operations": operation_rows(operations)}
            for surface, operations in SURFACES.items()
        },
        **guide_tables(),
    }


def generated() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {
        PACKAGE / "surfaces/upstream/openapi.json": upstream_document(),
        PACKAGE / "surfaces/bff/openapi.json": bff_document(),
        PACKAGE / "surfaces/control/openapi.json": control_document(),
        ROOT / "seeds/schema.json": schema_text(),
        bundled.FILE: bundled_text(),
        **{path: with_tables(path, tables) for path, tables in pages().items()},
    }


def bundled_text() -> str:
    """Return every bundled seed as validation returns it, with the hashes of its passwords."""
    return b"".join(map(_bundled_line, bundled_names())).decode()


def _bundled_line(name: str) -> bytes:
    text = find(name).read_text("utf-8")
    seed = validated(text, source=name)
    users = plant(seed, name=name).world.table(User).rows()
    return bundled.line_of(
        text, seed, password_hashes={user.email: user.password_hash for user in users}
    )


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
