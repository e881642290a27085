"""A snapshot as a file (``schemas/snapshot.schema.json``): what `--snapshot` reads and an export of one writes."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import InputError
from engine.model import Resource, Snapshot
from providers.values import lift

SCHEMA: Final = "auditreel/snapshot/v1"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
LARGEST: Final = 2**30
"""Bytes of a snapshot file that are read at the most."""


def written(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON (UTF-8, sorted keys)."""
    # What was just collected shares outcomes as read-only mappings, which are dicts but to msgspec.
    values = msgspec.to_builtins(snapshot, enc_hook=dict)
    if not snapshot.groups:
        # Only a boundary asks for groups; without one the file is what it always was.
        del values["groups"]
    return msgspec.json.encode({"schema": SCHEMA, **values}, order="sorted")


def parsed(data: bytes, name: str) -> Snapshot:
    """The snapshot in a file's bytes; ``name`` is the file's, for the error. Raises InputError where it is not one."""
    try:
        # The first refuses what UTF-8 and JSON do not hold (lone surrogates, NaN), the second keys that stand twice.
        msgspec.json.decode(data)
        document: Any = json.loads(data, object_pairs_hook=_once)
        schema = document.pop("schema", None) if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise ValueError(f"it is not of schema {SCHEMA} (but {schema!r:.80})")
        return _sound(msgspec.convert(document, Snapshot))
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"reading the snapshot {name}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r:.80} stands twice in one object")
    return values


def _sound(snapshot: Snapshot) -> Snapshot:
    """The snapshot, with values that evidence can hold. Raises ValueError where it contradicts itself."""
    _refuse_time(snapshot.as_of)
    resources = tuple(_bare(item) for item in snapshot.resources)
    for kind, keys in (
        ("resource", [(item.type, item.scope, item.id) for item in resources]),
        ("listing", [(row.type, row.scope) for row in snapshot.collections]),
    ):
        twice = next((key for key, count in Counter(keys).items() if count > 1), None)
        if twice is not None:
            raise ValueError(f"it holds the {kind} {' '.join(map(str, twice))} twice")
    held = Counter((item.type, item.account) for item in resources)
    counted: Counter[tuple[str, str]] = Counter()
    for row in snapshot.collections:
        counted[row.type, row.scope.account] += row.count
    for (type_, account), count in counted.items():
        # A resource lies in its own region, its listing may be global: the account's sum is what must agree.
        if held[type_, account] != count:
            raise ValueError(
                f"its listings of {type_} in {account} counted {count}, and {held[type_, account]} are in it"
            )
    return replace(snapshot, resources=resources)


def _refuse_time(text: str) -> None:
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r:.80} is no time in RFC 3339, UTC")
    datetime.fromisoformat(text[:19])


def _bare(item: Resource) -> Resource:
    _refuse_time(item.collected_at)
    for pointer in item.unread:
        if not pointer.startswith("/"):
            raise ValueError(f"{item.id}: {pointer!r:.80} is no JSON Pointer to a property")
        if pointer[1:] in item.properties:
            raise ValueError(f"{item.id}: {pointer!r:.80} is both read and unread")
    properties, deep = lift(item.properties)
    return replace(item, properties=properties, unread={**item.unread, **deep})


def read(path: Path) -> Snapshot:
    """The snapshot in a file. Raises InputError where it cannot be read or is not one."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"reading the snapshot {path}: larger than {LARGEST} bytes")
        return parsed(path.read_bytes(), str(path))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"reading the snapshot {path}: {why}") from error
