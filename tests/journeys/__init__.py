"""Whole journeys of people and tools, over real sockets."""
