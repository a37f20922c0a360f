"""The hosted portal, in which a customer manages its subscription."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.cards import MESSAGES, TypedCard, require_accepted
from emulator.world.billing.customers import attach_card, customer_of
from emulator.world.billing.events import emit
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.billing.subscriptions import live_subscription, update_subscription
from emulator.world.core.access import Actor, require_admin, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import CardDeclined, Conflict, NotFound, SessionClosed
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.records.billing import CardFacts, Customer, PortalSession
from emulator.world.records.workspaces import Workspace

OPEN_SECONDS = 3600
"""Real: a portal session expires an hour after its last use
(docs.stripe.com/customer-management/integrate-customer-portal). Assumed: a portal
session expires an hour after it was opened, since viewing a page does not change the state.
"""


def open_portal(
    world: World, actor: Actor, *, workspace: Workspace, return_url: str
) -> PortalSession:
    """Open the portal for the customer of a workspace.

    Raises Forbidden unless the actor is an owner or admin, Conflict if the workspace never had a
    customer.
    """
    require_writer(world, actor)
    require_admin(world, actor, workspace.id, to="change what the workspace pays for")
    customer = customer_of(world, workspace.id)
    if customer is None:
        raise Conflict(
            "This workspace was never subscribed, so it has no portal; "
            "start with POST /api/billing/checkout."
        )
    session_id, ordinal = new_stripe_id(world, "bps")
    session = PortalSession(
        id=session_id,
        customer_id=customer.id,
        workspace_id=workspace.id,
        return_url=return_url,
        pending=None,
        created_at=world.now,
        ordinal=ordinal,
        expires_at=world.now + OPEN_SECONDS * SECOND,
    )
    world.put(session)
    emit(world, "billing_portal.session.created", session, workspace_id=workspace.id)
    record_audit(world, actor, "portal.opened", session, workspace_id=workspace.id)
    return session


def portal_session(world: World, session_id: str) -> PortalSession:
    """Return a session by its id, which is all that its page needs.

    Raises NotFound, SessionClosed if it has expired.
    """
    session = world.get(PortalSession, session_id)
    if session is None:
        raise NotFound("portal session", session_id)
    if session.expires_at <= world.now:
        raise SessionClosed(
            "expired", "This portal session has expired. Go back and open it again."
        )
    return session


def replace_card(world: World, session: PortalSession, card: TypedCard) -> PortalSession:
    """Replace the customer's card; a card that requires 3-D Secure is `pending` first.

    Raises CardDeclined.
    """
    require_accepted(card)
    if card.behavior.needs_authentication:
        waiting = replace(session, pending=card.facts)
        world.put(waiting)
        return waiting
    use_card(world, world.expect(Customer, session.customer_id), card.facts)
    return session


def authenticate_card(world: World, session: PortalSession, *, passes: bool) -> None:
    """Finish the 3-D Secure step of a new card. Raises Conflict if no card waits, CardDeclined."""
    facts = session.pending
    if facts is None:
        raise Conflict("No card is waiting for authentication; enter a card first.")
    world.put(replace(session, pending=None))
    if not passes:
        raise CardDeclined("authentication_failed", MESSAGES["authentication_failed"])
    use_card(world, world.expect(Customer, session.customer_id), facts)


def use_card(world: World, customer: Customer, facts: CardFacts) -> None:
    """Attach a card and charge the live subscription, if any, to it from now on."""
    card = attach_card(world, customer, facts)
    live = live_subscription(world, customer.workspace_id)
    if live is not None:
        update_subscription(world, replace(live, card_id=card.id))
