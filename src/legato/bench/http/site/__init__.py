"""The project that every server of the HTTP measure serves.

What ``startproject`` writes, with ``DEBUG`` off and a database prepared beforehand.
"""

from __future__ import annotations
