"""The FastAPI control plane: what the CLI talks to and the BFF forwards to."""
