"""Meters: every place that lists them lists the same meters."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import pytest

from emulator.seeding.plans import UNCAPPED
from emulator.seeding.schema import SeedCaps
from emulator.surfaces.upstream.workspaces import UsageView
from emulator.world.core.refusals import QuotaExceeded
from emulator.world.metering import quota
from emulator.world.metering.meters import METERS
from emulator.world.metering.plans import PLANS
from emulator.world.records.types import Meter, ReservedMeter
from emulator.world.records.workspaces import Caps, Usage
from tests.support.tiny_plan_world import TINY, open_room


def test_every_list_of_meters_has_the_same_in_the_same_order() -> None:
    meters = get_args(Meter)
    assert tuple(METERS) == meters
    assert tuple(field.name for field in fields(Caps)) == meters
    assert tuple(SeedCaps.model_fields) == meters
    assert tuple(UsageView.model_fields) == meters


def test_the_usage_record_counts_every_meter_that_can_be_reserved() -> None:
    counted = {meter for meter in get_args(Meter) if meter in _names(Usage)}
    reserved = {meter for meter in get_args(Meter) if f"{meter}_reserved" in _names(Usage)}
    assert counted == reserved == set(get_args(ReservedMeter))


@pytest.mark.parametrize("meter", METERS)
def test_every_meter_counts_one_more_when_one_more_is_added(meter: Meter) -> None:
    room = open_room(UNCAPPED)
    room.create_run()
    before = quota.gauge(room.world, room.workspace, meter).used
    room.add(meter)
    assert quota.gauge(room.world, room.workspace, meter).used > before


@pytest.mark.parametrize("meter", METERS)
def test_a_refusal_names_the_figures_of_every_meter(meter: Meter) -> None:
    room = open_room(replace(TINY, **{meter: 1}))
    gauge = quota.gauge(room.world, room.workspace, meter)
    refusal = quota.refusal_at(room.world, room.workspace, gauge, limit=1_234, wanted=1)
    assert isinstance(refusal, QuotaExceeded)
    assert (refusal.meter, "1234" in refusal.message) == (meter, True)


def test_plans_without_caps_have_none_on_any_meter() -> None:
    for caps in (UNCAPPED, PLANS[-1].caps):
        assert {getattr(caps, meter) for meter in METERS} == {None}


def _names(kind: type[Usage]) -> set[str]:
    return {field.name for field in fields(kind)}
