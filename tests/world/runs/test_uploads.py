"""Uploads: idempotent by client_run_id, all or nothing, refused where they contradict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.world import lifecycle
from emulator.world.core.access import Fixture
from emulator.world.core.refusals import Conflict, Invalid, QuotaExceeded, Refusal
from emulator.world.core.times import SECOND
from emulator.world.records.runs import Run
from emulator.world.records.system import AuditEntry
from emulator.world.runs import runs
from emulator.world.runs.runs import ArtifactContent
from emulator.world.runs.uploads import Upload, run_id_of, sync_runs
from tests.support.integrity import assert_whole
from tests.support.messages import golden
from tests.support.world_builder import EPOCH, Lab, content, minutes, open_lab, state_of, upload

FINGERPRINT_1 = "35fad622c0cefe4abe38cf11bd2b084d"
"""Of the content below, as emulators wrote it whose exports have version 1."""


def sync(lab: Lab, *uploads: Upload) -> list[tuple[str, Run]]:
    """Upload to the lab as Ada and return every outcome with its run."""
    synced = sync_runs(lab.world, lab.ada, workspace=lab.lab, uploads=uploads)
    return [(one.outcome, one.run) for one in synced]


def outcomes(lab: Lab, *uploads: Upload) -> list[str]:
    """Upload to the lab and return the outcomes."""
    return [outcome for outcome, _ in sync(lab, *uploads)]


def all_runs(lab: Lab) -> list[Run]:
    """Return the lab's runs, newest first."""
    return lab.world.newest(Run, "workspace", lab.lab.id, limit=100)


def test_the_first_upload_creates_and_the_same_again_changes_nothing() -> None:
    lab = open_lab()
    assert outcomes(lab, upload("a")) == ["created"]
    before = state_of(lab.world)
    [(outcome, run)] = sync(lab, upload("a"))
    assert (outcome, run, state_of(lab.world)) == ("unchanged", all_runs(lab)[0], before)


def test_other_content_updates_a_run_that_is_not_terminal_in_place() -> None:
    lab = open_lab()
    [(_, first)] = sync(lab, upload("a", started_at=minutes(-9), status="running"))
    lifecycle.move(lab.world, to=lab.world.now + SECOND)
    [(outcome, run)] = sync(
        lab, upload("a", started_at=minutes(-5), finished_at=EPOCH, status="failed")
    )
    assert outcome == "updated"
    assert (run.id, run.created_at, run.status, run.revision) == (
        first.id,
        minutes(-9),
        "failed",
        2,
    )
    assert all_runs(lab) == [run]


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_terminal_run_takes_the_same_content_again_and_no_other(status: str) -> None:
    lab = open_lab()
    sync(lab, upload("a", status=status))
    before = state_of(lab.world)
    assert outcomes(lab, upload("a", status=status)) == ["unchanged"]
    with pytest.raises(Conflict) as refused:
        sync(lab, upload("a", status=status, log="more"))
    assert refused.value.message == (
        golden("all", "conflict", "run-has-other-content", status=status)
    )
    assert state_of(lab.world) == before


def test_a_run_never_goes_backwards() -> None:
    lab = open_lab()
    sync(lab, upload("a", status="running"))
    with pytest.raises(Conflict) as refused:
        sync(lab, upload("a", status="queued"))
    assert refused.value.message == golden("all", "conflict", "run-a-goes-backwards")


@pytest.mark.parametrize(
    "path", [("queued", "running", "succeeded"), ("queued", "cancelled"), ("running", "failed")]
)
def test_a_run_goes_through_its_life(path: tuple[str, ...]) -> None:
    lab = open_lab()
    said = [outcomes(lab, upload("a", status=status))[0] for status in path]
    assert said == ["created", *["updated"] * (len(path) - 1)]
    assert [run.status for run in all_runs(lab)] == [path[-1]]


def test_a_run_may_be_updated_without_a_new_status() -> None:
    lab = open_lab()
    for step in range(3):
        sync(lab, upload("a", status="running", metrics=f'{{"step":{step}}}'))
    [run] = all_runs(lab)
    assert (run.metrics, run.revision) == ('{"step":2}', 3)


def test_a_synced_run_was_created_when_it_started_else_now() -> None:
    lab = open_lab()
    lifecycle.move(lab.world, to=lab.world.now + SECOND)
    sync(lab, upload("late"), upload("early", started_at=EPOCH, status="running"))
    assert [(run.client_run_id, run.created_at, run.ordinal) for run in all_runs(lab)] == [
        ("late", EPOCH + SECOND, 0),
        ("early", EPOCH, 0),
    ]


def test_the_id_of_a_synced_run_depends_on_workspace_and_client_run_id_alone() -> None:
    lab, other = open_lab(), open_lab()
    sync(other, upload("x"), upload("y"))
    [(_, run)] = sync(lab, upload("a"))
    [(_, same)] = sync(other, upload("a", log="other"))
    assert run.id == same.id == run_id_of(lab.world, lab.lab, "a")
    assert len({run_id_of(lab.world, one, "a") for one in (lab.lab, lab.away)}) == 2


def test_the_same_client_run_id_in_another_workspace_is_another_run() -> None:
    lab = open_lab()
    sync(lab, upload("a"))
    [synced] = sync_runs(lab.world, Fixture(), workspace=lab.away, uploads=[upload("a")])
    assert (synced.outcome, synced.run.created_by) == ("created", None)
    assert synced.run.id != all_runs(lab)[0].id


def test_an_upload_says_its_runs_in_the_order_they_came() -> None:
    lab = open_lab()
    sync(lab, upload("b"))
    said = sync(lab, upload("c"), upload("b"), upload("a"))
    assert [(outcome, run.client_run_id) for outcome, run in said] == [
        ("created", "c"),
        ("unchanged", "b"),
        ("created", "a"),
    ]


REFUSED: dict[str, tuple[type[Refusal], str | None, Upload]] = {
    "twice": (Invalid, "runs.1.client_run_id", upload("new", path="runs.1.")),
    "nonsense": (
        Invalid,
        "runs.1.started_at",
        upload("x", path="runs.1.", started_at=1),
    ),
    "no such project": (
        Invalid,
        "runs.1.project_id",
        upload("x", path="runs.1.", project_id="none"),
    ),
    "terminal": (Conflict, None, upload("done", path="runs.1.", log="other")),
    "too many": (QuotaExceeded, None, upload("fourth", path="runs.1.")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_one_bad_run_refuses_them_all(what: str) -> None:
    refusal, path, bad = REFUSED[what]
    lab = open_lab()
    sync(lab, upload("done", status="succeeded"), upload("open"))
    lab.world.put(replace(lab.lab, runs_limit=3))
    before = state_of(lab.world)
    with pytest.raises(refusal) as refused, lab.world.transaction():
        sync(replace_lab(lab), upload("new", path="runs.0."), bad, upload("open", log="x"))
    assert getattr(refused.value, "path", None) == path
    assert state_of(lab.world) == before


def replace_lab(lab: Lab) -> Lab:
    """Return the lab with its workspace as it is now."""
    return replace(lab, lab=lab.world.expect(type(lab.lab), lab.lab.id))


def test_a_full_workspace_still_takes_updates() -> None:
    lab = open_lab()
    sync(lab, upload("a"))
    lab.world.put(replace(lab.lab, runs_limit=1))
    assert outcomes(replace_lab(lab), upload("a", log="x")) == ["updated"]


def test_a_pinned_id_is_kept_and_taken_once() -> None:
    lab = open_lab()
    [(_, run)] = sync(lab, upload("a", pin="mine"))
    assert run.id == "mine"
    assert outcomes(lab, upload("a", pin="mine")) == ["unchanged"]
    with pytest.raises(Conflict) as refused:
        sync(lab, upload("b", pin="mine"))
    assert refused.value.message == (golden("all", "conflict", "pinned-run-id-is-taken"))
    with pytest.raises(Invalid) as twice:
        sync(lab, upload("c", pin="new"), upload("d", pin="new", path="runs.1."))
    assert (twice.value.path, len(all_runs(lab))) == ("runs.1.id", 1)


def test_what_changed_is_audited_and_what_did_not_is_not() -> None:
    lab = open_lab()
    for log in ("", "", "x"):
        sync(lab, upload("a", log=log))
    entries = lab.world.all(AuditEntry, "workspace", lab.lab.id)
    assert sorted(one.action for one in entries if one.target_kind == "Run") == [
        "run.synced.created",
        "run.synced.updated",
    ]


def test_a_run_that_was_deleted_comes_again_as_new_and_is_audited_again() -> None:
    lab = open_lab()
    for _ in range(3):
        [(outcome, run)] = sync(lab, upload("a"))
        assert (outcome, run.revision) == ("created", 1)
        runs.delete_run(lab.world, lab.ada, run=run)
    entries = lab.world.all(AuditEntry, "workspace", lab.lab.id)
    created = [one.id for one in entries if one.action == "run.synced.created"]
    assert len(set(created)) == len(created) == 3
    assert_whole(lab.world)


def test_the_content_alone_decides_whether_it_is_the_same() -> None:
    lab = open_lab()
    plain = upload("a")
    sync(lab, plain)
    assert outcomes(lab, Upload(client_run_id="a", content=content(), path="x.")) == ["unchanged"]


def test_a_run_of_an_export_of_version_1_is_still_recognized() -> None:
    lab = open_lab()
    readme = ArtifactContent(name="a.md", media_type="text/markdown", size_bytes=3, sha256=None)
    same = upload("a", name="été", artifacts=(readme,), duration_seconds=1.0)
    [(_, run)] = sync(lab, same)
    lab.world.put(replace(run, content=FINGERPRINT_1))
    assert outcomes(lab, same) == ["unchanged"]
    assert outcomes(lab, upload("a", name="été")) == ["updated"]
