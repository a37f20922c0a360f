"""Transaction of a request on its world: all of what it writes, or nothing.

An error response restores the state, unless the refusal keeps its writes. A surface runs to its end
without being suspended, so that no other request comes between.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import ref

from emulator.journal.coverage import Coverage
from emulator.journal.journal import Entry
from emulator.journal.recorder import record_entry
from emulator.pipeline.request import ResolvedRequest
from emulator.pipeline.surface_call import call_surface
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.registry import WorldRegistry, erasures
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.context import Outcome, RequestContext
from emulator.world.core.access import Actor
from emulator.world.core.world import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A request that was served: its response, and the outcome that its handler set."""

    response: RawResponse
    outcome: Outcome
    entry: Entry | None = None
    """The entry in the journal, unless the request was for control."""


class Transaction:
    """Serves requests, each as a transaction."""

    def __init__(
        self,
        registry: WorldRegistry,
        *,
        webhooks: WebhookDispatcher,
        internal_webhooks: InternalWebhookEndpoint,
        coverage: Coverage,
        feed: ChangeFeed,
    ) -> None:
        self._registry = registry
        self._webhooks = webhooks
        self._internal_webhooks = internal_webhooks
        self._coverage = coverage
        self._feed = feed

    def run(self, resolved: ResolvedRequest) -> Served:
        """Serve a request once.

        The internal webhook is called before the request, in case the clock has moved by itself,
        and again before the response.
        """
        live, world = resolved.live, resolved.live.world
        before = world.state
        if not live.is_settled():
            self._internal_webhooks.deliver(world)
        erased = erasures(world)
        context = resolved.context(self._registry.settings)
        world.written = []
        try:
            response = self._run_or_restore(resolved, context)
            if not live.is_settled():
                self._internal_webhooks.deliver(world)
        except BaseException:
            world.state = before
            raise
        finally:
            written, world.written = world.written or [], None
        if not live.is_settled():
            self._webhooks.enqueue_due(world)
            live.settled = ref(world.state)
        has_erased = world.state is not before and erasures(world) > erased
        entry = self._record(
            resolved,
            response,
            actor=context.outcome.actor,
            before=before,
            written=written,
            has_erased=has_erased,
        )
        return Served(response=response, outcome=context.outcome, entry=entry)

    def _run_or_restore(self, resolved: ResolvedRequest, context: RequestContext) -> RawResponse:
        world, outcome = context.world, context.outcome
        before = world.state
        response = call_surface(resolved, context)
        if (response.is_error and not outcome.keep_writes) or resolved.request.is_head:
            world.state = outcome.saved_state or before
        return response

    def _record(
        self,
        resolved: ResolvedRequest,
        response: RawResponse,
        *,
        actor: Actor | None,
        before: State,
        written: list[tuple[str, str]],
        has_erased: bool,
    ) -> Entry | None:
        """Add the request to the journal and to coverage, without a way back to the data of a user
        that it erased, and wake those who wait for the world to change.
        """
        live, entry = resolved.live, None
        if not resolved.request.is_control:
            if has_erased:
                self._registry.discard_history(live)
            entry = record_entry(
                live.journal,
                resolved.request,
                response,
                resolved.applied,
                actor=actor,
                wall_time=resolved.wall_time,
                at=live.world.now,
                faults=resolved.faults,
                before=live.world.state if has_erased else before,
                after=live.world.state,
                written=written,
            )
            self._coverage.add(entry)
            if has_erased:
                live.journal.mark_erasure()
        if live.world.state is not before or not resolved.request.is_control:
            self._feed.world_changed(live.world.name)
        return entry
