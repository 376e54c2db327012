"""Live channels: named logs of publications and the clients that follow them."""
