"""The real supabase-js meets what a project has beside Auth, none of which is emulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients import node
from tests.clients.console import NEWEST
from tests.running import Running

SEED = "users: []\n"


@pytest.mark.parametrize("folder", [node.HERE, NEWEST], ids=["pinned", "newest"])
def test_every_client_shows_the_sentence(server: Running, folder: Path) -> None:
    key = server.ready["env"]["NEXT_PUBLIC_SUPABASE_ANON_KEY"]
    script = node.PROGRAMS / "services.mjs"
    seen = node.ask(script, url=server.url, key=key, folder=str(folder))
    stub = "Stub this call in your tests."
    assert seen == {
        "rows": [
            501,
            "not_implemented",
            f"The Data API of Supabase is not emulated: GET /rest/v1/todos. {stub}",
        ],
        "buckets": [501, f"Supabase Storage is not emulated: GET /storage/v1/bucket. {stub}"],
        "called": [
            "FunctionsHttpError",
            501,
            f"An Edge Function of Supabase is not emulated: POST /functions/v1/hello. {stub}",
        ],
    }
