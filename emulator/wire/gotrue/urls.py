"""Prefix of the paths of Supabase Auth."""

from __future__ import annotations

PREFIX = "/auth/v1"
