"""A workspace at every cap of its plan, and one with room, for the tests of the surfaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.checked_client import Emulator
from tests.support.messages import golden

FULL = "b0000000-0000-4000-8000-000000000001"
ROOMY = "b0000000-0000-4000-8000-000000000002"

SEED = f"""
entropy: full
auth: {{site_url: "https://app.test/"}}
plans:
  small:
    caps: {{runs: 2, storage_bytes: 100, projects: 1, members: 1, api_keys: 1, shares: 1}}
  roomy:
    caps: {{runs: 3, storage_bytes: 100, projects: 2, api_keys: 2, shares: 2}}
users:
  - {{email: ada@lab.test, password: ada-password}}
workspaces:
  - id: {FULL}
    slug: full
    name: Full
    plan: small
    members: [{{user: ada@lab.test, role: owner}}]
    projects: [{{slug: alpha}}]
    runs:
      - {{id: f0000000-0000-4000-8000-000000000001, client_run_id: one}}
      - {{client_run_id: two, artifacts: [{{name: a.bin, size_bytes: 100}}], status: running}}
    api_keys: [{{name: CI, user: ada@lab.test, secret: wbx_full_0000000000000000}}]
    shares: [{{run: one, user: ada@lab.test}}]
  - id: {ROOMY}
    slug: roomy
    name: Roomy
    plan: roomy
    members: [{{user: ada@lab.test, role: owner}}]
    api_keys: [{{name: CI, user: ada@lab.test, secret: wbx_roomy_000000000000000}}]
"""


def full(folder: Path, **settings: Any) -> Emulator:
    """Return an emulator on that seed; its first key is of the full workspace."""
    return Emulator.of(SEED, folder, **settings)


def gauge(used: int, limit: int | None, reserved: int = 0) -> dict[str, int | None]:
    """Return a meter as a workspace shows it."""
    return {"used": used, "reserved": reserved, "limit": limit}


def refusal(meter: str, used: int, limit: int) -> dict[str, Any]:
    """Return what a refusal for want of room on the plan `small` says."""
    is_reset = meter == "runs"
    return {
        "code": "quota_exceeded",
        "message": golden("all", "quota_exceeded", f"{meter}-{used}-of-{limit}"),
        "details": {
            "meter": meter,
            "used": used,
            "limit": limit,
            "limit_source": "plan",
            "plan": "small",
            "resets_at": "2026-02-01T00:00:00Z" if is_reset else None,
            "upgrade_url": "https://app.test/billing",
        },
    }
