"""Upstream surface: the control plane's API, which the CLI calls and the BFF forwards to."""
