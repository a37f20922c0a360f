"""The people of the crowded seed, who were invented once."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from emulator.seeding.files import find, load
from emulator.seeding.people import COUNT, Person, crowded_text, invent_people, with_people
from tests.support.seed_contents import run_python

TEXT = """\
users:
  # Invented users
  # End of invented users.
workspaces:
  - members:
      # Invented members: some old Faker
      - {user: old@example.com, role: admin}
      # End of invented members.
    slug: lab
"""


def test_invented_people_are_the_same_every_time_and_all_different() -> None:
    people = invent_people(60)
    assert people == invent_people(60)
    assert people[:COUNT] == invent_people(COUNT)
    assert len({person.email for person in people}) == 60
    assert all(person.email.isascii() for person in people)


def test_people_replace_what_was_invented_before() -> None:
    people = [Person("Zoë O'Neil", "zoe@example.com"), Person("Max Weiß", "max@example.com")]
    assert (
        with_people(TEXT, people)
        == f"""\
users:
  # Invented users: Faker {version("faker")}, see emulator/seeding/people.py.
  - {{email: zoe@example.com, name: "Zoë O'Neil", password: demo-password}}
  - {{email: max@example.com, name: "Max Weiß", password: demo-password}}
  # End of invented users.
workspaces:
  - members:
      # Invented members: Faker {version("faker")}, see emulator/seeding/people.py.
      - {{user: zoe@example.com, role: admin}}
      - {{user: max@example.com, role: admin}}
      # End of invented members.
    slug: lab
"""
    )


def test_a_seed_without_the_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="invented users"):
        with_people("users: []\n", [])


def test_the_crowded_seed_holds_the_people_that_were_invented() -> None:
    text = find("crowded").read_text("utf-8")
    if f"Faker {version('faker')}," not in text:
        pytest.skip("another Faker may invent other people; the committed ones stay")
    assert crowded_text() == text
    emails = [user.email for user in load("crowded").seed.users]
    assert emails[1:] == [person.email for person in invent_people(COUNT)]


def test_planting_never_imports_faker() -> None:
    code = (
        "import sys; from emulator.seeding.files import load, plant_file; "
        "plant_file(load('demo')); "
        "print('faker' in sys.modules)"
    )
    assert run_python(code) == "False\n"
