"""Examples in the documentation, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


KITS = "emulator/testing/README.md"


def example(language: str, text: str, *, page: str = KITS) -> str:
    """Return the one code block of a page in a language that contains a text."""
    blocks = re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S
    )
    [block] = [block for block in blocks if text in block]
    return str(block)
