"""Amazon Athena: external tables whose nights are projected, so that no partition is ever registered.

Source: Athena User Guide, "CREATE TABLE" and "Partition projection" (a projected date is a column of type string).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.dialects import Target, Types
from engine.external import PARTITION, Table

TYPES: Final = Types("string", "bigint", "boolean", "array<{}>", "map<{},{}>")


def define(target: Target, tables: Sequence[Table]) -> Iterator[str]:
    """The statements, in order."""
    yield f"CREATE SCHEMA IF NOT EXISTS {target.schema}"
    for table in tables:
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
