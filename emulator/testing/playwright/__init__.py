"""Playwright kit: fixtures and a config that `init playwright` writes into a project."""
