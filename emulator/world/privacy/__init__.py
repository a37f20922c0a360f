"""Data requests: export, objection, restriction and erasure."""
