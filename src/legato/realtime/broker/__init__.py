"""Brokers keep the log of each channel and announce what is added to it."""
