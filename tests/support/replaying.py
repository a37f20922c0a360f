"""Replay of a capsule over the whole emulator, as `worldflux-emulator replay` does it."""

from __future__ import annotations

from functools import partial

from emulator.app import build_app
from emulator.persistence import replay as replaying
from emulator.persistence.replay import Replay


def replay(raw: bytes) -> Replay:
    """Replay a capsule without delivering webhooks to other servers."""
    return replaying.replay(raw, partial(build_app, sends_webhooks=False))
