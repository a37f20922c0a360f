"""What a process imports: serving needs no FastAPI, whose import takes longer than a start."""

from __future__ import annotations

import json
import subprocess
import sys

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


def test_serving_a_request_of_each_surface_never_imports_fastapi() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE_ONE_REQUEST_OF_EACH_SURFACE],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    statuses, imported = json.loads(done.stdout)
    assert statuses == [401, 401, 200, 404, 501, 501, 200, 200, 200, 200, 200, 200]
    assert imported == []
