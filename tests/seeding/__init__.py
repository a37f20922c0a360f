"""Seeds, recipes and synthetic runs."""
