"""The live worlds, their snapshots and ports."""
