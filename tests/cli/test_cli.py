"""The command line, in process; what needs a server of its own is in `test_serve.py`."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulator import __version__
from emulator.app import operation_catalog
from emulator.cli import cli
from emulator.seeding.files import bundled_names, folder, load, plant_file
from emulator.seeding.schema import schema_text
from emulator.settings import WEBHOOK_SECRET, Settings
from tests.support.fixture_seed import SECRET, SEED
from tests.support.messages import golden

VARIABLES = [
    "WORLDFLUX_CLOUD_API_URL",
    "WORLDFLUX_CLOUD_API_KEY",
    "NEXT_PUBLIC_SUPABASE_URL",
    "NEXT_PUBLIC_SUPABASE_ANON_KEY",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_JWT_SECRET",
    "STRIPE_WEBHOOK_SECRET",
    "WORLDFLUX_E2E_FIXTURES",
]
WHY = golden("cli", "env", "fixtures-comment-of-dotenv")


def run(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(cli, list(arguments), prog_name="worldflux-emulator")


def said(*arguments: str) -> str:
    """Run the command line, which must end well, and return what it printed."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def complaint(*arguments: str) -> str:
    """Run the command line, which must end with 1, and return what it complained of."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


@pytest.fixture
def seed(tmp_path: Path) -> str:
    """Return the path of the scene's seed."""
    path = tmp_path / "scene.yaml"
    path.write_text(SEED)
    return str(path)


def test_the_version_is_said() -> None:
    assert said("--version") == f"worldflux-emulator, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("bogus",),
        ("serve", "--port", "65536"),
        ("serve", "--clock", "sundial"),
        ("env", "--yaml"),
        ("seeds", "check"),
    ],
    ids=str,
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: worldflux-emulator")


def values(seed: str) -> dict[str, str]:
    """Return the variables of a seed."""
    shown: dict[str, str] = json.loads(said("env", "--seed", seed, "--json"))
    return shown


def test_env_points_a_dashboard_and_the_cli_here(seed: str) -> None:
    shown = values(seed)
    assert list(shown) == VARIABLES
    url = "http://localhost:8787"
    assert [shown[name] for name in (*VARIABLES[:3], VARIABLES[7])] == [url, SECRET, url, "0"]
    assert shown["STRIPE_WEBHOOK_SECRET"] == WEBHOOK_SECRET
    assert shown["SUPABASE_JWT_SECRET"] == Settings().jwt_secret
    other = json.loads(said("env", "--seed", seed, "--url", "http://emulator:9/", "--json"))
    moved = dict.fromkeys((VARIABLES[0], VARIABLES[2]), "http://emulator:9")
    assert other == {**shown, **moved}


def test_env_prints_shell_lines_and_dotenv_lines_of_the_same(seed: str) -> None:
    shown = values(seed)
    lines = [f"{name}={value}" for name, value in shown.items()]
    assert said("env", "--seed", seed, "--dotenv").splitlines() == [WHY, *lines]
    exports = [f"export {line}" for line in lines[:-1]]
    comment = golden("cli", "env", "fixtures-comment")
    assert said("env", "--seed", seed).splitlines() == [*exports, comment]


def test_env_of_a_seed_without_keys_names_none() -> None:
    shown = values("empty")
    assert list(shown) == [name for name in VARIABLES if name != "WORLDFLUX_CLOUD_API_KEY"]


def test_routes_prints_every_operation_with_where_it_is_known_from() -> None:
    operations = tuple(operation_catalog())
    printed = json.loads(said("routes", "--json"))
    assert [row["id"] for row in printed] == [each.id for each in operations]
    assert printed[0] == {
        "surface": "bff",
        "method": "GET",
        "path": "/api/cloud/me",
        "id": "GET /api/cloud/me",
        "provenance": "base contract",
        "availability": "built",
        "summary": operations[0].summary,
    }
    lines = said("routes").splitlines()
    assert len(lines) == len(operations)
    for line, each in zip(lines, operations, strict=True):
        assert line.split()[:3] == [each.method, each.path, each.surface]
        assert each.provenance in line
        assert line.endswith(each.summary)


def test_seeds_list_describes_every_seed_on_a_line() -> None:
    lines = said("seeds", "list").splitlines()
    assert [line.split()[0] for line in lines] == bundled_names()
    assert all(line.endswith(load(line.split()[0]).seed.description) for line in lines)
    assert {"empty", "onboarding", "demo", "quota-edge", "crowded"} <= set(bundled_names())


@pytest.mark.parametrize("name", ["empty", "demo"])
def test_seeds_show_prints_the_file_as_it_is(name: str, seed: str) -> None:
    assert said("seeds", "show", name) == (folder() / f"{name}.yaml").read_text("utf-8")
    assert said("seeds", "show", seed) == SEED


def test_seeds_check_prints_the_digest(seed: str) -> None:
    digest = plant_file(load(seed)).world.state.digest
    assert said("seeds", "check", seed) == f"scene: valid, digest {digest}\n"


def test_seeds_schema_prints_the_schema_or_writes_it(tmp_path: Path) -> None:
    assert said("seeds", "schema") == schema_text() == (folder() / "schema.json").read_text()
    path = tmp_path / "schema.json"
    assert said("seeds", "schema", "--output", str(path)) == ""
    assert path.read_text() == schema_text()
    missing = str(tmp_path / "no" / "schema.json")
    assert complaint("seeds", "schema", "--output", missing) == (
        f"Error: No such file or directory: {missing!r}\n"
    )


COMMANDS = [
    ("serve", "--port", "0", "--seed"),
    ("env", "--seed"),
    ("seeds", "check"),
    ("seeds", "show"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("demmo", golden("seed", "name", "no-seed-demmo")),
        ("quota_edge", golden("seed", "name", "no-seed-quota_edge")),
        ("zzz", golden("seed", "name", "no-seed-like-it", names=", ".join(bundled_names()))),
        ("no/such.yaml", golden("seed", "name", "no-file-in-folder")),
        ("such.json", golden("seed", "name", "no-file")),
    ],
)
def test_an_unknown_seed_is_said_plainly_with_the_nearest_match(
    command: tuple[str, ...], name: str, message: str
) -> None:
    assert complaint(*command, name) == "Error: " + message + "\n"


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_bad_seed_is_said_with_the_line_of_every_mistake(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("users:\n  - email: a@b.c\n    password: x\n    shoe_size: 44\n")
    assert complaint(*command, str(bad)) == (
        f"Error: {bad}: line 3: users.0.password: String should have at least 6 characters\n"
        f"{bad}: line 4: users.0.shoe_size: Extra inputs are not permitted\n"
    )


def test_an_address_that_is_not_ours_is_said_plainly() -> None:
    reason = os.strerror(errno.EADDRNOTAVAIL)
    assert complaint("serve", "--host", "192.0.2.1", "--port", "0", "--seed", "empty") == (
        golden("cli", "serve", "cannot-listen", reason=reason)
    )


def test_every_command_says_what_it_is_for() -> None:
    assert all(command.help for command in cli.commands.values())
