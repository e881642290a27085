"""What went over the wire: every request in order, and what can be counted of them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.emulators.identify import Call
from tests.emulators.wire import Answer, Exchange, Next


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. ``status`` is None where nothing was answered; ``injected`` names the fault in its way, if any."""

    call: Call
    status: int | None
    injected: str | None
    sent: int


class Traffic:
    """The layer that counts; outermost, so that what other layers answer is counted too.

    With ``keep``, requests are kept as they were sent, which takes memory.
    """

    def __init__(self, keep: bool = False) -> None:
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self.log: list[Entry] = []
        """In the order in which they were answered."""
        self.asked: list[Exchange] = []
        """In the order in which they came; nothing where they are not kept."""
        self.in_flight = 0
        self.max_in_flight = 0
        self._busy = 0.0
        self._request_seconds = 0.0
        self._first: float | None = None
        self._last = self._end = time.monotonic()

    @property
    def total(self) -> int:
        """How many requests there were."""
        return len(self.log)

    @property
    def calls(self) -> Counter[str]:
        """Requests by operation ("s3:ListBuckets")."""
        return Counter(entry.call.name for entry in self.log)

    @property
    def repeats(self) -> Counter[str]:
        """Requests, by operation, that had been answered before with equal arguments in the same region.

        Neither a retry of a request that a fault was injected into nor of one that a 5xx answered is a repeat.
        """
        answered: set[Call] = set()
        repeats: Counter[str] = Counter()
        for entry in self.log:
            repeats[entry.call.name] += entry.call in answered
            if entry.injected is None and entry.status is not None and entry.status < 500:
                answered.add(entry.call)
        return +repeats

    @property
    def unidentified(self) -> list[str]:
        """Requests that are no operation of AWS's."""
        return [entry.call.name for entry in self.log if entry.call.protocol == "none"]

    def summary(self) -> dict[str, Any]:
        """All figures, for a report."""
        span = self._end - self._first if self._first is not None else 0.0
        return {
            "total": self.total,
            "distinct": len({entry.call for entry in self.log}),
            "repeats": self.repeats.total(),
            "repeats_by_operation": dict(self.repeats.most_common()),
            "span_s": round(span, 3),
            "busy_s": round(self._busy, 3),
            "max_in_flight": self.max_in_flight,
            "mean_in_flight": round(self._request_seconds / span, 2) if span else 0.0,
            "bytes_sent": sum(entry.sent for entry in self.log),
            "by_status": {str(k): n for k, n in Counter(entry.status for entry in self.log).most_common()},
            "by_fault": dict(Counter(entry.injected for entry in self.log if entry.injected).most_common()),
            "by_region": dict(Counter(entry.call.region for entry in self.log).most_common()),
            "by_service": dict(Counter(entry.call.service for entry in self.log).most_common()),
            "by_operation": dict(self.calls.most_common()),
        }

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Count one exchange."""
        if self._keep:
            self.asked.append(exchange)
        self._advance()
        if self._first is None:
            self._first = self._last
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        answer: Answer | None = None
        try:
            answer = await forward(exchange)
            return answer
        finally:
            self._advance()
            self._end = self._last
            self.in_flight -= 1
            status = answer.status if answer is not None and answer.sent is None else None
            size = len(answer.body[: answer.sent]) if answer is not None else 0
            self.log.append(Entry(exchange.call, status, exchange.injected, size))

    def _advance(self) -> None:
        now = time.monotonic()
        if self.in_flight:
            self._busy += now - self._last
            self._request_seconds += self.in_flight * (now - self._last)
        self._last = now
