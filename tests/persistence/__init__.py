"""Exports, imports, capsules and replay."""
