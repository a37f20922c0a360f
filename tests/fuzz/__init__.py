"""Hostile input: the document by schemathesis, every route by a grammar, and a soak."""
