"""Plans, usage periods, quota and reservations."""
