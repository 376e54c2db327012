"""A connected client: where protocol, channels and node meet."""
