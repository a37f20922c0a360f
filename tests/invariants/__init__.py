"""Promises that hold for every request: determinism, isolation, O(1) state."""
