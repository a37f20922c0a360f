"""A TypeScript client made from the served OpenAPI document: it compiles, refuses, and runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import httpx2
import pytest

from tests.support import node
from tests.support.world_naming import Place

KEY = "wbx_typed_client_000000000000000001"

SEED = f"""
users:
  - {{email: ada@example.com, name: Ada, password: demo-password}}
workspaces:
  - slug: lab
    name: Lab
    runs_limit: 3
    members: [{{user: ada@example.com, role: owner}}]
    api_keys: [{{name: ci, user: ada@example.com, secret: {KEY}}}]
    runs:
      - {{client_run_id: done, status: succeeded, started_at: -PT90S, finished_at: PT0S}}
"""

PROGRAMS = ("typed.ts", "mistaken.ts")

COMPILER_OPTIONS = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "skipLibCheck": False,
    "target": "es2022",
    "lib": ["es2022"],
    "module": "nodenext",
    "types": ["node"],
    "outDir": "out",
}


@pytest.fixture(scope="module")
def project(server: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client's types as openapi-typescript makes them of what is served."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "node_modules").symlink_to(node.packages(), target_is_directory=True)
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    generator = node.packages() / "openapi-typescript" / "bin" / "cli.js"
    types = folder / "api.d.ts"
    made = node.run(generator, f"{server.url}/openapi.json", "--output", str(types))
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def refused(project: Path) -> list[tuple[str, int]]:
    """Where the compiler found fault, by file and line; what it made lies in `out`."""
    for program in PROGRAMS:
        shutil.copy(node.PROGRAMS / program, project)
    said = {"compilerOptions": COMPILER_OPTIONS, "files": ["api.d.ts", *PROGRAMS]}
    (project / "tsconfig.json").write_text(json.dumps(said), "utf-8")
    compiler = node.packages() / "typescript" / "bin" / "tsc"
    done = node.run(compiler, "--pretty", "false", folder=project)
    faults = re.findall(r"^(\S+?)\((\d+),\d+\): error", done.stdout, re.MULTILINE)
    assert faults and done.returncode == 2, done.stdout + done.stderr
    return [(file, int(line)) for file, line in faults]


def test_a_program_against_the_generated_types_compiles_strictly_and_sees_what_they_promise(
    server: Place, project: Path, refused: list[tuple[str, int]]
) -> None:
    assert [fault for fault in refused if fault[0] != "mistaken.ts"] == []
    ran = node.run(project / "out" / "typed.js", server.url, KEY)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "created": ["queued, null, unknown", "queued, null, unknown"],
        "listed": ["second: unknown", "first: unknown", "done: 90.0 s"],
        "running": [],
        "removed": "204 undefined",
        "failures": [
            "422 validation_error: mend the request (limit)",
            "401 invalid_credentials: sign in (-)",
            "402 quota_exceeded: upgrade (runs 3/3)",
            "404 not_found: look elsewhere (-)",
            "409 conflict: load again (-)",
        ],
    }
    names = httpx2.get(f"{server.url}/api/runs", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert [run["name"] for run in names["items"]] == ["first", "done"]


def test_each_misuse_of_the_generated_types_is_refused_by_the_compiler(
    refused: list[tuple[str, int]],
) -> None:
    lines = (node.PROGRAMS / "mistaken.ts").read_text("utf-8").splitlines()
    wrong = [place for place, line in enumerate(lines, start=1) if line.endswith(": wrong")]
    assert [line for file, line in refused if file == "mistaken.ts"] == wrong


def test_the_openapi_document_is_served_alike_each_time(server: Place) -> None:
    first, second = (httpx2.get(f"{server.url}/openapi.json") for _ in range(2))
    assert first.content == second.content
    assert first.headers["content-type"] == "application/json"


@pytest.mark.parametrize("surface", ["bff", "control"])
def test_the_types_of_the_other_documents_compile_strictly(
    server: Place, tmp_path: Path, surface: str
) -> None:
    (tmp_path / "node_modules").symlink_to(node.packages(), target_is_directory=True)
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")
    generator = node.packages() / "openapi-typescript" / "bin" / "cli.js"
    url = f"{server.url}/_emulator/openapi/{surface}.json"
    made = node.run(generator, url, "--output", str(tmp_path / "api.d.ts"))
    assert made.returncode == 0, made.stderr
    options = {"compilerOptions": COMPILER_OPTIONS, "files": ["api.d.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(options), "utf-8")
    compiler = node.packages() / "typescript" / "bin" / "tsc"
    done = node.run(compiler, "--pretty", "false", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
