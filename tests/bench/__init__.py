"""Bench: what `make bench` measures and prints. Nothing here is a test or asserts a time."""
