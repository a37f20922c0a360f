"""Exports, capsules and replay."""
