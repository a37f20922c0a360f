"""Webhook delivery, to the emulator itself and to other endpoints."""
