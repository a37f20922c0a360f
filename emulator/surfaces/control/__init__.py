"""Everything for tests and people, under `/_emulator`."""
