"""Runs: what becomes of what is said of one, the rules of its status, its end."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from emulator.world.core.refusals import Invalid
from emulator.world.core.times import DAY
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import Project
from emulator.world.runs import runs, shares
from emulator.world.runs.runs import ArtifactContent
from tests.support.messages import golden
from tests.support.world_builder import EPOCH, Lab, content, minutes, open_lab, state_of

ARTIFACT = ArtifactContent(name="a.md", media_type="text/markdown", size_bytes=3, sha256=None)


def create(lab: Lab, **said: Any) -> Run:
    """Create a run in the lab as Cy."""
    return runs.create_run(lab.world, lab.cy, workspace=lab.lab, content=content(**said))


def test_a_run_is_what_was_said_of_it() -> None:
    lab = open_lab()
    said = {
        "name": "n",
        "adapter_id": "smolvla",
        "task": "rollout",
        "environment": "env",
        "runtime": "modal",
        "status": "succeeded",
        "metrics": '{"loss":1}',
        "cost_estimate_usd": 0.5,
        "manifest": '{"m":1}',
        "log": "line",
        "extra": '{"e":1}',
        "started_at": minutes(1),
        "finished_at": minutes(3),
    }
    run = create(lab, **said, artifacts=(ARTIFACT,))
    [artifact] = asdict(run)["artifacts"]
    assert artifact == {**ARTIFACT._asdict(), "id": artifact["id"]}
    assert asdict(run) == {
        **said,
        "id": run.id,
        "workspace_id": lab.lab.id,
        "project_id": None,
        "client_run_id": None,
        "artifacts": (artifact,),
        "created_by": lab.cy.user_id,
        "created_at": EPOCH,
        "ordinal": 1,
        "duration_seconds": 120.0,
        "content": runs.fingerprint(content(**said, artifacts=(ARTIFACT,))),
        "revision": 1,
    }
    [entry] = lab.world.newest(AuditEntry, "workspace", lab.lab.id, limit=1)
    assert (entry.action, entry.target_id, entry.user_id) == (
        "run.created",
        run.id,
        lab.cy.user_id,
    )


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, None),
        ({"started_at": minutes(0), "status": "running"}, None),
        ({"finished_at": minutes(1), "status": "failed"}, None),
        ({"started_at": minutes(0), "finished_at": minutes(1), "status": "failed"}, 60.0),
        ({"duration_seconds": 5.0, "status": "failed"}, 5.0),
    ],
)
def test_the_duration_is_what_was_said_else_from_start_to_finish(
    said: dict[str, Any], seconds: float | None
) -> None:
    assert create(open_lab(), **said).duration_seconds == seconds


@pytest.mark.parametrize(
    ("said", "path", "message"),
    [
        (
            {"status": "queued", "finished_at": minutes(1)},
            "finished_at",
            golden("all", "validation_error", "queued-run-finished"),
        ),
        (
            {"status": "running", "finished_at": minutes(1)},
            "finished_at",
            golden("all", "validation_error", "running-run-finished"),
        ),
        (
            {"status": "queued", "started_at": minutes(1)},
            "started_at",
            golden("all", "validation_error", "queued-run-started"),
        ),
        (
            {"status": "succeeded", "started_at": minutes(2), "finished_at": minutes(1)},
            "finished_at",
            golden("all", "validation_error", "finished-before-started"),
        ),
    ],
)
def test_times_that_contradict_the_status_or_each_other_are_refused(
    said: dict[str, Any], path: str, message: str
) -> None:
    lab = open_lab()
    before = state_of(lab.world)
    with pytest.raises(Invalid) as refused:
        create(lab, **said)
    assert (refused.value.path, refused.value.message) == (path, message)
    assert state_of(lab.world) == before


def test_a_run_may_be_of_no_length_and_never_have_started() -> None:
    lab = open_lab()
    at_once = {"started_at": minutes(1), "finished_at": minutes(1)}
    assert create(lab, status="succeeded", **at_once).duration_seconds == 0
    assert create(lab, status="cancelled", finished_at=minutes(1)).duration_seconds is None


def test_only_terminal_statuses_share_the_last_rank() -> None:
    assert runs.RANK == {"queued": 0, "running": 1, "succeeded": 2, "failed": 2, "cancelled": 2}


@pytest.mark.parametrize("project_id", ["unknown", "of another workspace"])
def test_a_project_must_lie_in_the_workspace(project_id: str) -> None:
    lab = open_lab()
    project = Project(
        id="of another workspace",
        workspace_id=lab.away.id,
        name="",
        slug="s",
        description="",
        created_by="",
        created_at=0,
        ordinal=1,
    )
    lab.world.put(project)
    with pytest.raises(Invalid) as refused:
        create(lab, project_id=project_id)
    assert (refused.value.path, refused.value.message) == (
        "project_id",
        golden("all", "not_found", "no-project", project=repr(project_id)),
    )


def test_contents_have_the_same_fingerprint_exactly_when_they_are_equal() -> None:
    artifact = {**ARTIFACT._asdict(), "sha256": "x"}
    others = [
        content(),
        content(name="b"),
        content(log="x"),
        content(metrics='{"a":1}'),
        content(metrics='{"a":1.0}'),
        content(cost_estimate_usd=1.0),
        content(duration_seconds=1.0),
        content(started_at=1),
        content(finished_at=1),
        content(artifacts=(ARTIFACT,)),
        content(artifacts=(ARTIFACT, ARTIFACT)),
        content(artifacts=(ArtifactContent(**artifact),)),
    ]
    assert len({runs.fingerprint(one) for one in others}) == len(others)
    assert runs.fingerprint(content()) == runs.fingerprint(content())


def test_deleting_a_run_closes_its_public_links() -> None:
    lab = open_lab()
    run, other = create(lab, status="succeeded"), create(lab)
    links = [
        shares.open_share(lab.world, lab.ada, run=one, expires_at=EPOCH + DAY)
        for one in (run, run, other)
    ]
    gone = shares.revoke_share(lab.world, lab.ada, share=links[1])
    lab.world.put(replace(gone, revoked_at=EPOCH - 1))
    runs.delete_run(lab.world, lab.cy, run=run)
    assert lab.world.get(Run, run.id) is None
    revoked = [lab.world.expect(Share, link.id).revoked_at for link in links]
    assert revoked == [EPOCH, EPOCH - 1, None]
    [entry] = lab.world.newest(AuditEntry, "workspace", lab.lab.id, limit=1)
    assert (entry.action, entry.target_id) == ("run.deleted", run.id)


def test_a_manifest_is_what_was_uploaded_else_made_of_the_run() -> None:
    lab = open_lab()
    assert runs.manifest_of(create(lab, manifest='{"mine":1}')) == '{"mine":1}'
    run = create(
        lab,
        status="failed",
        metrics='{"loss":2}',
        extra='{"note":"x"}',
        artifacts=(ARTIFACT,),
        started_at=EPOCH,
        finished_at=minutes(1),
    )
    assert json.loads(runs.manifest_of(run)) == {
        "run_id": run.id,
        "adapter_id": "openpi",
        "task": "eval",
        "environment": None,
        "runtime": "local",
        "status": "failed",
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:01:00Z",
        "metrics": {"loss": 2},
        "artifacts": ["a.md"],
        "metadata": {"note": "x"},
    }
