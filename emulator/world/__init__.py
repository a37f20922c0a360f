"""The control plane as a pure state machine, without HTTP, wall-clock time, randomness or I/O."""
