"""Seed files: finds, reads and plants them; an error names its line."""

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
    try:
        root = compose(text)
        members = construct(text, root)
    except yaml.YAMLError as error:
        raise SeedError(f"{source}: {_sentence(error)}") from error
    try:
        return Seed.model_validate(members)
    except ValidationError as error:
        problems = [_problem(source, root, problem) for problem in error.errors()]
        raise SeedError("\n".join(problems)) from error


def plant_file(file: SeedFile, *, epoch: Instant | None = None) -> Planted:
    """Plant a seed; `epoch` applies unless the seed sets its own. Raises SeedError."""
    pinned = "epoch" in file.seed.model_fields_set
    try:
        return plant(file.seed, name=file.name, epoch=None if pinned else epoch)
    except Invalid as refusal:
        root = compose(file.text)
        loc = tuple(refusal.path.split("."))
        raise SeedError(_located(str(file.path), root, loc, refusal.message)) from refusal


def _sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return problem if mark is None else f"line {mark.line + 1}: {problem}"


def _problem(source: str, root: Any, problem: ErrorDetails) -> str:
    # pydantic marks mapping keys and the messages of our own validators.
    loc = tuple(step for step in problem["loc"] if step != "[key]")
    return _located(source, root, loc, problem["msg"].removeprefix("Value error, "))


def _located(source: str, root: Any, loc: tuple[int | str, ...], message: str) -> str:
    path, line = _locate(root, loc)
    return f"{source}: line {line}: {path or 'the seed'}: {message}"


def _locate(node: Any, loc: tuple[int | str, ...]) -> tuple[str, int]:
    """Return the part of a location that exists in the file, and its line."""
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
