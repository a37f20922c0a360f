"""Fault injection: which requests a fault matches and what it does to the response."""
