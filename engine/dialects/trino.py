"""Trino: external tables of a catalog of the Hive connector, which is the one in use.

Source: Trino documentation, Hive connector (table properties, ``system.sync_partition_metadata``). The partition is the
last column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("varchar", "bigint", "boolean", "array({})", "map({}, {})")


def define(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    """The statements, in order; the last ones find new nights, and are run after each of them."""
    yield f"CREATE SCHEMA IF NOT EXISTS {target.schema}"
    for table in tables:
        partition = f",\n  partitioned_by = ARRAY['{PARTITION}']" if table.partitioned else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {target.schema}.{table.name} (\n{TYPES.columns(table, night=True)}\n)\n"
            f"WITH (\n  format = 'PARQUET',\n  external_location = '{target.uri}/{table.name}/'{partition}\n)"
        )
    for table in tables:
        if table.partitioned:
            yield f"CALL system.sync_partition_metadata('{target.schema}', '{table.name}', 'FULL')"
