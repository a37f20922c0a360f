"""The catalog of operations and the documents built from it."""
