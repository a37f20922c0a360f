"""The examples in `seeds/README.md` are seeds, and the error that it shows is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.seeding.files import SeedError, load, plant_file

README = (Path(__file__).parents[2] / "seeds/README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

FOREIGN_KEY = """\
users:
  - {email: ann@example.com, password: demo-password}
  - {email: bob@example.com, password: demo-password}
workspaces:
  - slug: lab
    name: Lab
    members: [{user: ann@example.com, role: owner}]
    api_keys: [{name: ci, user: bob@example.com}]
"""


def test_every_example_is_a_seed(tmp_path: Path) -> None:
    assert len(EXAMPLES) == 6
    for text in EXAMPLES:
        path = tmp_path / "my.yaml"
        path.write_text(text, "utf-8")
        assert plant_file(load(str(path))).seed == "my"


def test_the_error_that_is_shown_is_the_one_that_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(FOREIGN_KEY, "utf-8")
    with pytest.raises(SeedError) as caught:
        plant_file(load(str(path)))
    assert f"Error: {str(caught.value).replace(str(path), './my.yaml')}\n" in README
