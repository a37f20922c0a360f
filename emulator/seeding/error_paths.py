"""Error paths: the member of a seed that a refused operation comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.world.core.refusals import Invalid, Refusal


@contextmanager
def at(path: str) -> Iterator[None]:
    """Raise a refusal as Invalid at a path; its own path is that of a request, not of a seed."""
    try:
        yield
    except Refusal as refusal:
        raise Invalid(path, refusal.message) from refusal


@contextmanager
def within(prefix: str) -> Iterator[None]:
    """Raise a refusal as Invalid with a prefix before its own path."""
    try:
        yield
    except Invalid as refusal:
        path = f"{prefix}.{refusal.path}" if refusal.path else prefix
        raise Invalid(path, refusal.message) from refusal
    except Refusal as refusal:
        raise Invalid(prefix, refusal.message) from refusal
