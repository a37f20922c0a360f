"""Tests of what the surfaces share."""
