"""Validation of seeds: reads a text as YAML and by the schema; every problem has its line."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from emulator.seeding.files import SeedError
from emulator.seeding.schema import Seed
from emulator.seeding.yaml_text import compose, construct


def validated(text: str, *, source: str) -> Seed:
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


def located(text: str, path: str, *, source: str, message: str) -> str:
    """Return a problem with a member of a text that has been read, with its line."""
    return _located(source, compose(text), tuple(path.split(".")), message)


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
