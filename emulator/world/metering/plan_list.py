"""The plans that a world begins with; a seed may change them and add others.

Assumed: no plan, price or cap of the product is published. Three plans whose smallest a test can
fill and whose largest never refuses.
"""

from __future__ import annotations

from emulator.world.records.workspaces import Caps, Plan

_GIB = 2**30

FREE = "free"
"""The plan of a workspace without a subscription."""

UNCAPPED_PLAN = "enterprise"
"""The plan of a seed's workspace that names none.

Assumed: who says nothing of plans does not want to meet their caps; a sign-up gets the free one.
"""

PLANS = (
    Plan(
        id=FREE,
        title="Free",
        month_price_cents=0,
        year_price_cents=0,
        trial_days=0,
        caps=Caps(runs=500, storage_bytes=5 * _GIB, projects=10, members=5, api_keys=10, shares=25),
        ordinal=1,
    ),
    Plan(
        id="team",
        title="Team",
        month_price_cents=4_900,
        year_price_cents=49_000,
        trial_days=14,
        caps=Caps(
            runs=2_000,
            storage_bytes=500 * _GIB,
            projects=50,
            members=25,
            api_keys=50,
            shares=200,
        ),
        ordinal=2,
    ),
    Plan(
        id=UNCAPPED_PLAN,
        title="Enterprise",
        month_price_cents=49_900,
        year_price_cents=499_000,
        trial_days=0,
        caps=Caps(
            runs=None,
            storage_bytes=None,
            projects=None,
            members=None,
            api_keys=None,
            shares=None,
        ),
        ordinal=3,
    ),
)
"""The plans, the smallest first."""
