"""The kits: the pytest plugin, the Playwright kit, and the command line that talks to a server."""
