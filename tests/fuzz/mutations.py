"""Changes to an input: bytes, lines, tokens, and the values of JSON. What is random comes from the generator given."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

LARGEST: Final = 200_000
"""Bytes of an input at the most; limits of size have tests of their own."""
ODD: Final[tuple[Any, ...]] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31,
        2**53,
        -(2**63),
        10**40,
        0.5,
        -0.0,
        1e300,
        "",
        " ",
        "0",
        "-1",
        "true",
        "null",
    ),
    *("\0", "\ud800", "\u202e", "Größe", "${x}", "[x()]", "*", "a" * 70_000, "[" * 300, "9" * 5_000, "../x", "%s{}"),
    *([], [[]], {}, {"": None}, [None], ["x"], {"x": {"x": {}}}, {"Ref": "x"}, {"Fn::If": []}, {"__proto__": 1}),
)
"""Values that belong nowhere, or anywhere."""
BYTES: Final = (
    *(
        b"\0",
        b"\xff",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\r",
        b"\n",
        b"\t",
        b'"',
        b"'",
        b"\\",
        b"#",
        b"---\n",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b":",
        b",",
        b"&a ",
        b"*a",
        b"!!x ",
        b"<<: ",
        b"|\n",
        b">-\n",
        b"? ",
        b"- ",
        b"%",
    ),
    *(b"1e999", b"-0", b"0x", b".5", b"\\u0000", b"\\ud800", b"NaN", b"{" * 70, b"[" * 5_000, b"(" * 200, b"!" * 200),
)
Mutation = Callable[[Random, bytes], bytes]


def mutated(random: Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """An input changed in one to five places, mostly in one; ``others`` are spliced in, and so are ``tokens``."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
        choice = random.random()
        head, body = _headed(data)
        if choice < 0.5 and body[:1] in (b"{", b"["):
            data = head + _value(random, body)
        elif choice < 0.6:
            data = _lines(random, data)
        elif choice < 0.7 and others:
            data = _spliced(random, data, random.choice(others))
        else:
            data = _bytes(random, data, (*BYTES, *tokens))
    return data[:LARGEST]


def _headed(data: bytes) -> tuple[bytes, bytes]:
    """A first line that is a comment, which says what a file is, and the rest."""
    end = data.find(b"\n") + 1 if data[:1] == b"#" else 0
    return data[:end], data[end:]


def _bytes(random: Random, data: bytes, tokens: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.choice((1, 1, 2, 8, 64, 512)))
    match random.randrange(7):
        case 0:
            return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:end] * random.choice((1, 1, 2, 50)) + data[end:]
        case 3:
            return data[:at]
        case 4:
            return data[:at] + random.choice(tokens) + data[end:]
        case _:
            return data[:at] + random.choice(tokens) + data[at:]


def _spliced(random: Random, data: bytes, other: bytes) -> bytes:
    at, start = random.randint(0, len(data)), random.randint(0, len(other))
    part = other[start : start + random.choice((4, 32, 256, len(other)))]
    return data[:at] + part + data[at + random.choice((0, len(part))) :]


def _lines(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines[at] = b" " * random.choice((1, 2, 8)) + lines[at]
        case _:
            key, colon, _ = lines[at].partition(b":")
            odd = json.dumps(random.choice(ODD)).encode() if random.random() < 0.7 else random.choice(BYTES)
            lines[at] = key + (colon or b":") + b" " + odd + b"\n"
    return b"".join(lines)


def _value(random: Random, data: bytes) -> bytes:
    """JSON with one of its values changed, or, of what is none, other bytes."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes(random, data, BYTES)
    places = list(_places(document))
    if not places:
        return json.dumps(random.choice(ODD)).encode()
    # Levels are as likely as each other, so that the few places near the top are reached too.
    depth = random.choice(sorted({deep for deep, *_ in places}))
    _, holder, key = random.choice([place for place in places if place[0] == depth])
    other = random.choice(places)
    match random.randrange(7):
        case 0 | 1:
            holder[key] = random.choice(ODD)
        case 2:
            del holder[key]
        case 3:
            holder[key] = other[1][other[2]]
        case 4:
            holder[key] = random.choice(([holder[key]], {"x": holder[key]}, [holder[key], holder[key]]))
        case 5 if isinstance(holder, dict):
            holder[random.choice((f"{key}x", key.upper(), "", "a/b~c"))] = holder.pop(key)
        case _ if isinstance(holder[key], str):
            text = holder[key]
            at = random.randint(0, len(text))
            holder[key] = text[:at] + str(random.choice(ODD))[:200] + text[at + random.choice((0, 1, 5)) :]
        case _:
            holder[key] = random.choice(ODD)
    try:
        return json.dumps(document).encode()
    except (ValueError, RecursionError):  # a value now holds itself
        return data


def _places(document: Any) -> list[tuple[int, Any, Any]]:
    """Every place in a document: how deep it is, what holds it and by which key."""
    found: list[tuple[int, Any, Any]] = []
    waiting = [(0, document)]
    while waiting:
        deep, value = waiting.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            found.append((deep, value, key))
            waiting.append((deep + 1, value[key]))
    return found


def smaller(data: bytes, still: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """A shorter input of which ``still`` holds: pieces are left out as long as that helps (delta debugging)."""
    size = max(1, len(data) // 2)
    while tries > 0 and size >= 1:
        at, shrunk = 0, False
        while at < len(data) and tries > 0:
            shorter = data[:at] + data[at + size :]
            tries -= 1
            if still(shorter):
                data, shrunk = shorter, True
            else:
                at += size
        if not shrunk:
            size //= 2
    return data
