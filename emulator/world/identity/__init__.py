"""Accounts, sessions and one-time codes."""
