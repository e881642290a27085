"""DuckDB: views over the Parquet files, or over Iceberg tables by their folders.

An address takes the extension of its scheme (httpfs, azure), Iceberg its own. Source: DuckDB documentation, "Hive
Partitioning" and "Iceberg Extension" (``iceberg_scan`` of a folder reads its version-hint.text).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.dialects import NIGHT, Definition, Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("VARCHAR", "BIGINT", "BOOLEAN", "{}[]", "MAP({}, {})")


def _over_files(target: Target, table: Table) -> Iterator[str]:
    files = f"{target.location}/{table.name}/{'*/' if table.partitioned else ''}*.parquet"
    hive = f", hive_partitioning = true, hive_types = {{'{PARTITION}': VARCHAR}}" if table.partitioned else ""
    yield _view(target, table, f"read_parquet('{files}'{hive})")


def _over_iceberg(target: Target, table: Table) -> Iterator[str]:
    yield _view(target, table, f"iceberg_scan('{target.iceberg(table)}')")


def _view(target: Target, table: Table, source: str) -> str:
    columns = [*table.columns, *([NIGHT] if table.partitioned else [])]
    cast = ",\n".join(f"  CAST({one.name} AS {TYPES.of(one.kind)}) AS {one.name}" for one in columns)
    return f"CREATE OR REPLACE VIEW {target.schema}.{table.name} AS SELECT\n{cast}\nFROM {source}"


def _loaded(target: Target) -> Iterable[str]:
    return ("INSTALL iceberg", "LOAD iceberg", f"CREATE SCHEMA IF NOT EXISTS {target.schema}")


HIVE: Final = Definition(_over_files)
ICEBERG: Final = Definition(_over_iceberg, before=_loaded)
