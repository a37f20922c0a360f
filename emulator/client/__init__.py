"""Client of a running emulator, on the standard library alone."""
