"""A snapshot as a file (``schemas/snapshot.schema.json``): what `--snapshot` reads and an export of one writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import InputError
from engine.model import Snapshot

SCHEMA: Final = "auditreel/snapshot/v1"
LARGEST: Final = 2**30
"""Bytes of a snapshot file that are read at the most."""


def written(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON (UTF-8, sorted keys)."""
    return msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(snapshot)}, order="sorted")


def parsed(data: bytes, name: str) -> Snapshot:
    """The snapshot in a file's bytes; ``name`` is the file's, for the error. Raises InputError where it is not one."""
    try:
        document: Any = msgspec.json.decode(data)
        schema = document.pop("schema", None) if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise InputError(f"reading the snapshot {name}: it is not of schema {SCHEMA} (but {schema!r})")
        return msgspec.convert(document, Snapshot)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"reading the snapshot {name}: {error}") from error


def read(path: Path) -> Snapshot:
    """The snapshot in a file. Raises InputError where it cannot be read or is not one."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"reading the snapshot {path}: larger than {LARGEST} bytes")
        return parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"reading the snapshot {path}: {error.strerror}") from error
