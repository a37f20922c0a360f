"""Server process: sockets, uvicorn, signals."""
