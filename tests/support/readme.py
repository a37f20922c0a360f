"""Examples in the documentation, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def example(language: str, text: str) -> str:
    """Return the one code block of the kits' guide in a language that contains a text."""
    guide = (ROOT / "emulator" / "testing" / "README.md").read_text("utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", guide, re.M | re.S)
    [block] = [block for block in blocks if text in block]
    return str(block)
