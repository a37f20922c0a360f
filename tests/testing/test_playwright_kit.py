"""The Playwright kit, written into a temporary project and run in real Chromium."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from emulator.cli import cli
from tests.support.messages import golden
from tests.support.readme import ROOT, example
from tests.support.replaying import replay
from tests.support.requirements import absent
from tests.support.server import Running

pytestmark = pytest.mark.usefixtures("this_tree")

Launch = Callable[..., Running]

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

FILES = [
    "playwright.config.ts",
    "tests/worldflux.spec.ts",
    "tests/worldflux.ts",
    "worldflux.config.ts",
]

FAILS = """
import { expect, test } from "./worldflux";
import { emulatorUrl } from "../worldflux.config";
const data = { email: "mara@example.com", password: "demo-password" };
test("fails", async ({ request, world }) => {
  expect(await world.requests()).toHaveLength(0);
  expect(await request.post(`${emulatorUrl}/api/auth/login`, { data })).toBeOK();
  expect(1).toBe(2);
});
"""

ENOUGH = "Testing stopped early after"
"""What Playwright says where `--max-failures` is reached."""

SHARED = {
    "const name = worldName(testInfo);": 'const name = "shared";\n    void worldName;',
    # Neither made anew nor deleted: it is simply the same for all.
    "await api.delete(`${controlUrl}/worlds/${name}`);\n      response = await post();": (
        "response = await api.get(`${controlUrl}/worlds/${name}`);"
    ),
    "await world.delete();\n    } else {": "} else {",
}
"""What of the kit is another where all tests share one world."""

STRICT: dict[str, Any] = {
    "compilerOptions": {
        "strict": True,
        # The packages' own declarations are their makers' business.
        "skipLibCheck": True,
        "noEmit": True,
        "noUnusedLocals": True,
        "noUncheckedIndexedAccess": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2022",
        "lib": ["es2022", "dom"],
        "types": ["node"],
    },
    "include": ["*.ts", "tests/*.ts"],
}


def init(folder: Path, *arguments: str) -> list[str]:
    """Write the kit into a folder and return what was said."""
    result = CliRunner().invoke(cli, ["init", "playwright", "--dir", str(folder), *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def files(folder: Path) -> list[str]:
    """Return the files of a folder."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_init_writes_the_kit_and_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    lines = init(folder)
    assert files(folder) == FILES
    assert sorted(lines[:4], key=lambda line: line.split()[-1]) == [
        golden("cli", "init", "wrote", path=folder / name) for name in FILES
    ]
    assert lines[4:] == [golden("cli", "init", "run")]


def test_init_overwrites_only_when_forced_and_a_config_never(tmp_path: Path) -> None:
    init(tmp_path)
    for name in FILES:
        (tmp_path / name).write_text("// mine")
    lines = init(tmp_path)
    assert {(tmp_path / name).read_text() for name in FILES} == {"// mine"}
    assert [line for line in lines if line.startswith("skipped ")] == [
        golden("cli", "init", "kept", path=tmp_path / name)
        for name in ("worldflux.config.ts", "tests/worldflux.ts", "tests/worldflux.spec.ts")
    ]
    init(tmp_path, "--force")
    mine = [name for name in FILES if (tmp_path / name).read_text() == "// mine"]
    assert mine == ["playwright.config.ts"]


IMPORTED = ['import { emulatorServer } from "./worldflux.config.js";']
REQUIRED = [
    'import { createRequire } from "node:module";',
    'const { emulatorServer } = createRequire(import.meta.url)("./worldflux.config.js");',
]


@pytest.mark.parametrize(
    ("config", "brought"),
    [("playwright.config.js", IMPORTED), ("playwright.config.mts", REQUIRED)],
)
def test_init_leaves_a_config_alone_and_says_what_to_add(
    tmp_path: Path, config: str, brought: list[str]
) -> None:
    (tmp_path / config).write_text("export default {};")
    lines = init(tmp_path)
    assert files(tmp_path) == sorted([config, *FILES[1:]])
    assert (tmp_path / config).read_text() == "export default {};"
    assert lines[3:] == [
        golden("cli", "init", "add", config=config),
        *(f"  {line}" for line in brought),
        golden("cli", "init", "web-server"),
        golden("cli", "init", "run"),
    ]


CONFIG_OF_ANOTHER_FOLDER = """
import { defineConfig } from "@playwright/test";
// testDir: "no"
export default defineConfig({ testDir: './e2e/all', webServer: [] });
"""


def test_init_writes_the_tests_to_where_the_config_has_them(tmp_path: Path) -> None:
    (tmp_path / "playwright.config.ts").write_text(CONFIG_OF_ANOTHER_FOLDER)
    init(tmp_path)
    assert files(tmp_path) == [
        "e2e/all/worldflux.spec.ts",
        "e2e/all/worldflux.ts",
        "playwright.config.ts",
        "worldflux.config.ts",
    ]
    for name in ("worldflux.ts", "worldflux.spec.ts"):
        text = (tmp_path / "e2e" / "all" / name).read_text("utf-8")
        assert 'from "../../worldflux.config.js";' in text
        assert '"../worldflux.config' not in text.replace('"../../', "")


def test_init_writes_nothing_where_something_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("mine")
    result = CliRunner().invoke(cli, ["init", "playwright", "--dir", str(tmp_path)])
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        golden("cli", "init", "folder-is-a-file", path=tmp_path / "tests"),
    )
    assert files(tmp_path) == ["tests"]


def test_init_makes_no_project_whose_name_is_misspelt(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["init", "playwright", "--dir", str(tmp_path / "wbe")])
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
    assert files(tmp_path) == []


class Project:
    """A project of a user's in which the kit was written, run with this machine's browser."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""
        init(folder)
        (folder / "node_modules").symlink_to(MODULES)
        shutil.copy(HERE / "playwright" / "machine.config.ts", folder)
        shutil.copy(HERE / "playwright" / "alone.spec.ts", folder / "tests")
        # The config names the program as a user has it: found on the PATH.
        program = folder / "bin" / "worldflux-emulator"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m emulator "$@"\n')
        program.chmod(0o755)

    def node(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the project's packages."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["node", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": path, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )

    def test(self, url: str, *arguments: str) -> tuple[Counter[str], list[dict[str, Any]]]:
        """Run the suite against the emulator that is at a URL or is started there; return how many
        tests ended how, and what was attached.
        """
        require_chromium()
        done = self.node(
            "node_modules/@playwright/test/cli.js",
            *("test", "--config", "machine.config.ts", "--reporter", "json", *arguments),
            WORLDFLUX_EMULATOR_URL=url,
        )
        try:
            report = json.loads(done.stdout)
        except ValueError:
            pytest.fail(f"Playwright made no report:\n{done.stdout}\n{done.stderr}")
        wrong = [one["message"] for one in report["errors"] if ENOUGH not in one["message"]]
        assert wrong == []
        results = list(_results(report))
        said = [one["text"] for result in results for one in result["stdout"]]
        self.printed = "".join(said)
        counts = Counter(result["status"] for result in results)
        return counts, [one for result in results for one in result["attachments"]]


def _results(suite: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in suite.get("suites", ()):
        yield from _results(inner)
    for spec in suite.get("specs", ()):
        for test in spec["tests"]:
            yield from test["results"]


def require_chromium() -> None:
    """Skip where the system has no Chromium. The kit finds it by itself."""
    if not any(map(shutil.which, CHROMIUM)):
        absent("Chromium", remedy="install chromium")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    if shutil.which("node") is None:
        absent("Node", remedy="run make node")
    if not (MODULES / ".package-lock.json").is_file():
        absent("@playwright/test", remedy=f"run npm ci in {HERE.relative_to(ROOT)}")
    return Project(tmp_path)


def free_url() -> str:
    """Return a URL at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://localhost:{probe.getsockname()[1]}"


NODE_NEXT = {"module": "nodenext", "moduleResolution": "nodenext"}


@pytest.mark.parametrize(
    ("package", "options"),
    [({}, {}), ({"type": "commonjs"}, NODE_NEXT), ({"type": "module"}, NODE_NEXT)],
    ids=["bundler", "nodenext, CommonJS", "nodenext, ESM"],
)
def test_the_kit_compiles_under_the_strictest_rules_and_nothing_in_it_is_any(
    project: Project, package: dict[str, str], options: dict[str, str]
) -> None:
    (project.folder / "package.json").write_text(json.dumps(package))
    strict = {**STRICT, "compilerOptions": {**STRICT["compilerOptions"], **options}}
    (project.folder / "tsconfig.json").write_text(json.dumps(strict))
    shutil.copy(HERE / "playwright" / "check.cjs", project.folder)
    done = project.node("check.cjs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("kind", ["commonjs", "module"])
@pytest.mark.parametrize("suffix", ["ts", "mts", "js", "mjs", "cjs"])
def test_what_is_to_be_added_to_a_config_works(project: Project, kind: str, suffix: str) -> None:
    folder = project.folder
    (folder / "package.json").write_text(json.dumps({} if kind == "commonjs" else {"type": kind}))
    for path in (*folder.glob("*.config.ts"), *folder.glob("tests/*.ts")):
        path.unlink()
    config = folder / f"playwright.config.{suffix}"
    exported = "module.exports =" if suffix == "cjs" else "export default"
    config.write_text(f"{exported} {{}};")
    *brought, server, _ = init(folder)[4:]
    server = server.partition("//")[0]
    config.write_text("\n".join([*brought, f'{exported} {{ testDir: "tests", {server} }};']))
    done = project.node("node_modules/@playwright/test/cli.js", "test", "--list")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Total: 6 tests in 1 file" in done.stdout


def test_a_fully_parallel_suite_passes_on_the_one_emulator_that_it_starts(
    project: Project,
) -> None:
    url = free_url()
    (project.folder / "tests" / "readme.spec.ts").write_text(
        example("ts", "an outage, a month and a mail")
    )
    (project.folder / "tests" / "first.spec.ts").write_text(
        example("ts", "the list recovers from an outage", page="README.md")
    )
    counts, attached = project.test(url)
    assert counts == {"passed": 16}
    assert attached == []
    # Playwright has ended what it started.
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/_emulator/health")


def test_the_same_suite_fails_where_all_tests_share_one_world(
    project: Project, launch: Launch
) -> None:
    kit = project.folder / "tests" / "worldflux.ts"
    text = kit.read_text("utf-8")
    for ours, shared in SHARED.items():
        assert text.count(ours) == 1
        text = text.replace(ours, shared)
    kit.write_text(text, "utf-8")
    running = launch("--seed", "demo")
    counts, _ = project.test(running.url, "alone", "--max-failures", "3")
    assert counts["failed"] >= 3
    worlds = httpx2.get(f"{running.url}/_emulator/worlds").json()["items"]
    # A test that the third failure interrupts leaves the world it had added, "shared-next".
    names = {one["name"] for one in worlds}
    assert names - {"shared-next"} == {"default", "shared"}


def test_a_failed_test_carries_what_happened_and_its_world_stays(
    project: Project, launch: Launch
) -> None:
    (project.folder / "tests" / "fails.spec.ts").write_text(FAILS)
    running = launch("--seed", "demo")
    counts, attached = project.test(running.url, "fails", "--retries", "1", "--repeat-each", "2")
    assert counts == {"failed": 4}
    paths = {one["name"]: Path(one["path"]) for one in attached if one["name"] != "trace"}
    bodies = {name: path.read_bytes() for name, path in paths.items()}
    # Every attempt had a world of its own.
    names = [name.removeprefix("world ") for name in bodies if name.startswith("world ")]
    assert len(names) == 4
    journal = json.loads(bodies[f"world {names[0]}"])
    assert [(one["method"], one["path"]) for one in journal] == [("POST", "/api/auth/login")]
    assert b"demo-password" not in bodies[f"world {names[0]}"]
    results = project.folder / "test-results"
    capsules = {path.name: path for path in results.glob("*/*.capsule.json")}
    assert sorted(capsules) == sorted(f"{name}.capsule.json" for name in names)
    done = replay(bodies["worldflux capsule"])
    assert (done.total, done.difference) == (1, None)
    printed = {line for line in project.printed.splitlines() if "Replay: " in line}
    assert printed == {
        f'  Replay: worldflux-emulator replay "{path}"' for path in capsules.values()
    }
    # So has every run, at the same time or later; a shard or another job is one too.
    assert project.test(running.url, "fails")[0] == {"failed": 1}
    worlds = httpx2.get(f"{running.url}/_emulator/worlds").json()["items"]
    stay = [one["name"] for one in worlds if one["name"] != "default"]
    assert len(stay) == 5
    assert set(names) < set(stay)
    assert all(re.fullmatch("fails-[0-9a-f]{4}-[0-9a-f]{12}", name) for name in stay)
    assert len({name.split("-")[1] for name in stay}) == 2
