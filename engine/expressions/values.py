"""The values of the language as Python values, and what is equal to what.

==============  =====================================================================================
bool, null      ``bool``, ``None``
int, double     ``int`` (64 bits, checked by the operators), ``float``
uint            :class:`UInt`
string, bytes   ``str`` (sizes and positions count code points), ``bytes``
timestamp       :class:`Timestamp`: nanoseconds since 1970 UTC; duration: :class:`Duration`: nanoseconds
list, map       ``list``, ``dict`` (a bool as key is :data:`TRUE_KEY` or :data:`FALSE_KEY`)
type            :class:`TypeName`
net.IP, CIDR    ``ipaddress`` addresses and interfaces
==============  =====================================================================================

JSON as it was read consists of such values already: an evaluation converts nothing but date-times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from math import inf
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.limits import LIST_SHIFT, TEXT_SHIFT
from engine.expressions.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    INT,
    IP,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ListType,
    MapType,
    Nullable,
    ObjectType,
    Type,
    bare,
)

INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1
SECOND: Final = 1_000_000_000
"""Nanoseconds of a second."""

RANGES: Final[dict[Type, tuple[int, int]]] = {
    TIMESTAMP: (-62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1),
    DURATION: (-INT_MAX - 1, INT_MAX),
    INT: (-INT_MAX - 1, INT_MAX),
}
"""The least and the greatest value; of times in nanoseconds."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\Z"
)
_SPAN: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "\u00b5s": 1000,
    "\u03bcs": 1000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}


class UInt(int):
    """An unsigned 64-bit integer."""

    __slots__ = ()


class Timestamp(int):
    """A moment: nanoseconds since 1970-01-01T00:00:00Z, of the years 1 to 9999."""

    __slots__ = ()


class Duration(int):
    """A span of time in nanoseconds that fits into 64 bits (292 years)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as a value, as ``type(x)`` gives it."""

    name: str


@dataclass(frozen=True, slots=True)
class BoolKey:
    """A bool as the key of a map, since Python's dict takes ``True`` and ``1`` for the same key."""

    value: bool


TRUE_KEY: Final = BoolKey(True)
FALSE_KEY: Final = BoolKey(False)

TYPE_NAMES: Final[dict[type, TypeName]] = {
    bool: TypeName("bool"),
    int: TypeName("int"),
    UInt: TypeName("uint"),
    float: TypeName("double"),
    str: TypeName("string"),
    bytes: TypeName("bytes"),
    type(None): TypeName("null_type"),
    list: TypeName("list"),
    dict: TypeName("map"),
    Timestamp: TypeName("google.protobuf.Timestamp"),
    Duration: TypeName("google.protobuf.Duration"),
    TypeName: TypeName("type"),
    IPv4Address: TypeName("net.IP"),
    IPv6Address: TypeName("net.IP"),
    IPv4Interface: TypeName("net.CIDR"),
    IPv6Interface: TypeName("net.CIDR"),
}
NUMBERS: Final = frozenset((int, UInt, float))


def type_name(value: Any) -> str:
    """The type of a value as messages name it."""
    name = TYPE_NAMES.get(type(value))
    return (
        {"null_type": "null"}.get(name.name, name.name.removeprefix("google.protobuf.").lower()) if name else "object"
    )


def timestamp(nanoseconds: int) -> Timestamp:
    """The timestamp, if it lies in the years 1 to 9999."""
    first, last = RANGES[TIMESTAMP]
    if not first <= nanoseconds <= last:
        raise EvaluationError("the timestamp is not in the years 1 to 9999")
    return Timestamp(nanoseconds)


def duration(nanoseconds: int) -> Duration:
    """The duration, if it fits into 64 bits."""
    if not -INT_MAX - 1 <= nanoseconds <= INT_MAX:
        raise EvaluationError("the duration is longer than 292 years")
    return Duration(nanoseconds)


@lru_cache(maxsize=16_384)
def parse_timestamp(text: str) -> Timestamp:
    """The timestamp of an RFC 3339 text. Finer than nanoseconds is refused, never rounded."""
    match = _RFC3339.match(text)
    if match is None:
        raise EvaluationError(f"{text[:60]!r} is not an RFC 3339 date and time")
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as error:
        raise EvaluationError(f"{text[:60]!r} is not a date and time: {error}") from None
    elapsed = moment - _EPOCH
    seconds = elapsed.days * 86_400 + elapsed.seconds
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            raise EvaluationError(f"{text[:60]!r} has no such offset from UTC")
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds -= offset if sign == "+" else -offset
    return timestamp(seconds * SECOND + int((fraction or "0").ljust(9, "0")))


def parse_duration(text: str) -> Duration:
    """The duration of a text as Go writes it: "72h", "1h30m", "-1.5s". Below a nanosecond is cut off."""
    body = text[1:] if text[:1] in ("-", "+") else text
    total = position = 0
    while position < len(body):
        match = _SPAN.match(body, position)
        if match is None or not (match[1] or match[2]) or len(match[0]) > 40:
            raise EvaluationError(f"{text[:60]!r} is not a duration such as 72h or 1h30m")
        unit, fraction = _UNITS[match[3]], match[2] or ""
        total += int(match[1] or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        position = match.end()
    if not body or (position == 0):
        raise EvaluationError(f"{text[:60]!r} is not a duration such as 72h or 1h30m")
    return duration(-total if text[0] == "-" else total)


def as_time(value: Any) -> Timestamp | None:
    """What a property of format date-time holds, as a timestamp: RFC 3339 text, null, or one already."""
    if type(value) is str:
        return parse_timestamp(value)
    if value is None or type(value) is Timestamp:
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        span = value - _EPOCH
        return timestamp(((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds) * 1000)
    raise EvaluationError(f"expected a date and time, found {type_name(value)}")


def as_span(value: Any) -> Duration | None:
    """What a parameter of type duration holds, as a duration: text such as "72h", null, or one already."""
    if type(value) is str:
        return parse_duration(value)
    if value is None or type(value) is Duration:
        return value
    raise EvaluationError(f"expected a duration, found {type_name(value)}")


def local_time(moment: Timestamp, zone: tzinfo) -> datetime:
    """The moment in a time zone, without its fraction of a second."""
    try:
        return (_EPOCH + timedelta(seconds=moment // SECOND)).astimezone(zone)
    except OverflowError:
        raise EvaluationError("the timestamp is not in the years 1 to 9999 there") from None


def timestamp_text(moment: Timestamp) -> str:
    """RFC 3339, UTC."""
    seconds, fraction = divmod(int(moment), SECOND)
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + _fraction(fraction) + "Z"


def duration_text(span: Duration) -> str:
    """Seconds: "3600s", "-1.500s"."""
    seconds, fraction = divmod(abs(int(span)), SECOND)
    return f"{'-' if span < 0 else ''}{seconds}{_fraction(fraction)}s"


def _fraction(nanoseconds: int) -> str:
    """The digits after the second: none, 3, 6 or 9, as protobuf's JSON has them."""
    if nanoseconds == 0:
        return ""
    return "." + f"{nanoseconds:09d}".removesuffix("000").removesuffix("000")


def key_of(value: Any) -> Any:
    """The value as the key of a Python dict. Raises EvaluationError for what cannot be a key of a map."""
    kind = type(value)
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind in (str, int, UInt, float):
        return value
    raise EvaluationError(f"{type_name(value)} cannot be the key of a map")


def double_text(value: float) -> str:
    """A double as Go's shortest form: 2 for 2.0, NaN, Infinity."""
    if value != value:
        return "NaN"
    if value in (inf, -inf):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if "e+" in text and abs(value) < 1e21:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def keys_of(map_: dict[Any, Any]) -> list[Any]:
    """The keys of a map as values."""
    return [key.value if type(key) is BoolKey else key for key in map_]


def range_of(map_: dict[Any, Any]) -> list[Any]:
    """The keys of a map in the order in which macros visit them: sorted where all are text.

    The language leaves the order open; stored evidence is sorted, and must replay as it was judged.
    """
    keys = keys_of(map_)
    return sorted(keys) if all(type(key) is str for key in keys) else keys


def equal(left: Any, right: Any) -> bool:
    """Equality of the language: numbers by value, true unlike 1, different types unequal, lists and maps by content."""
    kind, other = type(left), type(right)
    if kind is other:
        if kind is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if kind is dict:
            return len(left) == len(right) and all(key in right and equal(left[key], right[key]) for key in left)
        return bool(left == right)
    if kind in NUMBERS and other in NUMBERS:
        # An int and a double are compared as doubles; int and uint are exact.
        return float(left) == float(right) if float in (kind, other) else left == right
    return False


def contains(container: Any, element: Any) -> bool:
    """The operator ``in``: an element of a list, or a key of a map."""
    kind = type(container)
    if kind is list:
        return element in container if type(element) is str else any(equal(element, item) for item in container)
    if kind is dict:
        return key_of(element) in container
    raise EvaluationError(f"'in' takes a list or a map, not {type_name(container)}")


def size_in_steps(value: Any) -> int:
    """What going through a value once costs (see :mod:`engine.expressions.limits`)."""
    kind = type(value)
    if kind in (list, dict):
        return len(value) >> LIST_SHIFT
    return len(value) >> TEXT_SHIFT if kind in (str, bytes) else 0


def parsed(type_: Type, value: Any) -> Any:
    """What was read, with the date-times and durations in it that ``type_`` names."""
    type_ = bare(type_)
    if type_ == TIMESTAMP:
        return as_time(value)
    if type_ == DURATION:
        return as_span(value)
    if isinstance(type_, ListType) and type(value) is list:
        return [parsed(type_.element, item) for item in value]
    if isinstance(type_, MapType) and type(value) is dict:
        return {key: parsed(type_.value, item) for key, item in value.items()}
    return value


_CLASSES: Final[dict[Type, tuple[type, ...]]] = {
    BOOL: (bool,),
    INT: (int,),
    UINT: (UInt,),
    DOUBLE: (float,),
    STRING: (str,),
    BYTES: (bytes,),
    TIMESTAMP: (Timestamp,),
    DURATION: (Duration,),
    NULL: (type(None),),
    TYPE: (TypeName,),
    IP: (IPv4Address, IPv6Address),
    CIDR: (IPv4Interface, IPv6Interface),
}


@lru_cache(maxsize=1024)
def classes(type_: Type) -> tuple[type, ...]:
    """The Python types that a value of the type has, whatever is inside; empty for dyn, which has any."""
    if isinstance(type_, Nullable):
        inner = classes(type_.type)
        return (*inner, type(None)) if inner else ()
    if isinstance(type_, ListType):
        return (list,)
    return (dict,) if isinstance(type_, (MapType, ObjectType)) else _CLASSES.get(type_, ())


def is_a(type_: Type, value: Any) -> bool:
    """Whether a value is of a type, whatever is inside of a list or map."""
    allowed = classes(type_)
    return not allowed or type(value) in allowed
