"""Stripe's hosted pages: checkout, portal and invoices, under `/stripe/`."""
