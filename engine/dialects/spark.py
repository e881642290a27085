"""Apache Spark SQL: tables over the Parquet files, in whichever catalog the session has, or Iceberg's own by folders.

Source: Spark SQL reference, "CREATE DATASOURCE TABLE" and "REPAIR TABLE"; Iceberg documentation, "Spark Configuration"
(catalogs of type hadoop).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import Definition, Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("STRING", "BIGINT", "BOOLEAN", "ARRAY<{}>", "MAP<{}, {}>")


def _over_files(target: Target, table: Table) -> Iterator[str]:
    partition = f"PARTITIONED BY ({PARTITION})\n" if table.partitioned else ""
    yield (f"{TYPES.table(target, table)}USING PARQUET\n{partition}LOCATION '{target.uri}/{table.name}'")


def _nights(target: Target, table: Table) -> Iterator[str]:
    """What finds new nights and files, and is run after each of them."""
    if table.partitioned:
        yield f"MSCK REPAIR TABLE {target.schema}.{table.name} SYNC PARTITIONS"
    yield from _refreshed(target, table)


def _refreshed(target: Target, table: Table) -> Iterator[str]:
    yield f"REFRESH TABLE {target.schema}.{table.name}"


def _catalog(target: Target) -> Iterator[str]:
    """A catalog that finds the tables by their folders: none is registered."""
    catalog = f"{target.schema}_iceberg"
    yield f"SET spark.sql.catalog.{catalog} = org.apache.iceberg.spark.SparkCatalog"
    yield f"SET spark.sql.catalog.{catalog}.type = hadoop"
    yield f"SET spark.sql.catalog.{catalog}.warehouse = {target.iceberg()}"
    yield f"USE {catalog}"


def _jar(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    yield "The session needs the jar of iceberg-spark-runtime that is made for its version of Spark."


HIVE: Final = Definition(_over_files, after=_nights)
ICEBERG: Final = Definition(before=_catalog, after=_refreshed, notes=_jar)
