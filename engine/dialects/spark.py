"""Apache Spark SQL: tables over the Parquet files, in whichever catalog the session has.

Source: Spark SQL reference, "CREATE DATASOURCE TABLE" and "REPAIR TABLE".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("STRING", "BIGINT", "BOOLEAN", "ARRAY<{}>", "MAP<{}, {}>")


def define(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    """The statements, in order; the last ones find new nights and files, and are run after each of them."""
    yield f"CREATE SCHEMA IF NOT EXISTS {target.schema}"
    for table in tables:
        partition = f"PARTITIONED BY ({PARTITION})\n" if table.partitioned else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {target.schema}.{table.name} (\n{TYPES.columns(table, night=True)}\n)\n"
            f"USING PARQUET\n{partition}LOCATION '{target.uri}/{table.name}'"
        )
    for table in tables:
        if table.partitioned:
            yield f"MSCK REPAIR TABLE {target.schema}.{table.name} SYNC PARTITIONS"
        yield f"REFRESH TABLE {target.schema}.{table.name}"
