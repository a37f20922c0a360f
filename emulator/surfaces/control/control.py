"""Control: what every handler of the control API gets beside the request."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.contract.catalog import OperationCatalog
from emulator.journal.coverage import Coverage
from emulator.registry.registry import WorldRegistry
from emulator.webhooks.dispatcher import WebhookDispatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The live worlds, their webhooks, the operations of all surfaces, and coverage."""

    registry: WorldRegistry
    webhooks: WebhookDispatcher
    catalog: OperationCatalog
    coverage: Coverage
