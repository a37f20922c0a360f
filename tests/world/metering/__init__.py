"""Plans, quota, usage periods and reservations."""
