"""What was requested and answered: entries, redaction, coverage."""
