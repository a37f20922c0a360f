"""What is wrong with a seed is said in a sentence that names the file, the line and the member."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from textwrap import dedent

import pytest

from emulator.seeding.files import SeedError, bundled_names, find, load, parse, plant_file
from tests.support.messages import golden

LAB = """\
users:
  - {email: ada@example.com, password: demo-password}
  - {email: bob@example.com, password: demo-password}
workspaces:
  - slug: lab
    name: Lab
    members: [{user: ada@example.com, role: owner}]
"""
"""Seven lines; what a test adds begins in line 8."""

ID = "a0000000-0000-4000-8000-000000000001"


def complaint(tmp_path: Path, text: str) -> str:
    """Plant a seed and return what is said against it, without the folder."""
    path = tmp_path / "my.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SeedError) as caught:
        plant_file(load(str(path)))
    return str(caught.value).replace(str(path), "my.yaml")


def complaint_within(tmp_path: Path, more: str) -> str:
    """Plant the lab with more lines in it and return what is said against it."""
    lines = dedent(more).strip("\n").splitlines()
    return complaint(tmp_path, LAB + "".join(f"    {line}\n" for line in lines))


@pytest.mark.parametrize("text", [LAB, LAB.replace("role: owner", "role: admin")])
def test_garbage_is_collected_after_planting_as_before(tmp_path: Path, text: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(text, "utf-8")
    for collects in (True, False, True):
        (gc.enable if collects else gc.disable)()
        with contextlib.suppress(SeedError):
            plant_file(load(str(path)))
        assert gc.isenabled() == collects


def test_broken_yaml(tmp_path: Path) -> None:
    said = complaint(tmp_path, "users:\n  - email: [ada@example.com\n    name: Ada\n")
    assert said == "my.yaml: line 3: did not find expected ',' or ']'"


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    said = complaint(tmp_path, "description: a\nusers: []\nusers: []\n")
    assert said == "my.yaml: line 3: " + golden("seed", "yaml", "key-twice")


def test_a_second_document(tmp_path: Path) -> None:
    said = complaint(tmp_path, "users: []\n---\nusers: []\n")
    assert said == "my.yaml: line 2: but found another document"


def test_a_tag_that_would_run_code(tmp_path: Path) -> None:
    said = complaint(tmp_path, "\nusers: !!python/object:os.system []\n")
    tag = "tag:yaml.org,2002:python/object:os.system"
    assert said == f"my.yaml: line 2: could not determine a constructor for the tag '{tag}'"


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    said = complaint(tmp_path, "- users\n")
    expected = "Input should be a valid dictionary or instance of Seed"
    assert said == f"my.yaml: line 1: the seed: {expected}"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SeedError, match="'utf-8' codec can't decode"):
        load(str(path))


def test_an_unknown_member(tmp_path: Path) -> None:
    said = complaint_within(tmp_path, "colour: red")
    assert said == "my.yaml: line 8: workspaces.0.colour: Extra inputs are not permitted"


def test_a_member_that_is_missing_is_named_where_its_owner_begins(tmp_path: Path) -> None:
    said = complaint(tmp_path, LAB.replace("    name: Lab\n", ""))
    assert said == "my.yaml: line 5: workspaces.0.name: Field required"


def test_every_complaint_has_a_line_of_its_own(tmp_path: Path) -> None:
    said = complaint_within(
        tmp_path,
        """
        runs:
          - status: done
            metrics: {loss: .nan}
        """,
    )
    statuses = "'queued', 'running', 'succeeded', 'failed' or 'cancelled'"
    # The base model's members come first.
    assert said.splitlines() == [
        "my.yaml: line 10: workspaces.0.runs.0.metrics.loss: Input should be a finite number",
        f"my.yaml: line 9: workspaces.0.runs.0.status: Input should be {statuses}",
    ]


def test_a_key_that_is_none_of_those_allowed(tmp_path: Path) -> None:
    said = complaint_within(
        tmp_path,
        """
        recipe:
          runs: 3
          statuses: {failed: 1}
          families:
            chess: 1
        """,
    )
    expected = "Input should be 'libero', 'atari100k' or 'dmcontrol'"
    assert said == f"my.yaml: line 12: workspaces.0.recipe.families.chess: {expected}"


NO_MOMENT = golden("seed", "schema", "no-moment")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("yesterday", NO_MOMENT),
        ("2026-01-01T00:00:00", NO_MOMENT),
        ("-P3X", NO_MOMENT),
        ("-P200000D", golden("all", "validation_error", "duration-too-long")),
        ("0001-01-01T00:00:00+14:00", golden("all", "validation_error", "time-out-of-range")),
        ("17", NO_MOMENT),
    ],
)
def test_a_bad_moment(tmp_path: Path, moment: str, expected: str) -> None:
    said = complaint_within(tmp_path, f"runs:\n  - client_run_id: r\n    started_at: {moment}")
    assert said == "my.yaml: line 10: workspaces.0.runs.0.started_at: " + expected


BROKEN_SENSE = {
    "unknown project": (
        "runs:\n  - client_run_id: r\n    project: nope",
        "line 10: workspaces.0.runs.0.project: " + golden("seed", "sense", "unknown-project"),
    ),
    "unknown run of a share": (
        "shares:\n  - user: ada@example.com\n    run: nope",
        "line 10: workspaces.0.shares.0.run: " + golden("seed", "sense", "unknown-run"),
    ),
    "stranger's key": (
        "api_keys:\n  - name: CI\n    user: bob@example.com",
        "line 10: workspaces.0.api_keys.0.user: " + golden("seed", "sense", "strangers-key"),
    ),
    "nobody's key": (
        "api_keys:\n  - name: CI\n    user: eve@example.com",
        "line 10: workspaces.0.api_keys.0.user: " + golden("seed", "sense", "unknown-user"),
    ),
    "same client_run_id twice": (
        "runs:\n  - client_run_id: r\n  - client_run_id: s\n  - client_run_id: r",
        "line 11: workspaces.0.runs.2.client_run_id: " + golden("seed", "sense", "run-twice"),
    ),
    "client_run_id of the recipe": (
        "runs: [{client_run_id: lab-00002}]\n"
        "recipe: {runs: 3, families: {libero: 1}, statuses: {failed: 1}}",
        "line 8: workspaces.0.runs.2: " + golden("seed", "sense", "run-of-recipe-twice"),
    ),
    "same run id twice": (
        f"runs:\n  - {{client_run_id: r, id: {ID}}}\n  - client_run_id: s\n    id: {ID}",
        "line 11: workspaces.0.runs.1.id: " + golden("seed", "sense", "run-id-twice"),
    ),
    "same project id twice": (
        f"projects:\n  - {{slug: p, id: {ID}}}\n  - {{slug: q, id: {ID}}}",
        "line 10: workspaces.0.projects.1.id: " + golden("seed", "sense", "project-id-twice"),
    ),
    "same project slug twice": (
        "projects:\n  - slug: p\n  - slug: p",
        "line 10: workspaces.0.projects.1.slug: " + golden("seed", "sense", "project-slug-twice"),
    ),
    "same secret twice": (
        "api_keys:\n"
        "  - {name: A, user: ada@example.com, secret: wbx_demo_0000000000000001}\n"
        "  - {name: B, user: ada@example.com, secret: wbx_demo_0000000000000001}",
        "line 10: workspaces.0.api_keys.1.secret: " + golden("seed", "sense", "secret-twice"),
    ),
    "same token twice": (
        "runs: [{client_run_id: r}]\n"
        "shares:\n"
        "  - {run: r, user: ada@example.com, token: demo-share}\n"
        "  - {run: r, user: ada@example.com, token: demo-share}",
        "line 11: workspaces.0.shares.1.token: " + golden("seed", "sense", "token-twice"),
    ),
    "end before start": (
        "runs:\n  - client_run_id: r\n    started_at: -P1D\n    finished_at: -P2D",
        "line 11: workspaces.0.runs.0.finished_at: "
        + golden("all", "validation_error", "finished-before-started"),
    ),
    "queued and started": (
        "runs:\n  - client_run_id: r\n    status: queued\n    started_at: -P1D",
        "line 11: workspaces.0.runs.0.started_at: "
        + golden("all", "validation_error", "queued-run-started"),
    ),
    "running and finished": (
        "runs:\n  - client_run_id: r\n    status: running\n    finished_at: -P1D",
        "line 11: workspaces.0.runs.0.finished_at: "
        + golden("all", "validation_error", "running-run-finished"),
    ),
}


@pytest.mark.parametrize("case", BROKEN_SENSE)
def test_what_makes_no_sense_in_a_workspace(tmp_path: Path, case: str) -> None:
    more, expected = BROKEN_SENSE[case]
    assert complaint_within(tmp_path, more) == "my.yaml: " + expected


BROKEN_HEAD = {
    "same e-mail twice": (
        LAB.replace("bob@", "Ada@"),
        "line 3: users.1.email: User already registered",
    ),
    "unknown member": (
        LAB.replace("user: ada@", "user: eve@"),
        "line 7: workspaces.0.members.0.user: " + golden("seed", "sense", "unknown-user"),
    ),
    "no owner first": (
        LAB.replace("role: owner", "role: admin"),
        "line 7: workspaces.0.members.0.role: " + golden("seed", "sense", "no-owner-first"),
    ),
    "same member twice": (
        LAB.replace("owner}]", "owner}, {user: ada@example.com}]"),
        "line 7: workspaces.0.members.1.user: " + golden("seed", "sense", "member-twice"),
    ),
    "same slug twice": (
        LAB + "  - {slug: lab, name: B, members: [{user: ada@example.com, role: owner}]}\n",
        "line 8: workspaces.1.slug: " + golden("seed", "sense", "workspace-slug-twice"),
    ),
    "short password": (
        LAB.replace("demo-password}\n  - ", "demo}\n  - "),
        "line 2: users.0.password: String should have at least 6 characters",
    ),
    "no UUID": (
        LAB.replace("slug: lab", "slug: lab\n    id: lab"),
        "line 6: workspaces.0.id: " + golden("seed", "schema", "no-uuid"),
    ),
    "an epoch of long ago": (
        LAB + "epoch: 1066-10-14T09:00:00Z\n",
        "line 8: epoch: " + golden("seed", "schema", "epoch-out-of-range"),
    ),
}


@pytest.mark.parametrize("case", BROKEN_HEAD)
def test_what_is_wrong_with_users_and_workspaces(tmp_path: Path, case: str) -> None:
    text, expected = BROKEN_HEAD[case]
    assert complaint(tmp_path, text) == "my.yaml: " + expected


def test_the_lab_itself_is_right(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(LAB, "utf-8")
    assert plant_file(load(str(path))).logins == (
        ("ada@example.com", "demo-password"),
        ("bob@example.com", "demo-password"),
    )


def test_a_seed_may_be_json() -> None:
    text = '{"users": [{"email": "ada@example.com", "password": "demo-password"}]}'
    assert parse(text, source="my.json").users[0].email == "ada@example.com"


def test_an_empty_file_is_an_empty_seed() -> None:
    assert parse("# nothing\n", source="my.yaml").users == []


def test_a_misspelt_name_gets_a_hint() -> None:
    with pytest.raises(SeedError) as caught:
        find("dmo")
    assert str(caught.value) == golden("seed", "name", "no-seed-dmo")


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(SeedError) as caught:
        find("zzz")
    assert str(caught.value) == golden(
        "seed", "name", "no-seed-like-it", names=", ".join(bundled_names())
    )


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(SeedError) as caught:
        find("scenes/mine.yaml")
    assert str(caught.value) == golden("seed", "name", "no-file-of-mine")


def test_an_event_that_is_never_sent(tmp_path: Path) -> None:
    said = complaint(
        tmp_path,
        "webhooks:\n  - url: http://localhost:1/\n    enabled_events: ['*', charge.refund]\n",
    )
    assert said == (
        "my.yaml: line 3: webhooks.0.enabled_events.1: " + golden("seed", "schema", "unknown-event")
    )
