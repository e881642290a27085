"""DuckDB: views over the Parquet files. An address takes the extension of its scheme (httpfs, azure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import NIGHT, Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("VARCHAR", "BIGINT", "BOOLEAN", "{}[]", "MAP({}, {})")


def define(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    """The statements, in order."""
    yield f"CREATE SCHEMA IF NOT EXISTS {target.schema}"
    for table in tables:
        columns = [*table.columns, *([NIGHT] if table.partitioned else [])]
        cast = ",\n".join(f"  CAST({one.name} AS {TYPES.of(one.kind)}) AS {one.name}" for one in columns)
        files = f"{target.location}/{table.name}/{'*/' if table.partitioned else ''}*.parquet"
        hive = f", hive_partitioning = true, hive_types = {{'{PARTITION}': VARCHAR}}" if table.partitioned else ""
        yield (
            f"CREATE OR REPLACE VIEW {target.schema}.{table.name} AS SELECT\n{cast}\nFROM read_parquet('{files}'{hive})"
        )
