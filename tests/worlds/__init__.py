"""Worlds, the journal, faults, storage and capsules: each fact over HTTP, the gate over sockets."""
