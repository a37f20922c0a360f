"""The Playwright kit."""
