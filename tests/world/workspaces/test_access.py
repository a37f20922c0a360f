"""Who sees what: what is not visible is NotFound, never forbidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulator.world import lifecycle
from emulator.world.core import access
from emulator.world.core.access import Actor
from emulator.world.core.refusals import Forbidden, NotFound
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.records.workspaces import Workspace
from emulator.world.runs import runs, shares
from emulator.world.workspaces import api_keys, projects
from emulator.world.workspaces.workspaces import open_workspace
from tests.support.messages import golden
from tests.support.world_builder import Lab, account, begin, content, open_lab

Look = Callable[[World, Actor, str], Any]


def furnished() -> tuple[Lab, dict[str, str]]:
    """Return the lab with one of everything in it, by what it is called."""
    lab = open_lab()
    world, ada = lab.world, lab.ada
    project = projects.create_project(
        world, ada, workspace=lab.lab, name="P", slug=None, description=""
    )
    run = runs.create_run(world, ada, workspace=lab.lab, content=content())
    key, _ = api_keys.issue_key(world, ada, workspace=lab.lab, name="K", expires_at=None)
    share = shares.open_share(world, ada, run=run, expires_at=world.now + DAY)
    return lab, {
        "workspace": lab.lab.id,
        "project": project.id,
        "run": run.id,
        "API key": key.id,
        "share": share.id,
    }


LOOKS: dict[str, Look] = {
    "workspace": access.visible_workspace,
    "project": access.visible_project,
    "run": access.visible_run,
    "API key": access.visible_key,
    "share": access.visible_share,
}


@pytest.mark.parametrize("what", LOOKS)
def test_members_of_every_role_see_it(what: str) -> None:
    lab, ids = furnished()
    for actor in (lab.ada, lab.bo, lab.cy):
        assert LOOKS[what](lab.world, actor, ids[what]).id == ids[what]


@pytest.mark.parametrize("what", LOOKS)
def test_the_foreign_and_the_unknown_are_told_apart_by_nobody(what: str) -> None:
    lab, ids = furnished()
    for key in (ids[what], "unknown"):
        with pytest.raises(NotFound) as refused:
            LOOKS[what](lab.world, lab.dee, key)
        assert refused.value.message == golden(
            "all", "not_found", "invisible", what=what, key=repr(key)
        )


@pytest.mark.parametrize("what", LOOKS)
def test_a_key_sees_its_own_workspace_alone(what: str) -> None:
    lab, ids = furnished()
    here = replace(lab.ada, api_key_id="k", workspace_id=lab.lab.id)
    other = open_workspace(lab.world, lab.ada, name="Other")
    there = replace(lab.ada, api_key_id="k", workspace_id=other.id)
    assert LOOKS[what](lab.world, here, ids[what]).id == ids[what]
    with pytest.raises(NotFound):
        LOOKS[what](lab.world, there, ids[what])


def context(lab: Lab, actor: Actor, wanted: str | None) -> Workspace:
    """Return the workspace that a request of the actor is about."""
    return access.context_workspace(lab.world, actor, wanted)


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_request_is_about_the_workspace_it_names_else_the_first(seconds: int) -> None:
    lab = open_lab()
    lifecycle.move(lab.world, to=lab.world.now + seconds * SECOND)
    for actor in (lab.ada, lab.bo):
        second = open_workspace(lab.world, actor, name="Second")
        assert context(lab, actor, None) == lab.lab
        assert context(lab, actor, second.id) == second
        assert context(lab, replace(actor, workspace_id=second.id), None) == second


def test_a_key_of_a_workspace_that_its_user_has_left_has_no_context() -> None:
    lab = open_lab()
    with pytest.raises(NotFound):
        context(lab, replace(lab.ada, workspace_id=lab.away.id), None)


@pytest.mark.parametrize("name", ["away", "unknown"])
def test_a_workspace_that_is_not_ones_own_is_no_context(name: str) -> None:
    lab = open_lab()
    with pytest.raises(NotFound):
        context(lab, lab.ada, lab.away.id if name == "away" else name)


def test_without_a_workspace_there_is_no_context() -> None:
    world = begin()
    with pytest.raises(NotFound) as refused:
        access.context_workspace(world, account(world, "ada"), None)
    assert refused.value.message == golden("all", "not_found", "no-workspace-at-all")


def test_owners_and_admins_may_what_members_may_not() -> None:
    lab = open_lab()
    for actor in (lab.ada, lab.bo):
        access.require_admin(lab.world, actor, lab.lab.id, to="try")
    with pytest.raises(Forbidden) as refused:
        access.require_admin(lab.world, lab.cy, lab.lab.id, to="try")
    assert refused.value.message == (golden("all", "forbidden", "member-tries"))
