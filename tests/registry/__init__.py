"""Live worlds and their ports."""
