"""Tests that hold what is documented against what is so."""
