"""Workspaces, their members and projects."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from emulator.world.core.access import Actor
from emulator.world.core.refusals import Conflict, Forbidden, Refusal
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import Member, Project, Workspace
from emulator.world.runs import runs
from emulator.world.workspaces import projects
from emulator.world.workspaces.workspaces import create_workspace, open_workspace
from tests.support.world_builder import EPOCH, Lab, content, open_lab, state_of


def create(lab: Lab, name: str = "Plan B", slug: str | None = None) -> Project:
    """Create a project as Cy, a member."""
    return projects.create_project(
        lab.world, lab.cy, workspace=lab.lab, name=name, slug=slug, description="why"
    )


def test_a_workspace_belongs_to_who_creates_it() -> None:
    lab = open_lab()
    workspace = create_workspace(lab.world, lab.cy, name="Cy's", slug="own")
    assert asdict(workspace) == {
        "id": workspace.id,
        "name": "Cy's",
        "slug": "own",
        "created_by": lab.cy.user_id,
        "created_at": EPOCH,
        "ordinal": 3,
        "plan": "free",
        "period_anchor": None,
        "subscription_status": None,
        "runs_limit": None,
    }
    member = lab.world.expect(Member, f"{workspace.id}:{lab.cy.user_id}")
    assert (member.role, member.workspace_id) == ("owner", workspace.id)


def test_a_slug_that_is_taken_is_a_conflict_and_one_that_is_made_is_free() -> None:
    lab = open_lab()
    before = state_of(lab.world)
    with pytest.raises(Conflict):
        create_workspace(lab.world, lab.cy, name="x", slug="lab")
    assert state_of(lab.world) == before
    made = [create_workspace(lab.world, lab.cy, name="LAB!", slug=None).slug for _ in range(3)]
    assert made == ["lab-2", "lab-3", "lab-4"]


def test_an_api_key_creates_no_workspace() -> None:
    lab = open_lab()
    with pytest.raises(Forbidden):
        create_workspace(lab.world, replace(lab.ada, api_key_id="k"), name="x", slug=None)


def test_a_workspace_is_found_by_its_slug() -> None:
    lab = open_lab()
    assert lab.world.find(Workspace, "slug", "lab") == lab.lab
    assert lab.world.all(Workspace, "all", ()) == [lab.lab, lab.away]


def test_any_member_creates_a_project_and_it_is_audited() -> None:
    lab = open_lab()
    project = create(lab)
    assert asdict(project) == {
        "id": project.id,
        "workspace_id": lab.lab.id,
        "name": "Plan B",
        "slug": "plan-b",
        "description": "why",
        "created_by": lab.cy.user_id,
        "created_at": EPOCH,
        "ordinal": 1,
    }
    [entry] = lab.world.newest(AuditEntry, "workspace", lab.lab.id, limit=1)
    assert (entry.action, entry.target_id) == ("project.created", project.id)


def test_a_projects_slug_is_unique_within_its_workspace_alone() -> None:
    lab = open_lab()
    create(lab)
    for name, slug in (("Plan B", None), ("Other", "plan-b")):
        with pytest.raises(Conflict):
            create(lab, name, slug)
    other = projects.create_project(
        lab.world, lab.dee, workspace=lab.away, name="Plan B", slug=None, description=""
    )
    assert other.slug == "plan-b"


def delete(lab: Lab, actor: Actor, project: Project) -> None:
    """Delete a project."""
    projects.delete_project(lab.world, actor, project=project)


def test_an_admin_deletes_an_empty_project_and_its_slug_is_free_again() -> None:
    lab = open_lab()
    project = create(lab)
    delete(lab, lab.bo, project)
    assert lab.world.get(Project, project.id) is None
    assert create(lab).slug == "plan-b"


@pytest.mark.parametrize(("who", "refusal"), [("cy", Forbidden), ("ada", Conflict)])
def test_a_project_is_not_deleted(who: str, refusal: type[Refusal]) -> None:
    lab = open_lab()
    project = create(lab)
    runs.create_run(lab.world, lab.cy, workspace=lab.lab, content=content(project_id=project.id))
    before = state_of(lab.world)
    with pytest.raises(refusal):
        delete(lab, getattr(lab, who), project)
    assert state_of(lab.world) == before


def test_a_project_whose_runs_are_gone_can_be_deleted() -> None:
    lab = open_lab()
    project = create(lab)
    run = runs.create_run(
        lab.world, lab.cy, workspace=lab.lab, content=content(project_id=project.id)
    )
    runs.delete_run(lab.world, lab.cy, run=run)
    delete(lab, lab.ada, project)
    assert lab.world.all(Project, "workspace", lab.lab.id) == []


def test_a_pinned_slug_and_id_are_kept() -> None:
    lab = open_lab()
    workspace = open_workspace(lab.world, lab.ada, name="N", slug="s", pin="id")
    assert (workspace.id, workspace.slug) == ("id", "s")
