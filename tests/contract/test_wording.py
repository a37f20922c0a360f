"""The words of the project: docstrings, comments, help and messages avoid a list of them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from emulator.cli import cli

ROOT = Path(__file__).parents[2]

BANNED = {
    r"\b(?:said|told|anew|whoever|whosever|whomever|behaviour\w*|normalis\w*|serialis\w*)\b": "",
    r"(?<![Tt]here )\b(?:is|are) no (?!longer\b|cap\b)\w+": "is not a …, no longer exists",
    r"\bTell whether\b|\bTells whether\b": "Return whether",
    r"\bRefuses [A-Z]": "Raises …",
    r"(?:clients|worldflux|DESIGN|redesign)\.md": "cite a page that is public",
}
"""Pattern → what to write instead."""

TEXTS_OF_OTHERS = ("surfaces/supabase/", "wire/gotrue/", "wire/stripe/", "surfaces/stripe/")
"""Where messages are GoTrue's and Stripe's to the letter; docstrings and comments are ours."""


def sources() -> list[Path]:
    return sorted((ROOT / "emulator").rglob("*.py"))


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every string that stands alone, which documents what is around or before it."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield node.lineno, text


def comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def messages(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every other string that reads like prose."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if id(node) not in alone and " " in text:
                yield node.lineno, text


def offences(texts: Iterator[tuple[int, str]], where: str) -> list[str]:
    return [
        f"{where}:{line}: {found.group(0)!r}"
        for line, text in texts
        for pattern in BANNED
        for found in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("kind", ["docstrings", "comments", "messages"])
def test_the_source_avoids_the_banned_words(kind: str) -> None:
    found: list[str] = []
    for path in sources():
        where = path.relative_to(ROOT / "emulator").as_posix()
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        if kind == "docstrings":
            found += offences(docstrings(tree), where)
        elif kind == "comments":
            found += offences(comments(text), where)
        elif not where.startswith(TEXTS_OF_OTHERS):
            found += offences(messages(tree), where)
    assert found == []


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def test_the_help_of_the_command_line_avoids_the_banned_words() -> None:
    found: list[str] = []
    for name, command in commands(cli):
        texts = [command.help or "", command.short_help or ""]
        texts += [getattr(option, "help", "") or "" for option in command.params]
        found += offences(iter(enumerate(texts)), name)
    assert found == []


def without_old_names(page: Path) -> str:
    """Return the text of a page without the names that were renamed."""
    return re.sub(r"^## Renamed in.*?(?=^## )", "", page.read_text("utf-8"), flags=re.M | re.S)


def test_the_documentation_avoids_the_banned_words() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("emulator/**/README.md"), ROOT / "seeds/README.md"]
    found = [
        offence
        for page in pages
        for offence in offences(iter(enumerate(without_old_names(page).splitlines(), 1)), page.name)
    ]
    assert found == []


def test_a_source_tag_cites_nothing_private() -> None:
    tag = re.compile(r"(?:Real|Docs): [^\n]*\b\w+\.md\b")
    cited = [
        found.group(0)
        for path in sources()
        for found in tag.finditer(path.read_text("utf-8"))
        if not (ROOT / found.group(0).split()[-1]).is_file()
    ]
    assert cited == []
