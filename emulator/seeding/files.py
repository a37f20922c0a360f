"""Seed files: finds, reads and plants them; an error names its line.

What only a seed that is not bundled needs, or an error, is imported on first use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.seeding.bundled import bundled_seed
from emulator.seeding.plant import Planted, plant
from emulator.world.core.refusals import Invalid
from emulator.world.records.types import Instant

if TYPE_CHECKING:
    from emulator.seeding.schema import Seed

_PACKAGED = Path(__file__).parents[1] / "_seeds"
_SOURCE = Path(__file__).parents[2] / "seeds"
SUFFIXES = (".yaml", ".yml", ".json")


class SeedError(Exception):
    """A seed cannot be found, read or planted; the message has a line for each mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFile:
    """A seed with the file that it was read from."""

    name: str
    path: Path
    text: str
    seed: Seed


def folder() -> Path:
    """Return the folder of the bundled seeds: in the wheel, else in the source tree."""
    return _PACKAGED if _PACKAGED.is_dir() else _SOURCE


def bundled_names() -> list[str]:
    """Return the names of the bundled seeds, sorted."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(name_or_path: str) -> Path:
    """Return the file of a seed by its name or path. Raises SeedError with a suggestion."""
    named = folder() / f"{name_or_path}.yaml"
    if "/" not in name_or_path and _is_file(named):
        return named
    path = Path(name_or_path)
    if _is_file(path):
        return path
    if path.suffix in SUFFIXES or "/" in name_or_path:
        raise SeedError(f"Seed file {name_or_path!r} does not exist.")
    from difflib import get_close_matches

    near = get_close_matches(name_or_path, bundled_names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Available: {', '.join(bundled_names())}."
    raise SeedError(f"Seed {name_or_path!r} does not exist. {hint}")


def _is_file(path: Path) -> bool:
    """Return whether a file exists; a name that the file system rejects does not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def load(name_or_path: str) -> SeedFile:
    """Read a seed by its name or path. Raises SeedError."""
    path = find(name_or_path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"{path}: cannot be read: {error}") from error
    return SeedFile(name=path.stem, path=path, text=text, seed=parse(text, source=str(path)))


@lru_cache(maxsize=16)
def parse(text: str, *, source: str) -> Seed:
    """Return the seed in a YAML or JSON text. Raises SeedError."""
    seed = bundled_seed(text)
    if seed is not None:
        return seed
    from emulator.seeding.validation import validated

    return validated(text, source=source)


def plant_file(file: SeedFile, *, epoch: Instant | None = None) -> Planted:
    """Plant a seed; `epoch` applies unless the seed sets its own. Raises SeedError."""
    pinned = "epoch" in file.seed.model_fields_set
    try:
        return plant(file.seed, name=file.name, epoch=None if pinned else epoch)
    except Invalid as refusal:
        from emulator.seeding.validation import located

        problem = located(file.text, refusal.path, source=str(file.path), message=refusal.message)
        raise SeedError(problem) from refusal
