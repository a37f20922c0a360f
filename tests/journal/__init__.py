"""The journal: entries, redaction, waiting, rewinding."""
