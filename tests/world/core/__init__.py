"""The world as a value, times and texts."""
