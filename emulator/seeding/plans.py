"""Plans of a seed: merges its plans over the built-in ones and adds new ones."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from emulator.world.metering.plans import PLANS
from emulator.world.records.workspaces import Caps, Plan

if TYPE_CHECKING:
    from emulator.seeding.schema import Seed, SeedPlan

UNCAPPED = Caps(
    runs=None, storage_bytes=None, projects=None, members=None, api_keys=None, shares=None
)


def plans_of(seed: Seed) -> list[Plan]:
    """Return every plan of the seed's world; added plans come last."""
    known = {plan.id: plan for plan in PLANS}
    for name, spec in seed.plans.items():
        known[name] = _merged(known.get(name) or _blank(name, ordinal=len(known) + 1), spec)
    return list(known.values())


def _blank(name: str, *, ordinal: int) -> Plan:
    return Plan(
        id=name,
        title=name.replace("-", " ").capitalize(),
        month_price_cents=0,
        year_price_cents=0,
        trial_days=0,
        caps=UNCAPPED,
        ordinal=ordinal,
    )


def _merged(plan: Plan, spec: SeedPlan) -> Plan:
    caps = {name: getattr(spec.caps, name) for name in spec.caps.model_fields_set}
    others: dict[str, Any] = {
        field.name: value
        for field in fields(Plan)
        if field.name != "caps" and (value := getattr(spec, field.name, None)) is not None
    }
    return replace(plan, caps=replace(plan.caps, **caps), **others)
