"""The systems under test, a file each, all with the face of ``base.System``."""

from __future__ import annotations
