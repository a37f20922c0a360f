"""The scene's shares and meters as the surfaces show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.checked_client import ORIGIN
from tests.support.fixture_seed import (
    ADA,
    CY,
    DONE,
    EPOCH,
    IN_30_DAYS,
    LAB,
    LIVE_SHARE,
    REVOKED_SHARE,
    RUN_DONE,
)

UNCAPPED = dict.fromkeys(
    ("runs", "storage_bytes", "projects", "members", "api_keys", "shares"), None
)
"""The caps of the plan of the scene's workspaces."""

FREE = {
    "runs": 500,
    "storage_bytes": 5 * 2**30,
    "projects": 10,
    "members": 5,
    "api_keys": 10,
    "shares": 25,
}
"""The caps of the plan of who signs up."""


def usage(limits: Mapping[str, int | None], **used: int) -> dict[str, Any]:
    """Return every meter as a workspace shows it: nothing used but what is said."""
    return {
        meter: {"used": used.get(meter, 0), "reserved": 0, "limit": limit}
        for meter, limit in limits.items()
    }


SHARE_LIVE: dict[str, Any] = {
    "id": LIVE_SHARE,
    "workspace_id": LAB,
    "run_id": DONE,
    "token": "share-live-token",
    "url": f"{ORIGIN}/api/public/r/share-live-token",
    "created_by": CY,
    "created_at": EPOCH,
    "expires_at": IN_30_DAYS,
    "revoked_at": None,
}
SHARE_REVOKED: dict[str, Any] = {
    **SHARE_LIVE,
    "id": REVOKED_SHARE,
    "token": "share-gone-token",
    "url": f"{ORIGIN}/api/public/r/share-gone-token",
    "created_by": ADA,
    "revoked_at": EPOCH,
}
PUBLIC: dict[str, Any] = {
    "run": {
        name: RUN_DONE[name]
        for name in RUN_DONE
        if name
        not in (
            *("id", "workspace_id", "project_id", "client_run_id", "cost_estimate_usd"),
            *("extra", "created_at"),
        )
    },
    "shared_at": EPOCH,
    "expires_at": IN_30_DAYS,
}
PUBLIC["run"]["artifacts"] = [
    {name: said for name, said in artifact.items() if name != "id"}
    for artifact in RUN_DONE["artifacts"]
]
