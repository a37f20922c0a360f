"""Persistence: exports and capsules as files, and replay of capsules."""
