"""What time it is, for those who are told it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The one clock, made in the command line and passed down: ``now()`` is RFC 3339 UTC text ending in Z.

    ``monotonic()`` counts seconds from an arbitrary start, ``sleep(seconds)`` waits.
    """

    now: Callable[[], str]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
