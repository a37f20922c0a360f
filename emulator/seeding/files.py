"""Finding, reading and checking seeds; an error names the line it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from emulator.seeding.plant import Planted, plant
from emulator.seeding.schema import Seed
from emulator.seeding.yaml_text import compose, construct
from emulator.world.core.refusals import Invalid
from emulator.world.records.types import Instant

_PACKAGED = Path(__file__).parents[1] / "_seeds"
_SOURCE = Path(__file__).parents[2] / "seeds"
SUFFIXES = (".yaml", ".yml", ".json")


class SeedError(Exception):
    """A seed cannot be found or read; the message is one sentence a line and names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFile:
    """A seed that was read: its name, where it lies, its text and what that says."""

    name: str
    path: Path
    text: str
    seed: Seed


def folder() -> Path:
    """Return where the named seeds lie: in the wheel, else in the source tree."""
    return _PACKAGED if _PACKAGED.is_dir() else _SOURCE


def bundled_names() -> list[str]:
    """Return the names of the seeds that come with the emulator, sorted."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(name_or_path: str) -> Path:
    """Return the file of a seed by its name or path. Raises SeedError with the nearest match."""
    named = folder() / f"{name_or_path}.yaml"
    if "/" not in name_or_path and _is_file(named):
        return named
    path = Path(name_or_path)
    if _is_file(path):
        return path
    if path.suffix in SUFFIXES or "/" in name_or_path:
        raise SeedError(f"There is no seed file {name_or_path!r}.")
    near = get_close_matches(name_or_path, bundled_names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(bundled_names())}."
    raise SeedError(f"There is no seed {name_or_path!r}. {hint}")


def _is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that no file system takes is the name of none."""
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
    """Return the seed that YAML or JSON text describes. Raises SeedError."""
    try:
        root = compose(text)
        said = construct(text, root)
    except yaml.YAMLError as error:
        raise SeedError(f"{source}: {_sentence(error)}") from error
    try:
        return Seed.model_validate(said)
    except ValidationError as error:
        raise SeedError("\n".join(_problem(source, root, one) for one in error.errors())) from error


def plant_file(named: SeedFile, *, epoch: Instant | None = None) -> Planted:
    """Plant a seed; `epoch` is the default for one that does not pin its own. Raises SeedError."""
    pinned = "epoch" in named.seed.model_fields_set
    try:
        return plant(named.seed, name=named.name, epoch=None if pinned else epoch)
    except Invalid as refusal:
        root = compose(named.text)
        loc = tuple(refusal.path.split("."))
        raise SeedError(_complaint(str(named.path), root, loc, refusal.message)) from refusal


def _sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return problem if mark is None else f"line {mark.line + 1}: {problem}"


def _problem(source: str, root: Any, problem: ErrorDetails) -> str:
    # pydantic marks what our own validators say, and a key of a mapping, in ways of its own.
    loc = tuple(step for step in problem["loc"] if step != "[key]")
    return _complaint(source, root, loc, problem["msg"].removeprefix("Value error, "))


def _complaint(source: str, root: Any, loc: tuple[int | str, ...], message: str) -> str:
    path, line = _locate(root, loc)
    return f"{source}: line {line}: {path or 'the seed'}: {message}"


def _locate(node: Any, loc: tuple[int | str, ...]) -> tuple[str, int]:
    """Follow a location as deep as the file goes; return the path followed and its line."""
    path: list[str] = []
    line = 1 if node is None else node.start_mark.line + 1
    for step in loc:
        path.append(str(step))
        found = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and str(step).isdigit():
            place = int(step)
            if place < len(node.value):
                found = node.value[place]
                line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return ".".join(path), line
