"""Persistent tables, their indexes, digests and ids; knows no rule of the product."""
