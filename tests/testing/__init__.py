"""The pytest plugin and the Playwright kit."""
