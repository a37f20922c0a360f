"""Runs, uploads and public shares."""
