"""Twelve months of one subscription, with a failed month and a recovery, as a golden file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from emulator.world.billing import cards, portal
from emulator.world.core.times import to_text
from emulator.world.records.billing import Event, Invoice, Subscription
from tests.support.billed_world import Billed

GOLDEN = Path(__file__).parents[2] / "golden/billing-year.txt"


def dollars(cents: int) -> str:
    return f"{cents / 100:.2f}"


def told(event: Event) -> str:
    said = f"{to_text(event.created_at)}  {event.kind}"
    if isinstance(event.record, Invoice):
        said += f"  {event.record.number or 'draft'} {event.record.status}"
    if isinstance(event.record, Subscription):
        said += f"  {event.record.status}"
    return said


def a_year() -> Billed:
    billed = Billed()
    billed.subscribe("team", number=cards.GOOD)
    for month in range(12):
        if month == 5:
            billed.world.put(replace(billed.customer, payments_to_fail=2))
        if month == 6:
            facts = cards.facts_of(billed.world, "5555555555554444", holder="Mara Lindqvist")
            portal.use_card(billed.world, billed.customer, facts)
        billed.advance(days=31 if month != 11 else 24)
    return billed


def test_twelve_months_are_as_they_were(is_golden_run: bool) -> None:
    billed = a_year()
    lines = [
        f"{one.number}  {one.status}  {dollars(one.total_cents)}  paid {dollars(one.paid_cents)}  "
        f"tries {one.attempt_count}  {to_text(one.period_start)} to {to_text(one.period_end)}"
        for one in billed.invoices
    ]
    lines += ["", *(told(one) for one in billed.world.all(Event, "all", ()))]
    text = "\n".join(lines) + "\n"
    if is_golden_run:
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")
