"""Workspaces, projects, API keys and access."""
