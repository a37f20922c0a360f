"""Where the calls of an episode are made: a seed and the settings of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emulator.seeding.files import SeedFile, load
from tests.support.fixture_seed import SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A seed, by its name or as a text, and settings. In wall mode any call may move the clock."""

    name: str
    named: str = ""
    text: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def seed(self) -> SeedFile:
        """Return the seed, read once."""
        return _read(self.named, self.text)


@lru_cache
def _read(name: str, text: str) -> SeedFile:
    if not text:
        return load(name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.yaml"
        path.write_text(text, "utf-8")
        return load(str(path))


_HOOK = "\nwebhooks: [{url: 'http://localhost:9/hook'}]\n"

SCENES = {
    scene.name: scene
    for scene in (
        Scene(name="scene", text=SEED),
        Scene(name="hooked", text=SEED + _HOOK),
        Scene(name="demo", named="demo"),
        Scene(name="trialing", named="trialing"),
        Scene(name="past-due", named="past-due"),
        Scene(name="quota-edge", named="quota-edge"),
        Scene(name="empty", named="empty"),
        Scene(name="strict", text=SEED, settings={"makes_worlds_lazily": False}),
        Scene(name="production", named="demo", settings={"e2e_fixtures": False}),
        Scene(name="wall", text=SEED, settings={"is_wall_clock": True}),
    )
}
"""By name; an episode draws one."""
