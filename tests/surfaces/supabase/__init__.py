"""Tests of Supabase Auth."""
