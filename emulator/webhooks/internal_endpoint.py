"""Internal webhook endpoint: the control plane's own webhook, called in process.

An event reaches it as Stripe's would, signed and by its route, before the request that caused the
event is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.settings import Settings
from emulator.webhooks.dispatcher import CONTENT_TYPE, USER_AGENT, WebhookDispatcher
from emulator.wire.http.asgi import call_app, http_scope
from emulator.wire.http.context import KEY, RequestContext
from emulator.wire.http.surface import Surface
from emulator.wire.stripe.signatures import HEADER
from emulator.world.billing import webhook_endpoints
from emulator.world.core.world import World
from emulator.world.records.types import Instant

PATH = "/api/billing/webhook"

_REFUSED = 400


class InternalWebhookEndpoint:
    """Delivers queued events to the upstream's webhook, in order, unless delivery is paused."""

    def __init__(
        self,
        upstream: Surface,
        webhooks: WebhookDispatcher,
        *,
        settings: Settings,
        now: Callable[[], Instant],
    ) -> None:
        self._upstream = upstream
        self._webhooks = webhooks
        self._settings = settings
        self._now = now

    def deliver(self, world: World) -> None:
        """Deliver until the queue is empty; an event that is refused changes nothing and is
        dropped.
        """
        while (delivery := webhook_endpoints.take_internal(world)) is not None:
            outbound, signature = self._webhooks.open_internal(world, delivery)
            before = world.state
            context = RequestContext(world=world, settings=self._settings, wall_time=self._now())
            status = call_app(self._upstream.app, _scope(context, signature), outbound.body).status
            if status >= _REFUSED:
                world.state = before
            self._webhooks.close_internal(world, outbound, signature=signature, status=status)


def _scope(context: RequestContext, signature: str) -> dict[str, Any]:
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"user-agent", USER_AGENT.encode()),
        (HEADER.lower().encode(), signature.encode()),
    ]
    return http_scope("POST", PATH, headers=headers) | {KEY: context}
