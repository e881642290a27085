"""Where things stand in a store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.evidence import durable, regular
from engine.evidence.entries import FileFact

if TYPE_CHECKING:
    from engine.evidence.objects.mirror import Mirror

FOLDERS: Final = ("chain", "runs", "bodies", "content", "private", "tmp")
MERGED: Final = "merged"
"""The folder of what several runs stored, which is made when something is."""
INDEX: Final = "index"
"""The folder of what is derived, likewise."""
SEQUENCE_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of a store; see design section 7. ``tmp`` is for unfinished writes and holds no evidence.

    ``mirror`` is the bucket of which the folder is the working copy; None where the folder is the store.
    """

    root: Path
    mirror: Mirror | None = field(default=None, compare=False)

    @property
    def place(self) -> str:
        """What the store is called."""
        return str(self.root if self.mirror is None else self.mirror.address)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that evidence has no use for any more, by their relative names, from a bucket too.

        Raises OSError, SealError.
        """
        listed = list(names)
        if self.mirror is not None:
            self.mirror.remove(listed)
        for name in listed:
            durable.remove(self.root / name)

    def create(self) -> None:
        """Make the folders that are missing."""
        for name in FOLDERS:
            durable.make_folder(self.root / name)

    @property
    def staging(self) -> Path:
        """Unfinished writes."""
        return self.root / "tmp"

    @property
    def chain(self) -> Path:
        """The entries."""
        return self.root / "chain"

    def entry(self, sequence: int) -> Path:
        """One entry of the chain."""
        return self.chain / f"{sequence:0{SEQUENCE_DIGITS}d}.json"

    def findings(self, run: str) -> Path:
        """The records of a run."""
        return self.root / "runs" / run / "findings.parquet"

    def ledger(self, run: str) -> Path:
        """The ledger of a run."""
        return self.root / "runs" / run / "ledger.parquet"

    def bodies(self, run: str) -> Path:
        """The bodies that no earlier run had stored."""
        return self.root / "bodies" / f"{run}.parquet"

    def merged(self, digest: str) -> Path:
        """What several runs stored: a table with their rows, by its SHA-256."""
        return self.root / MERGED / f"{digest}.parquet"

    def content(self, digest: str) -> Path:
        """A check, control, policy or schema, or a catalogue of them, as bytes."""
        return self.root / "content" / digest

    def private(self, digest: str) -> Path:
        """A private object; erasable."""
        return self.root / "private" / f"{digest}.json"

    @property
    def index(self) -> Path:
        """The span index: derived, no evidence, and deletable."""
        return self.root / INDEX / "spans"

    @property
    def known_bodies(self) -> Path:
        """What the packs hold: derived, no evidence, and deletable."""
        return self.root / INDEX / "bodies"

    @property
    def tables(self) -> Path:
        """Tables for engines that read Parquet: derived, no evidence, and deletable."""
        return self.root / INDEX / "tables"

    def relative(self, path: Path) -> str:
        """How a path is called inside the store."""
        return path.relative_to(self.root).as_posix()

    def files(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Everything in the store by its relative name: files, empty folders, links and what else there may be."""
        folders: list[tuple[str, os.DirEntry[str] | None]] = [("", None)]
        while folders:
            prefix, folder = folders.pop()
            with os.scandir(self.root if folder is None else folder) as found:
                listed = sorted(found, key=lambda entry: entry.name)
            if folder is not None and not listed:
                yield prefix.removesuffix("/"), folder
            for entry in listed:
                if entry.is_dir(follow_symlinks=False):
                    folders.append((f"{prefix}{entry.name}/", entry))
                else:
                    yield prefix + entry.name, entry


def file_fact(path: Path) -> FileFact:
    """Digest and size of a file."""
    with regular.opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFact(digest=digest, size=file.tell())
