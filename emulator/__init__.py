"""A standalone, deterministic, in-memory emulator of the WorldFlux Cloud control plane."""

__version__ = "0.1.0"
