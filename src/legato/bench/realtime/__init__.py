"""Live channels: fan-out, idle clients, and everyone coming back at once."""

from __future__ import annotations
