"""Subscriptions, invoices, payments and events, as Stripe has them."""
