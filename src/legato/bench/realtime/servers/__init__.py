"""The programs under test; each is started by ``process.ServerProcess``."""

from __future__ import annotations
