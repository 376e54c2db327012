"""The Centrifuge client protocol, pure: bytes and values, no clock, no I/O."""
