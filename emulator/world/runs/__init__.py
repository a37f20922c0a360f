"""Runs, their uploads and public shares."""
