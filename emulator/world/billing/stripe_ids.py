"""Ids as Stripe writes them: a prefix and letters and digits."""

from __future__ import annotations

from emulator.world.core.world import World
from emulator.world.store import ids

LENGTH = 24
_CHECKOUT_LENGTH = 40


def new_stripe_id(world: World, prefix: str, *, length: int = LENGTH) -> tuple[str, int]:
    """Return a fresh id of that prefix and its ordinal."""
    ordinal = world.ordinal(prefix)
    return f"{prefix}_{ids.as_base62(world.derive(prefix, ordinal), length=length)}", ordinal


def new_checkout_id(world: World) -> tuple[str, int]:
    """Return a fresh id of a checkout session and its ordinal. Real: longer, and `test` in it."""
    return new_stripe_id(world, "cs_test", length=_CHECKOUT_LENGTH)
