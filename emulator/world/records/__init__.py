"""The records of a world, by subject."""
