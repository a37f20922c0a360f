"""Tests of the surfaces, over HTTP in process."""
