"""Which files the Playwright kit writes into a project, and which it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

KIT = Path(__file__).parent / "playwright"
CONFIGS = tuple(
    f"playwright.config.{suffix}" for suffix in ("ts", "mts", "cts", "js", "mjs", "cjs")
)

FILES = {
    "worldflux.config.ts": "worldflux.config.ts",
    "worldflux.ts": "tests/worldflux.ts",
    "worldflux.spec.ts": "tests/worldflux.spec.ts",
}
"""File of the kit → where it goes; besides the config, where there is none."""


@dataclass(slots=True)
class Plan:
    """What is to be written, what is there and stays, and what is left for the user to do."""

    to_write: dict[Path, str] = field(default_factory=dict)
    kept: list[Path] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def plan_files(project: Path, *, overwrites: bool) -> Plan:
    """Return what writing the kit into a project comes to; a Playwright config always stays."""
    plan = Plan()
    for name, place in FILES.items():
        path = project / place
        if path.exists() and not overwrites:
            plan.kept.append(path)
        else:
            plan.to_write[path] = (KIT / name).read_text("utf-8")
    config = next((project / name for name in CONFIGS if (project / name).exists()), None)
    if config is None:
        plan.to_write[project / CONFIGS[0]] = (KIT / CONFIGS[0]).read_text("utf-8")
    elif "worldflux.config" not in config.read_text("utf-8"):
        plan.advice += [
            f"Add to {config.name}:",
            '  import { emulatorServer } from "./worldflux.config";',
            "  webServer: [emulatorServer],  // beside what is there",
        ]
    plan.advice.append("Run: npx playwright test")
    return plan
