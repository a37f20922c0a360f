"""What a test needs of the machine and may not find there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(what: str, *, remedy: str) -> NoReturn:
    """Skip the test for want of something, or fail it in CI, where nothing may be wanting."""
    message = f"{what} is not there: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
