"""Ordinary requests: one Django project under every server and handler."""

from __future__ import annotations
