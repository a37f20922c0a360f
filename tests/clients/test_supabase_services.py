"""The real supabase-js meets what a project has beside Auth, none of which is emulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import node
from tests.support.console import NEWEST
from tests.support.messages import golden
from tests.support.server import Running

SEED = "users: []\n"


@pytest.mark.parametrize("folder", [node.HERE, NEWEST], ids=["pinned", "newest"])
def test_every_client_shows_the_sentence(server: Running, folder: Path) -> None:
    key = server.ready["env"]["NEXT_PUBLIC_SUPABASE_ANON_KEY"]
    script = node.PROGRAMS / "services.mjs"
    seen = node.ask(script, url=server.url, key=key, folder=str(folder))
    assert seen == {
        "rows": [
            501,
            "not_implemented",
            golden("supabase", "not_implemented", "data-api", call="GET /rest/v1/todos"),
        ],
        "buckets": [
            501,
            golden("supabase", "not_implemented", "storage", call="GET /storage/v1/bucket"),
        ],
        "called": [
            "FunctionsHttpError",
            501,
            golden("supabase", "not_implemented", "functions", call="POST /functions/v1/hello"),
        ],
    }
