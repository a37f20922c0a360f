"""The real clients, run against the emulator."""
