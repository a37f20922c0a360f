"""Fields of a run: every place that shows or takes a run has decided about each of them."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

from emulator.seeding.schema import SeedRun
from emulator.surfaces.upstream.run_models import ArtifactView, RunCreate, RunView
from emulator.surfaces.upstream.shares import PublicArtifactView, PublicRunView
from emulator.wire.run_json import render_run
from emulator.world.records.runs import Artifact, Run
from emulator.world.runs.runs import ArtifactContent, RunContent, create_run
from emulator.world.runs.shares import PUBLIC_ARTIFACT_FIELDS, PUBLIC_FIELDS
from tests.support.world_builder import content, open_lab

BOOKKEEPING = {"created_by", "ordinal", "content", "revision"}
"""The emulator's own, which no client sees."""

OWN_ROUTES = {"manifest", "log"}
"""Large, so each is read by a route of its own."""

GIVEN_BY_THE_WORLD = {"id", "workspace_id", "client_run_id", "created_at"}
"""Not part of the content that a client may change later."""

PRIVATE = {
    "id",
    "workspace_id",
    "project_id",
    "client_run_id",
    "cost_estimate_usd",
    "extra",
    "created_at",
}
"""Shown to members of the workspace, but not by a share."""

SEED_NAMES = {"project": "project_id"}


def names(kind: type[Any]) -> set[str]:
    return set(get_type_hints(kind))


def test_every_field_of_a_run_is_shown_or_bookkeeping() -> None:
    assert set(RunView.model_fields) == names(Run) - BOOKKEEPING - OWN_ROUTES


def test_every_field_of_a_run_is_public_or_private() -> None:
    assert set(PUBLIC_FIELDS) == names(Run) - PRIVATE - BOOKKEEPING - OWN_ROUTES
    assert set(PublicRunView.model_fields) == set(PUBLIC_FIELDS)


def test_every_field_of_a_run_is_content_or_given_by_the_world() -> None:
    assert names(RunContent) == names(Run) - GIVEN_BY_THE_WORLD - BOOKKEEPING


def test_clients_and_seeds_can_give_every_field_of_the_content() -> None:
    created = set(RunCreate.model_fields)
    seeded = {SEED_NAMES.get(name, name) for name in SeedRun.model_fields}
    assert created == names(RunContent)
    assert seeded == names(RunContent) | {"id", "client_run_id"}


def test_a_rendered_run_has_the_members_of_its_view_in_order() -> None:
    lab = open_lab()
    artifact = ArtifactContent(name="a", media_type="m", size_bytes=1, sha256=None)
    run = create_run(lab.world, lab.ada, workspace=lab.lab, content=content(artifacts=(artifact,)))
    shown = json.loads(render_run(run))
    assert list(shown) == list(RunView.model_fields)
    assert list(shown["artifacts"][0]) == list(ArtifactView.model_fields)


def test_every_field_of_an_artifact_is_shown_and_all_but_its_id_are_public() -> None:
    assert set(ArtifactView.model_fields) == names(Artifact)
    assert set(PUBLIC_ARTIFACT_FIELDS) == names(Artifact) - {"id"} == names(ArtifactContent)
    assert set(PublicArtifactView.model_fields) == set(PUBLIC_ARTIFACT_FIELDS)


def test_content_and_run_have_the_same_types() -> None:
    run, sent = get_type_hints(Run), get_type_hints(RunContent)
    same = names(RunContent) - {"artifacts"}
    assert {name: sent[name] for name in same} == {name: run[name] for name in same}
