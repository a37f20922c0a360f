"""List of assumptions: what the code marks with `Assumed:`, by package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_END = re.compile(r'"""|\s(?:Raises|Docs:|Real:|Measured:)(?:\s|$)')


def assumption_rows(package: Path) -> list[str]:
    """Return every assumption in a package's modules, grouped by subpackage."""
    rows: list[str] = []
    group = ""
    for path in sorted(package.rglob("*.py")):
        module = path.relative_to(package)
        for note in notes(path.read_text("utf-8")):
            if module.parent.as_posix() != group:
                group = module.parent.as_posix()
                rows += ["", f"### `{group}`", ""]
            rows.append(f"- {note} (`{module.name}`)")
    return rows[1:]


def notes(source: str) -> list[str]:
    """Return what follows each `Assumed:` of a module, to the end of its paragraph."""
    lines = [line.strip() for line in source.splitlines()]
    found = []
    for place, line in enumerate(lines):
        _, mark, text = line.partition("Assumed:")
        if mark and not text.startswith("`"):
            words = [text, *_rest(lines[place + 1 :], is_comment=line.startswith("#"))]
            note = _END.split(" ".join(words))[0].strip()
            found.append(note[:1].upper() + note[1:])
    return found


def _rest(lines: list[str], *, is_comment: bool) -> Iterator[str]:
    """Yield the following lines of a paragraph."""
    for line in lines:
        if not line or (is_comment and not line.startswith("#")):
            return
        yield line.lstrip("# ")
        if '"""' in line:
            return
