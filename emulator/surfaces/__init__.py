"""Thin HTTP skins over the world; they never import one another."""
