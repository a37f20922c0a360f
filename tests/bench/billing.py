"""A year of a subscription over HTTP: renewals, invoices, events, the internal webhook."""

from __future__ import annotations

import json

from tests.bench.figures import Figure
from tests.bench.table import show
from tests.bench.worlds import Control
from tests.support.server import serving

SEEDS = ("trialing", "past-due", "onboarding")
"""A trial that becomes twelve paid months, a failed payment and what follows, no subscription."""


def measure(*, rounds: int) -> list[Figure]:
    """Print and return how long twelve months take, webhooks to the control plane included."""
    figures, rows = [], []
    for seed in SEEDS:
        with serving("--seed", seed) as server:
            control = Control(server.url)
            values, happened = [], 0
            for _ in range(rounds):
                year = {"duration": "P12M"}
                values.append(control.call("POST", "/_emulator/clock/advance", year))
                happened = len(json.loads(control.content)["happened"])
                control.call("POST", "/_emulator/reset", {})
            control.close()
        figure = Figure(part="billing", row=f"seed {seed}", unit="ms", values=values)
        figures.append(figure)
        rows.append([figure.row, *figure.cells, f"{happened:,}"])
    head = ["", "median (min–max)", "wanted", "jobs that fell due"]
    show("Twelve months over HTTP, ms", head, rows)
    return figures
