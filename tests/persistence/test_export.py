"""Export and import: everything comes back, or nothing changes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator import __version__
from emulator.persistence.atomic_write import write_atomically
from emulator.persistence.envelope import unwrap, wrap
from emulator.persistence.export import (
    FORMAT,
    VERSION,
    export_bytes,
    export_file,
    import_bytes,
    import_file,
)
from emulator.seeding.files import bundled_names
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import World
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden

WORLD = "X-Emulator-World"


def lived_in(demo: Emulator) -> LawfulClient:
    """Make worlds and snapshots that differ, and return a client."""
    client = demo.signed_in()
    client.post("/api/cloud/projects", json={"name": "Arms"})
    client.post("/_emulator/snapshots", json={"name": "arms"})
    client.post("/_emulator/worlds/default/fork", json={"name": "fork"})
    client.post("/_emulator/worlds", json={"name": "edge", "from": "quota-edge"})
    client.post("/api/e2e/cli-sync", json={"client_run_id": "x"}, headers={WORLD: "fork"})
    client.post("/_emulator/clock/advance", json={"seconds": 5}, headers={WORLD: "edge"})
    return client


def test_everything_comes_back(demo: Emulator) -> None:
    lived_in(demo)
    elsewhere = Emulator("empty")
    raw = demo.client().get("/_emulator/export").content
    answer = elsewhere.client().post("/_emulator/import", content=raw)
    assert answer.json() == {"worlds": 3, "snapshots": 1}
    assert elsewhere.digests() == demo.digests()
    for path in ("/_emulator/worlds/edge", "/_emulator/snapshots"):
        assert elsewhere.client().get(path).json() == demo.client().get(path).json()
    assert elsewhere.client().get("/_emulator/export").content == raw


def test_what_was_imported_goes_on_as_before(demo: Emulator) -> None:
    client = lived_in(demo)
    elsewhere = Emulator("empty")
    raw = client.get("/_emulator/export").content
    other = elsewhere.client()
    other.post("/_emulator/import", content=raw)
    # The very session goes on, the next ids are the same, and so is what a reset leads to.
    other.cookies = client.cookies
    made = [one.post("/api/cloud/projects", json={"name": "Next"}) for one in (client, other)]
    assert made[0].status_code == 201
    assert made[0].content == made[1].content
    for path in ("/_emulator/snapshots/arms/restore", "/_emulator/reset"):
        assert client.post(path).json() == other.post(path).json()
    assert elsewhere.digests() == demo.digests()
    assert elsewhere.client().get("/healthz", headers={WORLD: "new"}).status_code == 200
    assert elsewhere.digests()["new"] == demo.digests()["default"]


@pytest.mark.parametrize("seed", bundled_names())
def test_the_digest_of_every_seed_survives(seed: str) -> None:
    source, target = Emulator(seed), Emulator("empty")
    raw = export_bytes(source.worlds)
    assert target.client().post("/_emulator/import", content=raw).status_code == 200
    assert target.digests() == source.digests()
    assert export_bytes(target.worlds) == raw


def test_a_table_that_worlds_share_is_written_once_and_shared_again(demo: Emulator) -> None:
    alone = len(export_bytes(demo.worlds))
    for place in range(100):
        demo.worlds.get_or_create(f"w{place}")
    raw = export_bytes(demo.worlds)
    assert len(raw) < 3 * alone
    target = Emulator("empty")
    target.client().post("/_emulator/import", content=raw)
    states = [live.world.state.tables for live in target.worlds.all()]
    assert all(one.items() == states[0].items() for one in states)


def test_worlds_that_the_file_does_not_have_are_gone(demo: Emulator) -> None:
    raw = export_bytes(demo.worlds)
    client = lived_in(demo)
    client.post("/_emulator/import", content=raw)
    assert list(demo.digests()) == ["default"]
    assert client.get("/_emulator/snapshots").json() == {"items": []}
    assert client.get("/_emulator/requests").json()["count"] == 0


def content_of(raw: bytes) -> Any:
    return orjson.loads(unwrap(FORMAT, VERSION, raw)[1])


def sealed(content: Any, *, version: int = VERSION, kind: str = FORMAT) -> bytes:
    return wrap(kind, version, orjson.dumps(content))


def broken_files(raw: bytes) -> dict[str, bytes]:
    """Return files that must be refused, by what is wrong with them."""
    content = content_of(raw)
    nameless = {**content, "worlds": []}
    twice = {**content, "worlds": content["worlds"] * 2}
    users = next(one for one in content["tables"] if one["table"] == "users")
    clock = next(one for one in content["tables"] if one["table"] == "clock")
    later = orjson.loads(orjson.dumps(content))
    for one in later["tables"]:
        if one["table"] == "clock":
            one["records"][0]["now"] += 1
    strange = orjson.loads(orjson.dumps(content).replace(b'"users"', b'"aliens"'))
    lame = orjson.loads(orjson.dumps(content))
    for one in lame["tables"]:
        if one["table"] == "users":
            del one["records"][0]["email"]
    double = orjson.loads(orjson.dumps(content))
    for one in double["tables"]:
        if one["table"] == "users":
            one["records"].append({**one["records"][0], "id": "another"})
    lost = orjson.loads(orjson.dumps(content))
    lost["worlds"][0]["state"]["tables"]["runs"] = 999
    assert users["records"]
    assert clock["records"]
    return {
        "empty": b"",
        "not-ours": b'{"hello": 1}',
        "a-capsule": sealed(content, kind="worldflux-emulator.capsule"),
        "newer": sealed(content, version=VERSION + 1),
        "cut-off": raw[: len(raw) // 2],
        "one-byte-else": raw.replace(b"Mara", b"Sara", 1),
        "no-worlds": sealed(nameless),
        "one-twice": sealed(twice),
        "another-clock": sealed(later),
        "unknown-table": sealed(strange),
        "a-record-lacks": sealed(lame),
        "a-key-twice": sealed(double),
        "a-table-lost": sealed(lost),
        "no-content": sealed({}),
    }


def test_a_newer_or_damaged_file_is_refused_and_nothing_is_lost(demo: Emulator) -> None:
    client = lived_in(demo)
    raw = client.get("/_emulator/export").content
    for name, broken in broken_files(raw).items():
        answer = client.post("/_emulator/import", content=broken)
        assert answer.status_code == 422, name
        message = answer.json()["error"]["message"]
        digests = dict(zip(("here", "there"), re.findall("[0-9a-f]{32}", message), strict=False))
        facts = {"emulator": __version__, **digests}
        assert message == golden("control", "import", name, **facts), name
        assert client.get("/_emulator/export").content == raw, name
    assert client.get("/_emulator/requests").json()["count"] > 0


def test_a_file_of_version_1_is_read_whatever_its_digests(demo: Emulator) -> None:
    raw = lived_in(demo).get("/_emulator/export").content
    content = content_of(raw)
    for world in content["worlds"]:
        world["state"]["digest"] = "0" * 32
    target = Emulator("empty")
    with pytest.raises(Invalid):
        import_bytes(target.worlds, sealed(content))
    import_bytes(target.worlds, sealed(content, version=1))
    assert target.digests() == demo.digests()


def test_a_file_is_written_and_read_by_path(demo: Emulator, tmp_path: Path) -> None:
    lived_in(demo)
    path = tmp_path / "worlds.json"
    path.write_bytes(b"older")
    export_file(demo.worlds, path)
    assert path.read_bytes() == export_bytes(demo.worlds)
    target = Emulator("empty")
    import_file(target.worlds, path)
    assert target.digests() == demo.digests()
    assert [one.name for one in tmp_path.iterdir()] == ["worlds.json"]
    path.write_bytes(b"{}")
    with pytest.raises(Invalid):
        import_file(target.worlds, path)
    assert target.digests() == demo.digests()


KILLED = """
import os, signal, sys
from pathlib import Path
from emulator.persistence.atomic_write import write_atomically

def parts():
    yield b"half of " * 100_000
    os.kill(os.getpid(), signal.SIGKILL)
    yield b"the rest"

write_atomically(Path(sys.argv[1]), parts())
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process by signal")
def test_a_killed_export_leaves_the_previous_file_whole(demo: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    export_file(demo.worlds, path)
    whole = path.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    assert path.read_bytes() == whole
    target = Emulator("empty")
    import_file(target.worlds, path)
    assert target.digests() == demo.digests()


def test_a_write_that_breaks_leaves_the_previous_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    path.write_bytes(b"previous")

    def parts() -> Any:
        yield b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, parts())
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [
        ("worlds.json", b"previous")
    ]


def test_a_state_that_was_reset_is_the_state_itself(demo: Emulator) -> None:
    state = demo.world.state
    demo.client().post("/api/e2e/cli-sync", json={"client_run_id": "x"})
    demo.client().post("/_emulator/reset")
    assert demo.world.state is state
    assert World("default", state).state.digest == state.digest
