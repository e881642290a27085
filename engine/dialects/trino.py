"""Trino: external tables of a catalog of the Hive connector, or of the Iceberg connector, which is the one in use.

Source: Trino documentation, Hive connector (table properties, ``system.sync_partition_metadata``; the partition is the
last column) and Iceberg connector (``system.register_table``, which ``iceberg.register-table-procedure.enabled``
allows; ``system.unregister_table`` leaves the files alone).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from engine.dialects import Definition, Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("varchar", "bigint", "boolean", "array({})", "map({}, {})")


def _external(target: Target, table: Table) -> Iterator[str]:
    partition = f",\n  partitioned_by = ARRAY['{PARTITION}']" if table.partitioned else ""
    place = f"external_location = '{target.uri}/{table.name}/'"
    yield f"{TYPES.table(target, table)}WITH (\n  format = 'PARQUET',\n  {place}{partition}\n)"


def _nights(target: Target, table: Table) -> Iterator[str]:
    """What finds new nights, and is run after each of them."""
    if table.partitioned:
        yield f"CALL system.sync_partition_metadata('{target.schema}', '{table.name}', 'FULL')"


def _registered(target: Target, table: Table) -> Iterator[str]:
    file = PurePosixPath(target.metadata[table.name]).name
    yield (
        f"CALL system.register_table(schema_name => '{target.schema}', table_name => '{table.name}',\n"
        f"  table_location => '{target.iceberg(table)}', metadata_file_name => '{file}')"
    )


def _anew(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    yield "A table that is registered shows the nights that it had then. Before it is registered again (not DROP TABLE,"
    yield "which means to delete what it holds):"
    for table in tables:
        yield f"CALL system.unregister_table(schema_name => '{target.schema}', table_name => '{table.name}');"


HIVE: Final = Definition(_external, after=_nights)
ICEBERG: Final = Definition(_registered, notes=_anew)
