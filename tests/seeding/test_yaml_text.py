"""Hostile YAML: aliases that explode, tags on values they do not fit, numbers beyond 64 bits."""

from __future__ import annotations

import contextlib
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import cli
from emulator.persistence.envelope import wrap
from emulator.persistence.export import FORMAT, VERSION
from emulator.seeding.files import SeedError, parse
from tests.support.checked_client import Emulator
from tests.support.messages import golden

TOO_MANY = golden("seed", "yaml", "too-many-aliases")


def bomb(levels: int, *, width: int = 9, opening: str = "[", closing: str = "]") -> str:
    """Return a seed whose metadata repeats `width` to the power of `levels` words."""
    lines = [f"    a0: &a0 {opening}{', '.join(['lol'] * width)}{closing}"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"    a{level}: &a{level} [{aliases}]")
    start = "users:\n- email: a@b.test\n  password: abcdef\n  user_metadata:\n"
    return start + "\n".join(lines) + "\n"


def complaint(text: str) -> str:
    """Return what is wrong with a seed."""
    with pytest.raises(SeedError) as caught:
        parse(text, source="s")
    return str(caught.value)


@pytest.mark.parametrize("levels", [7, 20, 100])
def test_aliases_that_explode_are_refused_at_their_line(levels: int) -> None:
    # A line repeats nine times the line above it, which passes a million in the seventh.
    assert complaint(bomb(levels)) == "s: line 11: " + TOO_MANY


def test_merge_keys_that_explode_are_refused(tmp_path: Path) -> None:
    lines = ["    a0: &a0 {x: 1, y: 2}"]
    lines += [f"    a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 20)]
    text = "users:\n- email: a@b.test\n  password: abcdef\n  user_metadata:\n" + "\n".join(lines)
    assert complaint(text).rpartition(": ")[2] == TOO_MANY


def test_aliases_that_repeat_a_million_nodes_are_read() -> None:
    thousand = f"[{', '.join(['1'] * 999)}]"
    text = f"a: &a {thousand}\nb: [{', '.join(['*a'] * 1000)}]\n"
    assert "aliases" not in complaint(text)
    assert complaint(text.replace("[1,", "[1, 1,")).rpartition(": ")[2] == TOO_MANY


def test_an_alias_within_what_it_repeats_is_refused_at_its_line() -> None:
    said = complaint("users:\n- &a\n  email: a@b.test\n  user_metadata: {x: [*a]}\n")
    assert said == "s: line 4: " + golden("seed", "yaml", "alias-in-itself")


def test_a_seed_is_nested_128_levels_deep_at_most_with_its_aliases_expanded() -> None:
    deep = "[" * 124 + "]" * 124
    text = "users:\n- email: a@b.test\n  password: abcdef\n  user_metadata: {{x: {}}}\n"
    assert parse(text.format(deep), source="s").users
    said = "s: line 4: " + golden("seed", "yaml", "too-deep")
    assert complaint(text.format(f"[{deep}]")) == said
    chained = text.format(f"[&a {'[' * 70 + ']' * 70}, {'[' * 60}*a{']' * 60}]")
    assert complaint(chained) == said
    for levels in (1_000, 100_000):
        assert complaint(text.format("[" * levels + "]" * levels)).startswith("s: line 4: ")


def test_a_bomb_is_refused_by_every_command_and_route(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb(20), "utf-8")
    sentence = f"{path}: line 11: " + TOO_MANY
    for arguments in (["seeds", "check", str(path)], ["serve", "--seed", str(path), "--port", "0"]):
        result = CliRunner().invoke(cli, arguments)
        assert (result.exit_code, result.output) == (1, "Error: " + sentence + "\n")
    client = Emulator("demo").client()
    for route, body in (
        ("worlds", {"name": "w", "from": str(path)}),
        ("reset", {"seed": str(path)}),
    ):
        answer = client.post(f"/_emulator/{route}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert answer.json()["error"]["message"] == sentence


def test_a_bomb_within_an_export_is_refused() -> None:
    demo = Emulator("demo")
    text = demo.worlds.baseline.seed.text
    raw = demo.client().get("/_emulator/export").json()["content"]
    for seed in raw["seeds"]:
        assert seed["text"] == text
        seed["text"] = bomb(20)
    answer = demo.client().post(
        "/_emulator/import", content=wrap(FORMAT, VERSION, orjson.dumps(raw))
    )
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].rpartition(": ")[2] == TOO_MANY


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("!!int x", golden("seed", "yaml", "unreadable-int")),
        ('!!int ""', golden("seed", "yaml", "unreadable-int")),
        ("!!int 0x", golden("seed", "yaml", "unreadable-int")),
        ('!!int "1:a"', golden("seed", "yaml", "unreadable-int")),
        ("!!float x", golden("seed", "yaml", "unreadable-float")),
        ('!!float ""', golden("seed", "yaml", "unreadable-float")),
        ("!!bool x", golden("seed", "yaml", "unreadable-bool")),
        ("!!timestamp x", golden("seed", "yaml", "unreadable-timestamp")),
        ('!!timestamp "2001-99-99"', golden("seed", "yaml", "unreadable-timestamp")),
        ("!!map [a]", "expected a mapping node, but found sequence"),
        ("!!set [a]", "expected a mapping node, but found sequence"),
        ("9" * 5000, golden("seed", "yaml", "unreadable-int")),
        ("0x" + "f" * 5000, golden("seed", "yaml", "integer-beyond-64-bits")),
        ("18446744073709551616", golden("seed", "yaml", "integer-beyond-64-bits")),
        ("{18446744073709551616: 1}", golden("seed", "yaml", "integer-beyond-64-bits")),
    ],
    ids=lambda value: value[:20],
)
@pytest.mark.parametrize("place", ["description", "users", "auth", "plans"])
def test_a_value_that_its_tag_cannot_read_is_refused_at_its_line(
    place: str, value: str, problem: str
) -> None:
    assert complaint(f"entropy: x\n{place}:\n  {value}\n") == "s: line 3: " + problem


def test_integers_of_64_bits_are_kept(tmp_path: Path) -> None:
    text = "users:\n- {email: a@b.test, password: abcdef, user_metadata: {least: %d, most: %d}}\n"
    emulator = Emulator.of(text % (-(2**63), 2**64 - 1), tmp_path)
    client = emulator.client()
    who = {"email": "a@b.test", "password": "abcdef"}
    answer = client.post("/auth/v1/token?grant_type=password", json=who)
    metadata = answer.json()["user"]["user_metadata"]
    assert (metadata["least"], metadata["most"]) == (-(2**63), 2**64 - 1)


TAGS = ("int", "float", "bool", "null", "timestamp", "binary", "str", "map", "seq", "set", "omap")
SCALARS = (
    st.text(max_size=12)
    | st.from_regex(r"[-+]?(?:0[xob]?)?[0-9a-f_:.e+-]{0,30}", fullmatch=True)
    | st.sampled_from(("", "~", ".inf", "-.inf", ".nan", "[a]", "{a: b}", "*a", "&a b", "<<"))
)


@given(st.sampled_from(TAGS) | st.none(), SCALARS, st.booleans())
def test_whatever_a_scalar_says_the_seed_is_read_or_refused_in_a_sentence(
    tag: str | None, text: str, is_quoted: bool
) -> None:
    if is_quoted:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    value = text if tag is None else f"!!{tag} {text}"
    for template in (
        "description: {}",
        "epoch: {}",
        "{}: 1",
        "plans: {{x: {{trial_days: {}}}}}",
        "auth: {{session_timebox: {}}}",
        "users: [{{email: a@b.test, password: abcdef, user_metadata: {{x: {}}}}}]",
    ):
        with contextlib.suppress(SeedError):
            parse(template.format(value), source="s")
