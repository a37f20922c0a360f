"""The control plane as a pure state machine: no HTTP, no machine clock, no randomness, no I/O."""
