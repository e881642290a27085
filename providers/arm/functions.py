"""The functions of ARM templates that need nothing but their arguments ("ARM template functions", Microsoft Learn).

Each is called with values that are known; what it cannot take raises one of :data:`WRONG`. Those of :data:`SHALLOW`
look only at the objects and lists themselves, so that elements of theirs may be unknown; those of :data:`DEEP` at all.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from providers.arm.loading import Fields, parsed
from providers.arm.unresolved import Unresolved, worded

WRONG: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
MOST: Final = 100_000
"""Elements that a function makes at the most."""


# --- values and texts ------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return worded(value)


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError("it is no whole number")
    return int(value)


def _bool(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if isinstance(value, int):
        return bool(value)
    raise ValueError("it is neither true nor false")


def _empty(value: Any) -> bool:
    if value is None or isinstance(value, (str, list, dict)):
        return not value
    raise TypeError("it is no text, list or object")


def _length(value: Any) -> int:
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise TypeError("it has no length")


def _first(value: Any) -> Any:
    return value[0] if value else ("" if isinstance(value, str) else None)


def _last(value: Any) -> Any:
    return value[-1] if value else ("" if isinstance(value, str) else None)


def _take(value: Any, count: int) -> Any:
    return value[: max(_int(count), 0)]


def _skip(value: Any, count: int) -> Any:
    return value[max(_int(count), 0) :]


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        raise ValueError("it reaches beyond the text")
    return text[start:end]


def _split(text: str, marks: str | list[str]) -> list[str]:
    wanted = [marks] if isinstance(marks, str) else marks
    pattern = "|".join(re.escape(mark) for mark in sorted(wanted, key=len, reverse=True))
    return re.split(pattern, text) if pattern else [text]


def _pad_left(value: Any, length: int, mark: str = " ") -> str:
    if length > MOST:
        raise ValueError("it is too long")
    return worded(value).rjust(length, mark)


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, str):
        return worded(item) in container
    if isinstance(container, list):
        return any(_equal(item, element) for element in container)
    if isinstance(container, dict):
        return item in container
    raise TypeError("it can hold nothing")


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, dict) and isinstance(second, dict):
        names = {name.lower() for name in first}
        return names == {name.lower() for name in second} and all(_equal(first[name], second[name]) for name in names)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_equal, first, second))
    return type(first) is type(second) and bool(first == second)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def of(first: Any, second: Any) -> bool:
        if type(first) is not type(second) or not isinstance(first, (int, str)):
            raise TypeError("they cannot be compared")
        return compare(first, second)

    return of


def _index(value: Any, item: Any, last: bool = False) -> int:
    if isinstance(value, str):
        found = value.lower().rfind(item.lower()) if last else value.lower().find(item.lower())
        return found
    places = [place for place, element in enumerate(value) if _equal(element, item)]
    return (places[-1] if last else places[0]) if places else -1


# --- lists and objects -----------------------------------------------------------------------------------------------


def _array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _create_object(*pairs: Any) -> Fields:
    if len(pairs) % 2 or any(isinstance(name, Unresolved) for name in pairs[::2]):
        raise ValueError("names and values are not in pairs")
    return Fields({str(name): value for name, value in zip(pairs[::2], pairs[1::2], strict=True)})


def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= 10_000:
        raise ValueError("a count is from 0 to 10000")
    return list(range(start, start + count))


def _union(*values: Any) -> Any:
    if all(isinstance(value, list) for value in values):
        found: list[Any] = []
        for value in values:
            found += [item for item in value if not any(_equal(item, other) for other in found)]
        return found
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("they are neither all lists nor all objects")
    together = Fields()
    for value in values:
        for name, item in value.items():
            together[name] = _over(together.get(name), item)
    return together


def _over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return _union(below, above)
    if isinstance(below, Unresolved) and isinstance(above, dict):
        # Which keys the one below adds is not known.
        return below
    return above


def _shallow_merge(values: list[Any]) -> Fields:
    together = Fields()
    for value in values:
        for name, item in value.items():
            together[name] = item
    return together


def _intersection(first: Any, *others: Any) -> Any:
    if isinstance(first, list):
        return [item for item in first if all(any(_equal(item, held) for held in other) for other in others)]
    return Fields(
        {
            name: item
            for name, item in first.items()
            if all(name in other and _equal(item, other[name]) for other in others)
        }
    )


def _flatten(lists: list[Any]) -> list[Any]:
    if not all(isinstance(item, list) for item in lists):
        raise TypeError("an element is no list")
    return [item for inner in lists for item in inner]


def _join(items: list[Any], mark: str) -> str:
    return mark.join(map(worded, items))


def _spread(values: tuple[Any, ...]) -> list[Any]:
    return list(values[0]) if len(values) == 1 and isinstance(values[0], list) else list(values)


def _truncated(first: int, second: int) -> int:
    whole = abs(first) // abs(second)
    return whole if (first < 0) == (second < 0) else -whole


def _indexed_from_end(items: list[Any], index: int) -> Any:
    return items[-index] if 0 < index <= len(items) else None


# --- addresses -------------------------------------------------------------------------------------------------------


def _subnet(network: str, prefix: int, index: int) -> str:
    block = ipaddress.ip_network(network, strict=False)
    step = 1 << (block.max_prefixlen - prefix)
    if prefix < block.prefixlen or not 0 <= index * step < block.num_addresses:
        raise ValueError("the network has no such subnet")
    return f"{block.network_address + index * step}/{prefix}"


def _host(network: str, index: int) -> str:
    block = ipaddress.ip_network(network, strict=False)
    if index < 0 or index + 1 >= block.num_addresses:
        raise ValueError("the network has no such host")
    return str(block.network_address + index + 1)


SHALLOW: Final[Mapping[str, Callable[..., Any]]] = {
    "array": _array,
    "createarray": lambda *items: list(items),
    "createobject": _create_object,
    "empty": _empty,
    "false": lambda: False,
    "first": _first,
    "flatten": _flatten,
    "items": lambda value: [Fields({"key": name, "value": value[name]}) for name in sorted(value)],
    "last": _last,
    "length": _length,
    "null": lambda: None,
    "objectkeys": lambda value: sorted(value),
    "range": _range,
    "shallowmerge": _shallow_merge,
    "skip": _skip,
    "take": _take,
    "true": lambda: True,
    "tryindexfromend": _indexed_from_end,
    "indexfromend": lambda items, index: items[-index],
}
DEEP: Final[Mapping[str, Callable[..., Any]]] = {
    "add": lambda a, b: _int(a) + _int(b),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64tojson": lambda text: parsed(base64.b64decode(text).decode()),
    "base64tostring": lambda text: base64.b64decode(text).decode(),
    "bool": _bool,
    "cidrhost": _host,
    "cidrsubnet": _subnet,
    "contains": _contains,
    "datauri": lambda text: f"data:text/plain;charset=utf8;base64,{base64.b64encode(text.encode()).decode()}",
    "div": lambda a, b: _truncated(_int(a), _int(b)),
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": _equal,
    "float": float,
    "greater": _compared(lambda a, b: a > b),
    "greaterorequals": _compared(lambda a, b: a >= b),
    "indexof": _index,
    "int": _int,
    "intersection": _intersection,
    "join": _join,
    "json": lambda text: parsed(text),
    "lastindexof": lambda value, item: _index(value, item, True),
    "less": _compared(lambda a, b: a < b),
    "lessorequals": _compared(lambda a, b: a <= b),
    "max": lambda *values: max(_spread(values)),
    "min": lambda *values: min(_spread(values)),
    "mod": lambda a, b: _int(a) - _int(b) * _truncated(_int(a), _int(b)),
    "mul": lambda a, b: _int(a) * _int(b),
    "not": lambda value: not _bool(value),
    "padleft": _pad_left,
    "replace": lambda text, old, new: text.replace(old, new) if old else text,
    "split": _split,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": _text,
    "sub": lambda a, b: _int(a) - _int(b),
    "substring": _substring,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "union": _union,
    "uri": urljoin,
    "uricomponent": lambda text: quote(text, safe=""),
    "uricomponenttostring": unquote,
}

_FIELD: Final = re.compile(r"\{\{|\}\}|\{(\d+)(?::([^{}]*))?\}")


def formatted(pattern: str, values: list[Any]) -> list[Any]:
    """The parts of what ``format`` makes, in order: texts, and values that may not be known. Raises one of WRONG."""
    parts: list[Any] = []
    end = 0
    for match in _FIELD.finditer(pattern):
        parts.append(pattern[end : match.start()])
        end = match.end()
        if match[1] is None:
            parts.append(match[0][0])
            continue
        value = values[int(match[1])]
        parts.append(value if isinstance(value, Unresolved) or not match[2] else _shown(value, match[2]))
    return [*parts, pattern[end:]]


def _shown(value: Any, form: str) -> str:
    """A number in one of .NET's formats that pad with zeros; others are not known here."""
    padded = re.fullmatch(r"[dD](\d{1,2})|(0{1,20})", form)
    if padded is None or not isinstance(value, int):
        raise ValueError(f"the format {form!r} is not known here")
    return str(value).zfill(int(padded[1] or 0) or len(padded[2] or ""))
