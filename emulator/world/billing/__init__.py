"""Subscriptions, invoices, payments and events, as in Stripe."""
