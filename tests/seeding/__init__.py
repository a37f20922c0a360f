"""Tests of seeds, recipes and believable runs."""
