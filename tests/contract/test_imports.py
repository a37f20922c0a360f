"""What a process imports: no FastAPI ever, and for a list of runs little but the runs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SERVE_ONE_REQUEST_OF_EACH_SURFACE = """
import json, sys
from tests.support.checked_client import Emulator

client = Emulator("demo").client()
paths = ("/api/status", "/api/auth/session", "/auth/v1/health", "/stripe/checkout/x", "/v1/x",
         "/rest/v1/x", "/_emulator/health", "/docs", "/openapi.json", "/_emulator/docs",
         "/_emulator/openapi/bff.json", "/_emulator/assets/swagger-ui.css")
statuses = [client.get(path).status_code for path in paths]
print(json.dumps([statuses, sorted(name for name in sys.modules if name.startswith("fastapi"))]))
"""

START_AND_LIST_RUNS = """
import json, sys
import emulator.cli.serve, emulator.server.server
from emulator.testing.backend import Backend

backend = Backend.in_process("demo")
key = backend.credentials().keys[0][1]
headers = [("Authorization", f"Bearer {key}")]
response = backend.transport.request("GET", "/api/runs", headers=headers)
print(json.dumps([response.status, sorted(sys.modules)]))
"""

UNNEEDED = (
    "cryptography",
    "emulator.cli.exec",
    "emulator.persistence.export",
    "emulator.surfaces.bff",
    "emulator.surfaces.control.app",
    "emulator.surfaces.stripe",
    "emulator.surfaces.supabase",
    "emulator.surfaces.upstream.app",
    "emulator.surfaces.upstream.run_models",
    "faker",
    "fastapi",
    "jinja2",
    "jwt",
    "pydantic",
    "urllib.request",
    "yaml",
)
"""What takes long to import, and what shows that a whole part was."""


def test_serving_a_request_of_each_surface_never_imports_fastapi() -> None:
    statuses, imported = _printed_by(SERVE_ONE_REQUEST_OF_EACH_SURFACE)
    assert statuses == [401, 401, 200, 404, 501, 501, 200, 200, 200, 200, 200, 200]
    assert imported == []


def test_a_start_and_a_list_of_runs_import_no_other_part_of_the_emulator() -> None:
    status, imported = _printed_by(START_AND_LIST_RUNS)
    assert status == 200
    assert {"emulator.surfaces.upstream.runs", "uvicorn"} <= set(imported)
    assert sorted(set(UNNEEDED) & set(imported)) == []


def _printed_by(program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)
