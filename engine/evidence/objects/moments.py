"""The states of a bucket, one after another, for who goes on showing one while the next is fetched.

A working copy that is brought up to date is of no moment: an entry of the chain may be there before the files that it
names. So each state that was brought whole is kept as a folder of its own, of links to the files of the copy. These
are never written to, only replaced, so that a moment stays what it was. It lasts until the next but one: whoever is
reading it when another takes its place can go on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from engine.errors import VerificationError
from engine.evidence import durable
from engine.evidence.layout import Layout
from engine.evidence.objects.address import Address, working_copy
from engine.evidence.objects.bucket import connect
from engine.evidence.objects.mirror import DERIVED, STORE, Mirror

SERVED: Final = "served"
"""The folder beside the working copy of commands, so that what these write there is never shown."""
_MOMENT: Final = "moment-"
_LOCK: Final = "lock"
_KEPT: Final = 2


class Moments:
    """The states of one bucket. Nothing is ever written into it.

    Processes may share the copy: one at a time brings it up to date, and each has its own moments.
    """

    def __init__(self, address: Address) -> None:
        self.root = working_copy(address) / SERVED
        self._mirror = Mirror(connect(address), self.root)
        self._kept: deque[tuple[Path, int]] = deque()

    def take(self) -> Path:
        """The store as the bucket has it now, as a folder; the same one again where nothing changed, and it is whole.

        Raises VerificationError where the bucket cannot be read, or holds no store.
        """
        try:
            with self._alone():
                self._mirror.bring()
                if not self._kept or self._facts(self._kept[-1][0] / STORE) != self._facts(self._mirror.root):
                    self._clear_left()
                    self._kept.append(self._made())
                    while len(self._kept) > _KEPT:
                        self._drop(*self._kept.popleft())
        except OSError as error:
            raise VerificationError(f"reading the store {self._mirror.address}: {error}; could not verify") from error
        return self._kept[-1][0] / STORE

    def close(self) -> None:
        """Remove what was kept of them."""
        while self._kept:
            self._drop(*self._kept.pop())

    def _facts(self, root: Path) -> list[tuple[str, int, int] | None]:
        """What tells the files of the copy, and the links to them; None for one that is not there."""
        # Whoever reads a moment may keep a better index in it, which is no evidence.
        return [_fact(root, name) for name in self._mirror.held if name != DERIVED]

    def _made(self) -> tuple[Path, int]:
        folder = Path(mkdtemp(prefix=_MOMENT, dir=self.root))
        # Held while this process lives: what is not held was left by one that was killed.
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            Layout(folder / STORE).create()
            for name in self._mirror.held:
                path = folder / STORE / name
                path.parent.mkdir(mode=durable.FOLDER, parents=True, exist_ok=True)
                durable.adopt(self._mirror.root / name, path, flushed=False)
        except BaseException:
            self._drop(folder, held)
            raise
        return folder, held

    def _drop(self, folder: Path, held: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)

    def _clear_left(self) -> None:
        for folder in self.root.glob(f"{_MOMENT}*"):
            found = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(found)
            else:
                self._drop(folder, found)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        durable.make_folder(self.root)
        lock = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _fact(root: Path, name: str) -> tuple[str, int, int] | None:
    try:
        said = (root / name).lstat()
    except FileNotFoundError:
        return None
    return name, said.st_ino, said.st_mtime_ns
