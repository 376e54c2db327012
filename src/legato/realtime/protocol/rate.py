"""A token bucket that is told the time."""

from __future__ import annotations

__all__ = ["Bucket"]


class Bucket:
    """Lets ``rate`` actions a second through, and ``burst`` of them at once."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated_at")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._updated_at = now

    def take(self, now: float) -> bool:
        """True when one more action may pass at ``now`` (seconds, monotonic)."""
        tokens = self._tokens + (now - self._updated_at) * self._rate
        self._tokens = min(tokens, self._burst)
        self._updated_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
