"""Plans, meters, usage periods, quota and reservations."""
