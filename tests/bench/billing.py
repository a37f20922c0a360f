"""A year in the life of a subscription: renewals, invoices, events, the own webhook."""

from __future__ import annotations

import json
from statistics import median

from tests.bench.table import show
from tests.bench.worlds import Control
from tests.support.server import start

SEEDS = ("trialing", "past-due", "onboarding")
"""A trial that becomes twelve paid months, a failed payment and what follows, no subscription."""


def measure(*, rounds: int) -> None:
    """Print how long twelve months take over HTTP, webhooks to the control plane included."""
    rows = []
    for seed in SEEDS:
        server = start("--seed", seed)
        control = Control(server.url)
        taken, happened = [], 0
        for _ in range(rounds):
            taken.append(control.call("POST", "/_emulator/clock/advance", {"duration": "P12M"}))
            happened = len(json.loads(control.content)["happened"])
            control.call("POST", "/_emulator/reset", {})
        control.close()
        server.stop()
        rows.append([f"seed {seed}", f"{median(taken):.1f}", f"{happened:,}"])
    show(
        "Twelve months over HTTP, ms (wanted: < 1,000)", ["", "median", "jobs that fell due"], rows
    )
