"""Kits for test suites: a pytest plugin, files for Playwright, and what they talk through."""
