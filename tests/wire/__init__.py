"""Formats, below any surface."""
