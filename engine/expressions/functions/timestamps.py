"""Timestamps and durations: conversions, and the getters with and without time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.types import DURATION, INT, STRING, TIMESTAMP
from engine.expressions.values import (
    SECOND,
    Duration,
    Timestamp,
    duration,
    local_time,
    parse_duration,
    parse_timestamp,
    timestamp,
)

_OFFSET: Final = re.compile(r"([-+]?)([0-9]{2}):([0-9]{2})\Z")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}\Z")
_DAY: Final = 86_400 * SECOND


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    offset = _OFFSET.match(name)
    if offset is not None:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if span < timedelta(days=1):
            return timezone(-span if offset[1] == "-" else span)
    elif name == "UTC":
        return UTC
    elif _ZONE.match(name):
        try:
            return ZoneInfo(name)
        except (OSError, KeyError, ValueError):
            pass
    raise EvaluationError(f"{name[:60]!r} is not a time zone such as +02:00 or Europe/Paris")


def _getters() -> list[Function]:
    parts: dict[str, Callable[[datetime], int]] = {
        "getFullYear": lambda local: local.year,
        "getMonth": lambda local: local.month - 1,
        "getDate": lambda local: local.day,
        "getDayOfMonth": lambda local: local.day - 1,
        "getDayOfWeek": lambda local: local.isoweekday() % 7,
        "getDayOfYear": lambda local: local.timetuple().tm_yday - 1,
        "getHours": lambda local: local.hour,
        "getMinutes": lambda local: local.minute,
        "getSeconds": lambda local: local.second,
    }
    table: list[Function] = []
    for name, part in parts.items():

        def plain(moment: Timestamp, part: Callable[[datetime], int] = part) -> int:
            return part(local_time(moment, UTC))

        def zoned(moment: Timestamp, zone: str, part: Callable[[datetime], int] = part) -> int:
            return part(local_time(moment, _zone(zone)))

        table.append(Function(name, (TIMESTAMP,), INT, plain, member=True))
        table.append(Function(name, (TIMESTAMP, STRING), INT, zoned, member=True))
    return table


def _milliseconds(moment: int) -> int:
    return int(moment) % SECOND // 1_000_000


def _zoned_milliseconds(moment: int, zone: str) -> int:
    _zone(zone)
    return _milliseconds(moment)


def _whole(unit: int) -> Callable[[Duration], int]:
    """How many whole ``unit`` (nanoseconds) a duration has, towards zero."""
    return lambda span: abs(span) // unit * (-1 if span < 0 else 1)


def _span_milliseconds(span: Duration) -> int:
    return abs(span) % SECOND // 1_000_000 * (-1 if span < 0 else 1)


def _days(count: int) -> Duration:
    return duration(count * _DAY)


FUNCTIONS: Final = (
    Function("timestamp", (STRING,), TIMESTAMP, parse_timestamp),
    Function("timestamp", (INT,), TIMESTAMP, lambda seconds: timestamp(seconds * SECOND)),
    Function("timestamp", (TIMESTAMP,), TIMESTAMP, lambda moment: moment),
    Function("duration", (STRING,), DURATION, parse_duration),
    Function("duration", (DURATION,), DURATION, lambda span: span),
    Function("days", (INT,), DURATION, _days),
    *_getters(),
    Function("getMilliseconds", (TIMESTAMP,), INT, _milliseconds, member=True),
    Function("getMilliseconds", (TIMESTAMP, STRING), INT, _zoned_milliseconds, member=True),
    Function("getHours", (DURATION,), INT, _whole(3600 * SECOND), member=True),
    Function("getMinutes", (DURATION,), INT, _whole(60 * SECOND), member=True),
    Function("getSeconds", (DURATION,), INT, _whole(SECOND), member=True),
    Function("getMilliseconds", (DURATION,), INT, _span_milliseconds, member=True),
)
