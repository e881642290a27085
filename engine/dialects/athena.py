"""Amazon Athena: external tables whose nights are projected, so that no partition is ever registered.

Source: Athena User Guide, "CREATE TABLE" and "Partition projection" (a projected date is a column of type string). Of
Iceberg tables that exist the Glue Data Catalog is told (AWS Glue API, "Table": the parameters table_type and
metadata_location), by its own API, Trino, Spark or pyiceberg.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import Definition, Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("string", "bigint", "boolean", "array<{}>", "map<{},{}>")


def _external(target: Target, table: Table) -> Iterator[str]:
    place = f"{target.location}/{table.name}/"
    partition = f"PARTITIONED BY ({PARTITION} {TYPES.text})\n" if table.partitioned else ""
    yield (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {target.schema}.{table.name} (\n"
        f"{TYPES.columns(table, night=False)}\n)\n{partition}STORED AS PARQUET\nLOCATION '{place}'"
        f"{_projected(target, place) if table.partitioned else ''}"
    )


def _projected(target: Target, place: str) -> str:
    """Nights are dates of the schedule's zone, which may be a day ahead of the engine's."""
    told = {
        "projection.enabled": "true",
        f"projection.{PARTITION}.type": "date",
        f"projection.{PARTITION}.format": "yyyy-MM-dd",
        f"projection.{PARTITION}.range": f"{target.first},NOW+1DAYS",
        f"projection.{PARTITION}.interval": "1",
        f"projection.{PARTITION}.interval.unit": "DAYS",
        "storage.location.template": f"{place}{PARTITION}=${{{PARTITION}}}/",
    }
    lines = ",\n".join(f"  '{name}' = '{value}'" for name, value in told.items())
    return f"\nTBLPROPERTIES (\n{lines}\n)"


def _registered_elsewhere(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    yield "Athena registers no table that exists: Glue is told of it, anew after each call (docs/engines.md). Metadata:"
    for table in tables:
        yield f"{target.schema}.{table.name}: {target.uri}/{target.metadata[table.name]}"


HIVE: Final = Definition(_external)
ICEBERG: Final = Definition(notes=_registered_elsewhere)
