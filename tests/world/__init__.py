"""Tests of the world: no HTTP."""
