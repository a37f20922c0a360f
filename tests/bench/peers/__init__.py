"""Peers: other servers that npm gives, measured beside the emulator for `make bench-peers`."""
