"""Which files the Playwright kit writes into a project, and which it leaves alone."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

KIT = Path(__file__).parent / "templates"
CONFIGS = tuple(
    f"playwright.config.{suffix}" for suffix in ("ts", "mts", "cts", "js", "mjs", "cjs")
)
CONFIG = "worldflux.config.ts"
TESTS = ("worldflux.ts", "worldflux.spec.ts")
"""What goes where the tests are; the config goes beside Playwright's."""

TEST_FOLDER = "tests"

_TEST_FOLDER = re.compile(r"""^[^/\n]*\btestDir\s*:\s*(["'`])([^"'`$]+)\1""", re.MULTILINE)
_COMMON_JS = re.compile(r"^[ \t]*+module\.exports\b", re.MULTILINE)
_UP = '"../worldflux.config.js"'


@dataclass(slots=True)
class Plan:
    """What is to be written, what is there and stays, and what is left for the user to do."""

    to_write: dict[Path, str] = field(default_factory=dict)
    kept: list[Path] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def plan_files(project: Path, *, overwrites: bool) -> Plan:
    """Return what writing the kit into a project comes to; a Playwright config always stays.

    Raises OSError where something is in the way, before anything is written.
    """
    plan = Plan()
    config = next((project / name for name in CONFIGS if (project / name).exists()), None)
    text = "" if config is None else config.read_text("utf-8")
    tests = _test_folder(project, text)
    up = f'"{Path(os.path.relpath(project, tests)).as_posix()}/{CONFIG.replace(".ts", ".js")}"'
    for path in (project / CONFIG, *(tests / name for name in TESTS)):
        if path.is_file() and not overwrites:
            plan.kept.append(path)
        else:
            plan.to_write[path] = (KIT / path.name).read_text("utf-8").replace(_UP, up)
    if config is None:
        plan.to_write[project / CONFIGS[0]] = (KIT / CONFIGS[0]).read_text("utf-8")
    elif "worldflux.config" not in text:
        plan.advice += [f"Add to {config.name}:", *(f"  {line}" for line in _hint(config, text))]
    for path in plan.to_write:
        _require_writable(path, project)
    plan.advice.append("Run: npx playwright test")
    return plan


def _test_folder(project: Path, config: str) -> Path:
    """Return where a config has its tests, if it says so in one word; else the kit's own choice."""
    found = _TEST_FOLDER.search(config)
    folder = project / os.path.normpath(found[2] if found else TEST_FOLDER)
    return folder if folder.resolve().is_relative_to(project.resolve()) else project / TEST_FOLDER


def _hint(config: Path, text: str) -> list[str]:
    """Return the lines that bring the emulator into a config, in the module system it is in."""
    file = f'"./{CONFIG.replace(".ts", ".js")}"'
    if config.suffix in (".mjs", ".mts") and not _is_module(config.parent):
        # Real: there the file is CommonJS, and Playwright lets ESM import none that is TypeScript.
        brought = [
            'import { createRequire } from "node:module";',
            f"const {{ emulatorServer }} = createRequire(import.meta.url)({file});",
        ]
    elif config.suffix == ".cjs" or _COMMON_JS.search(text):
        brought = [f"const {{ emulatorServer }} = require({file});"]
    else:
        brought = [f"import {{ emulatorServer }} from {file};"]
    return [*brought, "webServer: [emulatorServer],  // beside what is there"]


def _is_module(project: Path) -> bool:
    """Tell whether the files of a project are ESM unless they say otherwise."""
    for folder in (project, *project.absolute().parents):
        try:
            said = json.loads((folder / "package.json").read_text("utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            return False
        return isinstance(said, dict) and said.get("type") == "module"
    return False


def _require_writable(path: Path, project: Path) -> None:
    """Raise OSError where a file is to go and cannot."""
    if path.is_dir():
        raise IsADirectoryError(None, "There is a folder where a file is to go", str(path))
    for folder in path.relative_to(project).parents:
        if (project / folder).exists() and not (project / folder).is_dir():
            raise NotADirectoryError(
                None, "There is a file where a folder is to go", str(project / folder)
            )
