"""Files that are derived from evidence and kept beside it, because to make them takes long.

Whoever can write to a store could put one there that hides something. So each carries a code (HMAC) under the store's
secret, which lies outside the store; without the right code it counts for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Literal

import msgspec

from engine.evidence import durable, regular


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of the file. ``code`` is of the rest."""

    schema: Literal[1]
    code: str


def kept(path: Path, purpose: bytes, secret: bytes) -> bytes | None:
    """What was kept; None where there is nothing, or nothing that was kept for this purpose by who has the secret."""
    try:
        head, _, data = regular.read(path).partition(b"\n")
        header = msgspec.json.decode(head, type=_Header)
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    return data if hmac.compare_digest(header.code.encode(), _code(purpose, secret, data).encode()) else None


def keep(path: Path, data: bytes, purpose: bytes, secret: bytes) -> None:
    """Write a file in one step. Raises SealError."""
    head = msgspec.json.encode({"schema": 1, "code": _code(purpose, secret, data)}, order="sorted")
    with durable.doing(f"keeping {path}"):
        durable.make_folder(path.parent)
        durable.replace(path, head + b"\n" + data)


def _code(purpose: bytes, secret: bytes, data: bytes) -> str:
    return hmac.new(secret, purpose + data, hashlib.sha256).hexdigest()
