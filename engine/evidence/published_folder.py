"""The folder of tables that are published: which files belong to it, and how new ones come into it.

The manifest names every file with its digest and carries a code of the store's secret
(:mod:`engine.evidence.derived`). What somebody else altered or put there is found by it, and so is what a crash left:
files are written aside, the manifest is replaced, then they are moved to their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine.errors import UsageError
from engine.evidence import derived, durable, tables
from engine.evidence.entries import FileFact
from engine.evidence.layout import file_fact

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PURPOSE: Final = b"auditreel published tables\n"
_MANIFEST: Final = "_manifest"
_STAGING: Final = "_staging"
"""Engines pass over names that begin with an underscore."""


class RunFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a run by name, the seal (digest) that they are of, and its night."""

    seal: str
    night: str
    files: dict[str, FileFact]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What belongs to the tables.

    ``form`` is the digest of how they are made, ``packs`` that of what the bodies are made of; ``whole`` are the files
    that are of no single run, ``replaced`` those that stood in the place of new ones.
    """

    form: str = ""
    packs: str = ""
    runs: dict[str, RunFiles] = {}
    whole: dict[str, FileFact] = {}
    replaced: dict[str, FileFact] = {}

    def files(self) -> dict[str, FileFact]:
        """Every file by name."""
        return self.whole | {name: fact for run in self.runs.values() for name, fact in run.files.items()}


def manifest(folder: Path, secret: bytes) -> Manifest:
    """The manifest of a folder; an empty one where the folder is empty or not there.

    Raises UsageError for a folder that holds anything without a manifest of this store.
    """
    data = derived.kept(folder / _MANIFEST, _PURPOSE, secret)
    found = _decoded(data) if data is not None else None
    if found is None and folder.exists() and any(path.name != _STAGING for path in folder.iterdir()):
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


class Folder:
    """The files of the tables of these names in a folder, and new ones on their way into it.

    ``current`` are those that stand there as the manifest says; ``foreign`` those that somebody else altered or put
    there. What is missing is neither.
    """

    def __init__(self, path: Path, known: Manifest, names: Iterable[str], database: DuckDBPyConnection) -> None:
        self._path, self._known, self._database = path, known, database
        self._made: dict[str, Path] = {}
        files = known.files()
        self._present = {name: _fact(path) for name, path in _files(path, names)}
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
        """Write what a query gives as a file; gives what it holds. Raises SealError where it cannot be written."""
        made = durable.staged(self._path / _STAGING, "part.parquet")
        tables.copy(self._database, query, made)
        self._made[name] = made
        return file_fact(made)

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
        """Make the folder what a manifest says: remove what is not in it, and move what was written to its place."""
        wanted = new.files()
        for name in sorted(self._present.keys() - wanted.keys()):
            durable.remove(self._path / name)
        replaced = {name: fact for name in self._made if (fact := self._present.get(name)) is not None}
        told = msgspec.structs.replace(new, replaced=replaced)
        derived.keep(self._path / _MANIFEST, msgspec.json.encode(told, order="sorted"), _PURPOSE, secret)
        for name, made in self._made.items():
            durable.make_folder((self._path / name).parent)
            durable.move(made, self._path / name)


def _files(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """What stands in the folders of these names and is no folder itself."""
    for name in names:
        for path in sorted((folder / name).rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(folder).as_posix(), path


def _fact(path: Path) -> FileFact | None:
    """What a file holds; None for what is no regular file."""
    return file_fact(path) if path.is_file() and not path.is_symlink() else None
