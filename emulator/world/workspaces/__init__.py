"""Workspaces, projects and API keys."""
