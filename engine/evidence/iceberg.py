"""The published tables as Iceberg tables, over the same Parquet files.

A table is a folder: ``metadata/v7.metadata.json`` with all that it refers to, ``version-hint.text`` with the number
(the layout of Iceberg's Hadoop tables), and ``data`` with second names of the Parquet files. A published file may be
replaced in its place; what Iceberg names must stay what it was. So such a name has the file's digest.

Each call makes at most one snapshot of a table. Where files go, the snapshots before go with them: they could be read
no longer, and what was removed from a store must not be told by the history of a table. Else the last ones stay.

Source: Apache Iceberg, "Spec" (version 2), and the class HadoopTableOperations for the names of metadata files.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile, ToOutputFile
from pyiceberg.table import CommitTableResponse
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.metadata import TableMetadata, TableMetadataV2
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import (
    RemoveSnapshotsUpdate,
    TableRequirement,
    TableUpdate,
    update_table_metadata,
)
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import BooleanType, IcebergType, ListType, LongType, MapType, NestedField, StringType

from engine.evidence import parquet
from engine.evidence.entries import FileFact
from engine.evidence.iceberg_files import Files
from engine.evidence.layout import file_fact
from engine.evidence.published_folder import METADATA, Folder, Lake
from engine.external import ICEBERG, PARTITION, Column, Kind, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HINT: Final = "metadata/version-hint.text"
_STAY: Final = 9
"""Snapshots that stay beside a new one: pyiceberg copies all of them a dozen times a commit (4 s with a year's)."""
_DIGITS: Final = 16
"""Digits of a file's digest in its name: it tells two versions of one file apart."""
_FIRST_PARTITION: Final = 1000
"""The number of a table's first partition field, by the specification."""
_PROPERTIES: Final = {
    "commit.manifest-merge.enabled": "true",
    # The files are ours: no engine is to remove one, when it drops the table or its snapshots.
    "gc.enabled": "false",
}
_PLAIN: Final[Mapping[str, IcebergType]] = {"text": StringType(), "integer": LongType(), "boolean": BooleanType()}


class Parts(NamedTuple):
    """What Iceberg tables are made of: the folder and its Parquet files by name, and the place that they are to name.

    ``known`` are the tables that stand there already.
    """

    folder: Folder
    database: DuckDBPyConnection
    files: Mapping[str, FileFact]
    known: Lake | None
    place: Lake


def bring(parts: Parts, tables: Sequence[Table]) -> Lake:
    """Bring Iceberg tables up to date with the Parquet files of a folder; gives the place with all their files.

    They are made anew where they are of another place or schema, or where a file of theirs is not as it was written.
    The last of ``tables`` is the last that engines see changed. Raises SealError, OSError.
    """
    known, place = parts.known, parts.place
    same = known is not None and (known.location, known.schema) == (place.location, place.schema)
    kept = known.files if known is not None and same and known.files.keys() <= parts.folder.current else {}
    every = [_Making(parts, table, kept) for table in tables]
    facts: dict[str, FileFact] = {}
    for one in every:
        facts |= one.write()
    for one in every:
        facts |= one.publish()
    return msgspec.structs.replace(place, files=facts)


class _Commits(NoopCatalog):
    """Takes what a transaction changed. Of the snapshots before only the last ones stay, as many as ``stay``."""

    def __init__(self, stay: int) -> None:
        super().__init__("auditreel")
        self._stay = stay

    def commit_table(
        self, table: IcebergTable, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        before = [snapshot.snapshot_id for snapshot in table.metadata.snapshots]
        going = before[: len(before) - self._stay] if len(before) > self._stay else []
        more = (RemoveSnapshotsUpdate.model_validate({"snapshot-ids": going}),) if going else ()
        metadata = update_table_metadata(table.metadata, (*updates, *more))
        return CommitTableResponse.model_validate({"metadata": metadata, "metadata-location": table.metadata_location})


class _Making:
    """One table: what it holds, and what it is to hold."""

    def __init__(self, parts: Parts, table: Table, kept: Mapping[str, FileFact]) -> None:
        self._folder, self._database, self._table = parts.folder, parts.database, table
        self._root = f"{ICEBERG}/{parts.place.schema}/{table.name}/"
        self._files = Files(parts.folder, parts.place.location)
        self._schema, self._spec = _schema(table), _spec(table)
        begun = self._begun(kept)
        self._metadata = begun or self._empty()
        # Whether there is anything that engines do not see yet.
        self._changed = begun is None
        self._kept = {name: fact for name, fact in kept.items() if begun and name.startswith(self._root)}
        mine = ((name, fact) for name, fact in parts.files.items() if name.startswith(f"{table.name}/"))
        self._sources = {self._data(name, fact): (name, fact) for name, fact in mine}

    def _begun(self, kept: Mapping[str, FileFact]) -> TableMetadata | None:
        """The metadata of the table that stands there; None where there is none with these columns."""
        for name in filter(self._version, kept):
            found = FromInputFile.table_metadata(self._files.new_input(self._files.location(name)))
            if (found.schema(), found.spec()) == (self._schema, self._spec):
                return found
        return None

    def _empty(self) -> TableMetadata:
        return TableMetadataV2.model_validate(
            {
                "location": self._files.location(self._root).removesuffix("/"),
                "table-uuid": uuid.uuid4(),
                "schemas": [self._schema],
                "current-schema-id": self._schema.schema_id,
                "last-column-id": self._schema.highest_field_id,
                "partition-specs": [self._spec],
                "default-spec-id": self._spec.spec_id,
                "last-partition-id": _FIRST_PARTITION if self._table.partitioned else _FIRST_PARTITION - 1,
                "sort-orders": [UNSORTED_SORT_ORDER],
                "default-sort-order-id": UNSORTED_SORT_ORDER.order_id,
                "properties": _PROPERTIES,
            }
        )

    def _version(self, name: str) -> re.Match[str] | None:
        return METADATA.fullmatch(name.removeprefix(self._root)) if name.startswith(self._root) else None

    def _data(self, name: str, fact: FileFact) -> str:
        """What a Parquet file is called here."""
        path = PurePosixPath(name.removeprefix(f"{self._table.name}/"))
        return f"{self._root}data/{path.with_name(f'{path.stem}-{fact.digest[:_DIGITS]}{path.suffix}')}"

    def write(self) -> dict[str, FileFact]:
        """Give new files their names, and write the snapshot that has them; gives all but what ``publish`` gives."""
        there = {name for name in self._kept if name.startswith(f"{self._root}data/")}
        gone = there - self._sources.keys()
        coming = sorted(self._sources.keys() - there)
        counts = parquet.rows_in(self._database, [self._folder.path(self._sources[name][0]) for name in coming])
        # A file without rows tells nothing, and not every engine expects one.
        added = {name: rows for name, rows in zip(coming, counts, strict=True) if rows}
        for name in added:
            if name not in self._folder.current:
                self._folder.link(name, self._sources[name][0])
        if added or gone:
            self._commit(added, gone)
        data = {name: self._sources[name][1] for name in sorted((there - gone) | added.keys())}
        return data | {name: self._kept.get(name) or file_fact(self._folder.path(name)) for name in self._referred()}

    def _commit(self, added: Mapping[str, int], gone: set[str]) -> None:
        table = IcebergTable(
            ("auditreel", self._table.name), self._metadata, "", self._files, _Commits(0 if gone else _STAY)
        )
        with table.transaction() as transaction:
            update = transaction.update_snapshot()
            with update.overwrite() if gone else update.merge_append() as snapshot:
                for file in self._listed(gone):
                    snapshot.delete_data_file(file)
                for name, rows in added.items():
                    snapshot.append_data_file(self._data_file(name, rows))
        self._metadata, self._changed = table.metadata, True

    def _listed(self, gone: set[str]) -> Iterator[DataFile]:
        """The data files of these names, as the current snapshot has them."""
        current = self._metadata.current_snapshot()
        for manifest in current.manifests(self._files) if gone and current is not None else ():
            for entry in manifest.fetch_manifest_entry(self._files):
                if self._files.name(entry.data_file.file_path) in gone:
                    yield entry.data_file

    def _data_file(self, name: str, rows: int) -> DataFile:
        night = PurePosixPath(name).parent.name.removeprefix(f"{PARTITION}=")
        file = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._files.location(name),
            file_format=FileFormat.PARQUET,
            partition=Record(night) if self._table.partitioned else Record(),
            record_count=rows,
            file_size_in_bytes=self._sources[name][1].size,
        )
        file.spec_id = self._spec.spec_id
        return file

    def _referred(self) -> list[str]:
        """The manifests of the snapshots that stay, and their lists."""
        if not self._changed:
            return sorted(name for name in self._kept if name.endswith(".avro"))
        found = {
            location
            for snapshot in self._metadata.snapshots
            for location in (
                snapshot.manifest_list,
                *(manifest.manifest_path for manifest in snapshot.manifests(self._files)),
            )
        }
        return sorted(map(self._files.name, found))

    def publish(self) -> dict[str, FileFact]:
        """Write the metadata file and the hint, from which on engines see what changed; gives these two."""
        numbers = [int(found[1]) for name in self._folder.names() if (found := self._version(name))]
        if not self._changed:
            return {
                name: fact for name, fact in self._kept.items() if self._version(name) or name == self._root + _HINT
            }
        # A number that was used is not used again, or an engine could take the new table for the old one.
        number = max(numbers, default=0) + 1
        metadata, hint = f"{self._root}metadata/v{number}.metadata.json", self._root + _HINT
        ToOutputFile.table_metadata(self._metadata, self._files.new_output(self._files.location(metadata)))
        with self._files.new_output(self._files.location(hint)).create(overwrite=True) as file:
            file.write(str(number).encode())
        return {name: file_fact(self._folder.path(name)) for name in (metadata, hint)}


def _spec(table: Table) -> PartitionSpec:
    if not table.partitioned:
        return UNPARTITIONED_PARTITION_SPEC
    night = _schema(table).find_field(PARTITION).field_id
    return PartitionSpec(PartitionField(night, _FIRST_PARTITION, IdentityTransform(), PARTITION))


def _schema(table: Table) -> Schema:
    """The columns, numbered as in the files (:func:`engine.evidence.parquet.numbers_of`), and that of the partition."""
    numbers = count(1)
    columns = [*table.columns, *([Column(PARTITION, Kind("text"))] if table.partitioned else [])]
    return Schema(*(NestedField(next(numbers), one.name, _type(one.kind, numbers), required=False) for one in columns))


def _type(kind: Kind, numbers: Iterator[int]) -> IcebergType:
    if kind.name == "list":
        return ListType(next(numbers), _type(kind.of[0], numbers), element_required=False)
    if kind.name == "map":
        inside = next(numbers), _type(kind.of[0], numbers), next(numbers), _type(kind.of[1], numbers)
        return MapType(*inside, value_required=False)
    return _PLAIN[kind.name]
