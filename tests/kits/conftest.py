"""Servers and tests in processes of their own that run the emulator of this tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def example(language: str, text: str) -> str:
    """Return the one code block of the kits' guide in a language that contains a text."""
    guide = (ROOT / "emulator" / "testing" / "README.md").read_text("utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", guide, re.M | re.S)
    [block] = [block for block in blocks if text in block]
    return str(block)


@pytest.fixture(autouse=True)
def _this_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process that a test starts import this tree, whatever is installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("WORLDFLUX_EMULATOR_URL", raising=False)
