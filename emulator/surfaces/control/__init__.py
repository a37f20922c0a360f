"""Control API of the emulator, for tests and people, under `/_emulator`."""
