"""What a run has read so far, on disk, so that a run that died can go on where it stopped.

One frame for each execution of a reader that ended well: its normalised answer, never the raw one. What failed is not
kept, since asking again may succeed. Each frame carries an HMAC over itself and the frame before it, by a key that only
the store's owner has: a frame that is altered, moved or taken out is noticed. A frame that was not finished when the
run died is dropped.

    frame = length (4 bytes, big-endian), HMAC-SHA-256 (32 bytes), zlib of MessagePack
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.collection.outcomes import Outcome
from engine.model import Scope, Unread
from providers.base import Found, Tally

_HEAD: Final = 36
_LONGEST: Final = 1 << 32
"""More bytes than a frame's length, written in four, can say."""
_UNREAD: Final = 1
"""The MessagePack extension type of an Unread inside a value."""
_UNFIT: Final = (OverflowError, TypeError, UnicodeEncodeError, msgspec.MsgspecError)
"""What an answer holds that MessagePack does not: it is read again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How one execution of a reader ended, what its listing found, what it cost, and when it was read."""

    outcome: Outcome
    tally: Tally
    at: str
    found: tuple[Found, ...] = ()


class Forgetful:
    """The journal of a run that is not recorded: keeps nothing."""

    def kept(self, reader: str, scope: Scope, subject: str) -> Kept | None:
        """Nothing."""
        return None

    def keep(self, reader: str, scope: Scope, subject: str, kept: Kept) -> None:
        """Nothing either."""


class JournalError(Exception):
    """The file is not the journal that this key wrote."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose journal it is: the run's id and start, and once it is known, who asked each provider, and ``as_of``.

    Times are RFC 3339 UTC; ``as_of`` is the start of the collection, ``resumed_at`` when the run went on, each time.
    """

    run: str
    started_at: str
    callers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    as_of: str | None = None
    resumed_at: tuple[str, ...] = ()


class Journal:
    """A journal that is being written, locked against other processes. Safe to use from many threads."""

    def __init__(self, path: Path, key: bytes, facts: Facts | None = None) -> None:
        """Begin a journal with ``facts``, or open the one that is there.

        Raises FileExistsError, BlockingIOError where another process writes it, JournalError for any other file,
        OSError.
        """
        self.path, self._key = path, key
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if facts else 0)
        self._file = os.open(path, flags, 0o600)
        self._lock = threading.Lock()
        # Where an execution's frame stands, as one number: an organisation has hundreds of thousands.
        self._known: dict[bytes, int] = {}
        self._last = bytes(32)
        self._broken = self._closed = False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if facts is None:
                self.facts = self._read()
            else:
                self.note(facts)
        except BaseException:
            os.close(self._file)
            raise

    def kept(self, reader: str, scope: Scope, subject: str) -> Kept | None:
        """How an execution ended in the run before, or None where it did not end well or was not reached."""
        place = self._known.get(_name(reader, scope, subject))
        if place is None:
            return None
        offset, length = divmod(place, _LONGEST)
        with self._lock:
            if self._closed:
                return None
            body = os.pread(self._file, length, offset)
        _, packed = msgspec.msgpack.decode(zlib.decompress(body), type=_FRAME)
        found: Kept = msgspec.msgpack.decode(packed, type=Kept, ext_hook=_extension)
        return found

    def keep(self, reader: str, scope: Scope, subject: str, kept: Kept) -> None:
        """Keep how an execution ended, unless it failed."""
        if kept.outcome.word == "failed":
            return
        try:
            packed = msgspec.msgpack.encode(_packed(kept))
        except _UNFIT:
            return
        self._append(_name(reader, scope, subject), packed)

    def note(self, facts: Facts) -> None:
        """Keep what must be equal for the run to go on; the last word counts."""
        self.facts = facts
        self._append(b"", msgspec.msgpack.encode(facts))

    def discard(self) -> None:
        """Remove the journal; nothing more is kept."""
        self.path.unlink(missing_ok=True)  # while it is locked, so that nobody goes on with it
        self.close()

    def close(self) -> None:
        """Let go of the file, which stays; what a thread still reads is not kept. Closing again does nothing.

        Under the lock: the system gives the number of a closed file to the next one that anybody opens.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._file)

    def _append(self, name: bytes, packed: bytes) -> None:
        body = zlib.compress(msgspec.msgpack.encode((name, packed)), 1)
        with self._lock:
            if self._broken or self._closed:
                return
            mac = self._mac(body)
            frame = len(body).to_bytes(4, "big") + mac + body
            try:
                if os.write(self._file, frame) != len(frame):
                    # What follows half a frame could not be read: the run goes on, a resumed one reads the rest again.
                    self._broken = True
                    return
            except OSError:
                self._broken = True
                return
            self._last = mac

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, self._last + body, hashlib.sha256)

    def _read(self) -> Facts:
        """The frames that are there, each checked; what was not finished is cut off."""
        end = os.fstat(self._file).st_size
        offset, facts = 0, None
        while offset + _HEAD <= end:
            head = os.pread(self._file, _HEAD, offset)
            length = int.from_bytes(head[:4], "big")
            if offset + _HEAD + length > end:
                break
            body = os.pread(self._file, length, offset + _HEAD)
            mac = self._mac(body)
            if not hmac.compare_digest(mac, head[4:]):
                raise JournalError(f"{self.path}: the frame at byte {offset} was altered, or another key wrote it")
            name, packed = msgspec.msgpack.decode(zlib.decompress(body), type=_FRAME)
            if name:
                self._known[name] = (offset + _HEAD) * _LONGEST + length
            else:
                facts = msgspec.msgpack.decode(packed, type=Facts)
            self._last = mac
            offset += _HEAD + length
        if facts is None:
            raise JournalError(f"{self.path}: it does not say whose journal it is")
        os.ftruncate(self._file, offset)
        return facts


_FRAME: Final = tuple[bytes, bytes]


def _name(reader: str, scope: Scope, subject: str) -> bytes:
    return hashlib.blake2b(f"{reader}\0{scope}\0{subject}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


# --- values ----------------------------------------------------------------------------------------------------------


def _packed(kept: Kept) -> Kept:
    found = tuple(replace(item, properties=_marked(item.properties)) for item in kept.found)
    return replace(kept, outcome=replace(kept.outcome, value=_marked(kept.outcome.value)), found=found)


def _marked(value: Any) -> Any:
    """A value in which every Unread is told from a plain object."""
    if isinstance(value, Unread):
        return msgspec.msgpack.Ext(_UNREAD, msgspec.msgpack.encode(value))
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(item) for item in value]
    return value


def _extension(code: int, data: memoryview) -> Any:
    if code != _UNREAD:
        raise ValueError(f"extension type {code}")
    return msgspec.msgpack.decode(data, type=Unread)
