"""Synthetic runs: benchmarks, training curves and recipes."""
