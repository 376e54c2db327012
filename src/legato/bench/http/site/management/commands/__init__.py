"""The command that prepares the project."""

from __future__ import annotations
