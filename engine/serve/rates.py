"""How often somebody may ask: a bucket of requests each, that fills again with time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import Final

_MOST: Final = 10_000
"""Buckets that are remembered. Who was longest away is forgotten, with a full bucket."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """``burst`` requests at once for each key, then ``a_minute``. ``monotonic`` counts seconds."""

    def __init__(self, a_minute: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._a_second, self._burst, self._monotonic = a_minute / 60, burst, monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> int:
        """0 where ``key`` may ask now, which then counts; else the seconds after which it may."""
        now = self._monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
            self._buckets.move_to_end(key)
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
            bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._a_second)
            bucket.at = now
            if bucket.left < 1:
                return max(1, ceil((1 - bucket.left) / self._a_second))
            bucket.left -= 1
            return 0
