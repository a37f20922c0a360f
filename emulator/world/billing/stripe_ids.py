"""Stripe ids: a prefix, an underscore, and letters and digits."""

from __future__ import annotations

from emulator.world.core.world import World
from emulator.world.store import ids

LENGTH = 24
_CHECKOUT_LENGTH = 40


def new_stripe_id(world: World, prefix: str, *, length: int = LENGTH) -> tuple[str, int]:
    """Return a new id with that prefix, and its ordinal."""
    ordinal = world.ordinal(prefix)
    return f"{prefix}_{ids.as_base62(world.derive(prefix, ordinal), length=length)}", ordinal


def new_checkout_id(world: World) -> tuple[str, int]:
    """Return a new id of a checkout session, and its ordinal.

    Real: it is longer and has `test` in it (docs.stripe.com/api/checkout/sessions/object).
    """
    return new_stripe_id(world, "cs_test", length=_CHECKOUT_LENGTH)
