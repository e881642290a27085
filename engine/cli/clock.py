"""The system clock: the only place that asks what time it is."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime

from engine.model import Clock


def system_clock(cancelled: threading.Event | None = None) -> Clock:
    """The system's clock. Its ``sleep`` ends early when ``cancelled`` is set."""
    event = cancelled or threading.Event()

    def sleep(seconds: float) -> None:
        event.wait(seconds)

    return Clock(now=_now, monotonic=time.monotonic, sleep=sleep)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def today() -> date:
    """The day that it is, in UTC."""
    return datetime.now(UTC).date()
