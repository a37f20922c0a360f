"""Supabase Auth (GoTrue) as its real clients see it, under `/auth/v1`."""
