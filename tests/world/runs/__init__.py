"""Runs, uploads and shares."""
