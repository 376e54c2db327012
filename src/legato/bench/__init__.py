"""Legato side by side with the alternatives: ``python -m legato.bench``.

Every figure comes with that of an alternative, taken in turn in the same run, on
the same core, by the same clients. What counts is the ratio; the times themselves
say little on another machine.
"""

from __future__ import annotations
