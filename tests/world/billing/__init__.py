"""Subscriptions, invoices and payments, without HTTP."""
