"""Playwright scaffold: plans which files of the kit are written into a project."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
CONFIGS = tuple(
    f"playwright.config.{suffix}" for suffix in ("ts", "mts", "cts", "js", "mjs", "cjs")
)
CONFIG = "worldflux.config.ts"
TESTS = ("worldflux.ts", "worldflux.spec.ts")
"""The files of the test folder; the config goes beside Playwright's."""

TEST_FOLDER = "tests"

_TEST_FOLDER = re.compile(r"""^[^/\n]*\btestDir\s*:\s*(["'`])([^"'`$]+)\1""", re.MULTILINE)
_COMMON_JS = re.compile(r"^[ \t]*+module\.exports\b", re.MULTILINE)
_UP = '"../worldflux.config.js"'


@dataclass(slots=True)
class Plan:
    """The files to write, the existing files to leave alone, and advice for the user."""

    to_write: dict[Path, str] = field(default_factory=dict)
    existing: list[Path] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def plan_files(project: Path, *, overwrites: bool) -> Plan:
    """Return the plan for a project; an existing Playwright config is never overwritten.

    Raises OSError where a file cannot be written.
    """
    plan = Plan()
    config = next((project / name for name in CONFIGS if (project / name).exists()), None)
    text = "" if config is None else config.read_text("utf-8")
    tests = _test_folder(project, text)
    up = f'"{Path(os.path.relpath(project, tests)).as_posix()}/{CONFIG.replace(".ts", ".js")}"'
    for path in (project / CONFIG, *(tests / name for name in TESTS)):
        if path.is_file() and not overwrites:
            plan.existing.append(path)
        else:
            plan.to_write[path] = (TEMPLATES / path.name).read_text("utf-8").replace(_UP, up)
    if config is None:
        plan.to_write[project / CONFIGS[0]] = (TEMPLATES / CONFIGS[0]).read_text("utf-8")
    elif "worldflux.config" not in text:
        plan.advice += [f"Add to {config.name}:", *(f"  {line}" for line in _hint(config, text))]
    for path in plan.to_write:
        _require_writable(path, project)
    plan.advice.append("Run: npx playwright test")
    return plan


def _test_folder(project: Path, config: str) -> Path:
    """Return the testDir of a config where it is a literal inside the project, else the default."""
    found = _TEST_FOLDER.search(config)
    folder = project / os.path.normpath(found[2] if found else TEST_FOLDER)
    return folder if folder.resolve().is_relative_to(project.resolve()) else project / TEST_FOLDER


def _hint(config: Path, text: str) -> list[str]:
    """Return the lines that add the emulator to a config, in the config's module system."""
    file = f'"./{CONFIG.replace(".ts", ".js")}"'
    if config.suffix in (".mjs", ".mts") and not _is_module(config.parent):
        # Real: in such a project worldflux.config.ts is CommonJS, and Playwright (@playwright/test
        # 1.65.1) refuses to import a TypeScript file that is CommonJS from an ES module.
        lines = [
            'import { createRequire } from "node:module";',
            f"const {{ emulatorServer }} = createRequire(import.meta.url)({file});",
        ]
    elif config.suffix == ".cjs" or _COMMON_JS.search(text):
        lines = [f"const {{ emulatorServer }} = require({file});"]
    else:
        lines = [f"import {{ emulatorServer }} from {file};"]
    return [*lines, "webServer: [emulatorServer],  // beside your own servers"]


def _is_module(project: Path) -> bool:
    """Return whether the nearest package.json makes a project's files ES modules by default."""
    for folder in (project, *project.absolute().parents):
        try:
            package = json.loads((folder / "package.json").read_text("utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            return False
        return isinstance(package, dict) and package.get("type") == "module"
    return False


def _require_writable(path: Path, project: Path) -> None:
    """Raise OSError where a file cannot be written."""
    if path.is_dir():
        raise IsADirectoryError(None, "A folder is in the way of a file", str(path))
    for folder in path.relative_to(project).parents:
        if (project / folder).exists() and not (project / folder).is_dir():
            raise NotADirectoryError(
                None, "A file is in the way of a folder", str(project / folder)
            )
