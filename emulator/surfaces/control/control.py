"""Control: what every handler of the control API gets beside the request."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from emulator.contract.catalog import OperationCatalog
from emulator.journal.coverage import Coverage
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.wire.http.context import context_of

PREFIX = "/_emulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The live worlds, the queues of their webhooks, the operations of all surfaces, coverage."""

    registry: WorldRegistry
    webhooks: WebhookDispatcher
    catalog: OperationCatalog
    coverage: Coverage

    def live_world(self, request: Request) -> LiveWorld:
        """Return the world of a request with what lies beside its state."""
        return self.registry.known(context_of(request).world.name)
