"""Tables, indexes, digests and ids."""
