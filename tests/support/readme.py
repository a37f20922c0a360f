"""Examples in the documentation, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def example(language: str, saying: str) -> str:
    """Return the one code block of the README in a language that says something."""
    blocks = re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.M | re.S
    )
    [block] = [block for block in blocks if saying in block]
    return str(block)
