"""Tests of the BFF."""
