"""The Django app of the project that the bench serves with Legato."""

from __future__ import annotations
