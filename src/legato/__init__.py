"""Legato: live channels and ASGI without a second thought, for Django."""

from __future__ import annotations

from legato.realtime.channels.channel import Channel
from legato.realtime.channels.client import Client
from legato.realtime.channels.options import History
from legato.realtime.publish import apublish, publish

__all__ = ["Channel", "Client", "History", "apublish", "publish"]
