"""What `make bench` measures and prints. Nothing here is a test, and nothing asserts a time."""
