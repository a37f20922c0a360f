"""The control plane's own webhook, called in process: an event reaches it as Stripe's would, signed
and by its route, before the request that caused it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp

from emulator.registry.registry import machine_now
from emulator.settings import Settings
from emulator.webhooks.dispatcher import CONTENT_TYPE, USER_AGENT, WebhookDispatcher
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.context import KEY, RequestContext
from emulator.wire.stripe.signatures import HEADER
from emulator.world.billing import webhook_endpoints
from emulator.world.core.world import World

PATH = "/api/billing/webhook"

Run = Callable[[ASGIApp, dict[str, Any], bytes], RawResponse]
"""Runs an app on a scope and a body to its end."""

_REFUSED = 400


class InternalWebhookEndpoint:
    """Hands what waits for the control plane to its webhook, in order, unless that is held."""

    def __init__(self, upstream: ASGIApp, courier: WebhookDispatcher, *, run: Run) -> None:
        self._upstream = upstream
        self._courier = courier
        self._run = run

    def deliver(self, world: World, settings: Settings) -> None:
        """Deliver until nothing waits; an event that is refused changes nothing and is dropped."""
        while (delivery := webhook_endpoints.take_internal(world)) is not None:
            sending, signature = self._courier.packed_for_own(world, delivery)
            before = world.state
            context = RequestContext(world=world, settings=settings, machine_at=machine_now())
            scope = _scope(context, signature)
            status = self._run(self._upstream, scope, sending.body).status
            if status >= _REFUSED:
                world.state = before
            self._courier.note(world, sending, signature, status=status)


def _scope(context: RequestContext, signature: str) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"user-agent", USER_AGENT.encode()),
            (HEADER.lower().encode(), signature.encode()),
        ],
        KEY: context,
    }
