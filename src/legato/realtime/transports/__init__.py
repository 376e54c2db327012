"""Transports translate between ASGI and connections; they decide nothing."""
