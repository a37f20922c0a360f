"""Erasure, of accounts and of billing."""
