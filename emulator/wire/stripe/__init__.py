"""Stripe's formats: objects, events and signatures."""
