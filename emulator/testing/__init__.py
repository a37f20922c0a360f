"""Testing kits: the pytest plugin, and the files of the Playwright kit."""
