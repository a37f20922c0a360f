"""URLs of Stripe's hosted pages; each contains its world."""

from __future__ import annotations

from emulator.settings import Settings
from emulator.wire.world_tags import tagged
from emulator.world.core.world import World
from emulator.world.records.billing import CheckoutSession, Invoice, PortalSession

PREFIX = "/stripe"


def checkout_url(world: World, settings: Settings, session: CheckoutSession) -> str:
    """Return the page of a checkout session."""
    return f"{settings.public_url}{PREFIX}/checkout/{tagged(session.id, world)}"


def portal_url(world: World, settings: Settings, session: PortalSession) -> str:
    """Return the page of a portal session."""
    return f"{settings.public_url}{PREFIX}/portal/{tagged(session.id, world)}"


def invoice_url(world: World, settings: Settings, invoice: Invoice) -> str:
    """Return the page of an invoice."""
    return f"{settings.public_url}{PREFIX}/invoices/{tagged(invoice.id, world)}"


def success_url(world: World, session: CheckoutSession) -> str:
    """Return the URL that a completed checkout redirects to, with the session's id filled in."""
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", tagged(session.id, world))
