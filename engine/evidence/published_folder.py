"""The folder of tables that are published: which files belong to it, and how new ones come into it.

The manifest names every file with its digest and carries a code of the store's secret
(:mod:`engine.evidence.derived`). What somebody else altered or put there is found by it, and so is what a crash left:
files are written aside, the manifest is replaced, then they are moved to their places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine.errors import UsageError
from engine.evidence import derived, durable, parquet, tables
from engine.evidence.entries import FileFact
from engine.evidence.layout import file_fact
from engine.external import ICEBERG

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PURPOSE: Final = b"auditreel published tables\n"
_MANIFEST: Final = "_manifest"
_STAGING: Final = "_staging"
_LOCK: Final = "_lock"
"""Engines pass over names that begin with an underscore."""
METADATA: Final = re.compile(r"metadata/v(\d+)\.metadata\.json")
"""What a metadata file is called in the folder of its Iceberg table."""


class RunFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a run by name, the seal (digest) that they are of, and its night."""

    seal: str
    night: str
    files: dict[str, FileFact]


class Lake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of the Iceberg tables by name, and what is written in them: where engines find the folder (a URI)."""

    location: str
    schema: str
    files: dict[str, FileFact]


def metadata_of(lake: Lake) -> dict[str, str]:
    """The name of the current metadata file of each Iceberg table, by the table's name."""
    inside = (name.split("/", 3) for name in lake.files)
    return {parts[2]: "/".join(parts) for parts in inside if METADATA.fullmatch(parts[3])}


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What belongs to the tables.

    ``form`` is the digest of how they are made, ``packs`` that of what the bodies are made of; ``whole`` are the files
    that are of no single run, ``lake`` those of Iceberg tables, ``replaced`` those that new ones replace, or that go.
    """

    form: str = ""
    packs: str = ""
    runs: dict[str, RunFiles] = {}
    whole: dict[str, FileFact] = {}
    replaced: dict[str, FileFact] = {}
    lake: Lake | None = None

    def tables(self) -> dict[str, FileFact]:
        """Every file of the tables by name."""
        return self.whole | {name: fact for run in self.runs.values() for name, fact in run.files.items()}

    def files(self) -> dict[str, FileFact]:
        """Every file by name."""
        return self.tables() | (self.lake.files if self.lake is not None else {})


def manifest(folder: Path, secret: bytes) -> Manifest:
    """The manifest of a folder; an empty one where the folder is empty or not there.

    Raises UsageError for a folder that holds anything without a manifest of this store.
    """
    data = derived.kept(folder / _MANIFEST, _PURPOSE, secret)
    found = _decoded(data) if data is not None else None
    if found is None and folder.exists() and any(path.name not in (_STAGING, _LOCK) for path in folder.iterdir()):
        raise UsageError(
            f"making tables in {folder}: it holds something else, or tables of another store or version, or its "
            "manifest was altered; name another folder, or remove this one where nothing else is in it"
        )
    return found or Manifest()


def _decoded(data: bytes) -> Manifest | None:
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, ValueError):
        return None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from making tables in a folder: they wait. Raises OSError."""
    durable.make_folder(folder)
    with durable.locked(folder / _LOCK):
        yield


class Folder:
    """The files of the tables of these names in a folder, and new ones on their way into it.

    ``current`` are those that stand there as the manifest says; ``foreign`` those that somebody else altered or put
    there. What is missing is neither.
    """

    def __init__(self, path: Path, known: Manifest, names: Iterable[str], database: DuckDBPyConnection) -> None:
        self._path, self._known, self._database = path, known, database
        self._made: dict[str, Path] = {}
        files = known.files()
        self._present = _present(path, (*names, ICEBERG))
        self.current = {name for name, fact in self._present.items() if fact is not None and fact == files.get(name)}
        self.foreign = {
            name
            for name, fact in self._present.items()
            if fact is None or fact not in (files.get(name), known.replaced.get(name))
        }
        self._clear_staging()

    def _clear_staging(self) -> None:
        staging = self._path / _STAGING
        durable.make_folder(staging)
        for left in sorted(staging.iterdir()):
            durable.discard(left)

    def query(self, name: str, query: str) -> FileFact:
        """Write what a query gives as a file; gives what it holds. Raises SealError where it cannot be written.

        Its columns are numbered, by which Iceberg knows them.
        """
        made = self.staged(name)
        tables.copy(self._database, query, made, f"FIELD_IDS {parquet.numbers_of(self._database, query)}")
        return file_fact(made)

    def staged(self, name: str) -> Path:
        """Where to write a file that comes to its place at the end, after those that were asked for before it."""
        self._made[name] = durable.staged(self._path / _STAGING, "part")
        return self._made[name]

    def link(self, name: str, other: str) -> None:
        """Give a file a second name, under which it stays what it is where another takes its place. Raises OSError."""
        durable.adopt(self.path(other), self.staged(name))

    def path(self, name: str) -> Path:
        """Where a file is now."""
        return self._made.get(name, self._path / name)

    def names(self) -> Iterable[str]:
        """What stands in the folder, of whomever it is."""
        return self._present.keys()

    def rows(self, name: str, fields: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> FileFact:
        """Write documents as a file with columns of these names and types (DuckDB's); else as :meth:`query`."""
        source = durable.staged(self._path / _STAGING, "rows.jsonl")
        try:
            longest = durable.write_lines(source, map(msgspec.json.encode, rows))
            given = tables.documents(tables.Filed((source,), longest), fields)
            return self.query(name, f"SELECT * FROM {given}")  # noqa: S608
        finally:
            durable.discard(source)

    def finish(self, new: Manifest, secret: bytes) -> None:
        """Make the folder what a manifest says: move what was written to its place, in order, then remove the rest.

        Who reads meanwhile may find a fact twice, but never misses one.
        """
        wanted = new.files()
        going = self._present.keys() - wanted.keys()
        replaced = {name: fact for name in going | self._made.keys() if (fact := self._present.get(name)) is not None}
        told = msgspec.structs.replace(new, replaced=replaced)
        derived.keep(self._path / _MANIFEST, msgspec.json.encode(told, order="sorted"), _PURPOSE, secret)
        for name, made in self._made.items():
            durable.make_folder((self._path / name).parent)
            durable.move(made, self._path / name)
        for name in sorted(going):
            durable.remove(self._path / name)


def _present(folder: Path, names: Iterable[str]) -> dict[str, FileFact | None]:
    """What stands in the folders of these names. A file that has several names is read once."""
    facts: dict[tuple[int, int], FileFact | None] = {}
    present = {}
    for name, path in _files(folder, names):
        found = path.lstat()
        which = (found.st_dev, found.st_ino)
        if which not in facts:
            facts[which] = _fact(path)
        present[name] = facts[which]
    return present


def _files(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """What stands in the folders of these names and is no folder itself."""
    for name in names:
        for path in sorted((folder / name).rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(folder).as_posix(), path


def _fact(path: Path) -> FileFact | None:
    """What a file holds; None for what is no regular file."""
    return file_fact(path) if path.is_file() and not path.is_symlink() else None
