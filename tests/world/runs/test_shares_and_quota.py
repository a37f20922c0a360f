"""Public shares of runs, and the cap on the runs of a period."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from emulator.world import lifecycle
from emulator.world.core.refusals import NotFound, QuotaExceeded
from emulator.world.core.times import DAY
from emulator.world.metering import quota
from emulator.world.metering.meters import METERS
from emulator.world.metering.plans import UNCAPPED_PLAN
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import Workspace
from emulator.world.runs import runs, shares
from emulator.world.runs.runs import ArtifactContent
from tests.support.messages import golden
from tests.support.world_builder import EPOCH, Lab, content, minutes, open_lab, state_of

FEBRUARY = EPOCH + 31 * DAY


def actions(lab: Lab, count: int) -> list[str]:
    """Return what was done last in the lab, newest first."""
    entries = lab.world.newest(AuditEntry, "workspace", lab.lab.id, limit=count)
    return [one.action for one in entries]


def shared(lab: Lab) -> tuple[Run, Share]:
    """Publish a run of the lab for a day."""
    said = {"status": "succeeded", "started_at": EPOCH, "finished_at": minutes(1)}
    artifact = ArtifactContent(name="a.md", media_type="text/markdown", size_bytes=3, sha256=None)
    private = {"cost_estimate_usd": 1.0, "log": "secret", "manifest": "{}", "extra": '{"e":1}'}
    run = runs.create_run(
        lab.world,
        lab.cy,
        workspace=lab.lab,
        content=content(metrics='{"loss":1}', artifacts=(artifact,), **said, **private),
    )
    return run, shares.open_share(lab.world, lab.cy, run=run, expires_at=EPOCH + DAY)


def test_a_share_shows_the_public_safe_fields_and_no_other() -> None:
    run, share = shared(open_lab())
    assert json.loads(share.snapshot) == {
        "name": "a run",
        "adapter_id": "openpi",
        "task": "eval",
        "environment": None,
        "runtime": "local",
        "status": "succeeded",
        "metrics": {"loss": 1},
        "artifacts": [
            {"name": "a.md", "media_type": "text/markdown", "size_bytes": 3, "sha256": None}
        ],
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:01:00Z",
        "duration_seconds": 60.0,
    }
    assert (len(share.token), share.run_id) == (32, run.id)


def test_a_share_is_of_the_run_as_it_was() -> None:
    lab = open_lab()
    run, share = shared(lab)
    lab.world.put(replace(run, name="renamed"))
    assert shares.open_to_all(lab.world, share.token).snapshot == share.snapshot


def test_a_share_is_open_until_its_expiry_and_not_then() -> None:
    lab = open_lab()
    _, share = shared(lab)
    lifecycle.move(lab.world, to=lab.world.now + DAY - 1)
    assert shares.open_to_all(lab.world, share.token) == share
    lifecycle.move(lab.world, to=lab.world.now + 1)
    with pytest.raises(NotFound):
        shares.open_to_all(lab.world, share.token)


def test_a_revoked_share_is_not_found_and_revoking_twice_is_once() -> None:
    lab = open_lab()
    _, share = shared(lab)
    revoked = shares.revoke_share(lab.world, lab.ada, share=share)
    before = state_of(lab.world)
    assert shares.revoke_share(lab.world, lab.ada, share=revoked) == revoked
    assert state_of(lab.world) == before
    for token in (share.token, "unknown"):
        with pytest.raises(NotFound) as refused:
            shares.open_to_all(lab.world, token)
        assert refused.value.message == golden(
            "all", "not_found", "invisible", what="share", key=repr(token)
        )
    assert actions(lab, 2) == ["share.revoked", "share.created"]


def limited(lab: Lab, limit: int) -> Workspace:
    """Return the lab with a cap on its runs."""
    workspace = replace(lab.lab, runs_limit=limit)
    lab.world.put(workspace)
    return workspace


def test_the_last_run_under_the_cap_fits_and_the_next_does_not() -> None:
    lab = open_lab()
    workspace = limited(lab, 2)
    for _ in range(2):
        runs.create_run(lab.world, lab.cy, workspace=workspace, content=content())
    with pytest.raises(QuotaExceeded) as refused:
        runs.create_run(lab.world, lab.cy, workspace=workspace, content=content())
    assert (refused.value.meter, refused.value.used, refused.value.limit) == ("runs", 2, 2)
    assert (refused.value.plan, refused.value.resets_at) == ("free", FEBRUARY)
    assert refused.value.message == (golden("all", "quota_exceeded", "seed-limit-of-two-runs"))


def test_a_deleted_run_makes_no_room_and_the_next_period_does() -> None:
    lab = open_lab()
    workspace = limited(lab, 1)
    run = runs.create_run(lab.world, lab.cy, workspace=workspace, content=content())
    runs.delete_run(lab.world, lab.cy, run=run)
    assert quota.gauge(lab.world, workspace, "runs").used == 1
    with pytest.raises(QuotaExceeded):
        quota.require_room(lab.world, workspace, "runs")
    lifecycle.move(lab.world, to=FEBRUARY)
    assert quota.gauge(lab.world, workspace, "runs").used == 0
    quota.require_room(lab.world, workspace, "runs")


@pytest.mark.parametrize(("limit", "wanted"), [(10**6, 10**6), (0, 0), (5, 5)])
def test_there_is_room(limit: int, wanted: int) -> None:
    lab = open_lab()
    quota.require_room(lab.world, limited(lab, limit), "runs", amount=wanted)


def test_there_is_room_for_everything_on_a_plan_without_caps() -> None:
    lab = open_lab()
    uncapped = replace(lab.lab, plan=UNCAPPED_PLAN)
    lab.world.put(uncapped)
    for meter in METERS:
        quota.require_room(lab.world, uncapped, meter, amount=10**6)


def test_a_workspace_above_its_cap_takes_nothing_more_but_no_run_at_all_is_no_more() -> None:
    lab = open_lab()
    for name in ("a", "b"):
        runs.create_run(lab.world, lab.cy, workspace=lab.lab, content=content(name=name))
    workspace = limited(lab, 1)
    quota.require_room(lab.world, workspace, "runs", amount=0)
    with pytest.raises(QuotaExceeded):
        quota.require_room(lab.world, workspace, "runs")
