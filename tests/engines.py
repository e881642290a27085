"""What is printed for an engine, taken apart, and asked of DuckDB and of pyiceberg."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
from pyiceberg.table import StaticTable

from engine.external import Published

Rows = list[tuple[Any, ...]]
_TITLE = re.compile(r"^-- (\d)\. ", re.MULTILINE)


def statements(text: str) -> tuple[list[str], dict[int, str]]:
    """The statements that define, and those of the questions by their numbers, without their comments."""
    defining: list[str] = []
    asking: dict[int, str] = {}
    for part in text.split(";\n"):
        bare = "\n".join(line for line in part.splitlines() if not line.startswith("--")).strip()
        if title := _TITLE.search(part):
            asking[int(title[1])] = bare
        elif bare:
            defining.append(bare)
    return defining, asking


def answers(text: str, execute: Callable[[str], Rows]) -> dict[int, Rows]:
    """The rows of each question, where an engine was told everything."""
    defining, asking = statements(text)
    for statement in defining:
        execute(statement)
    return {number: execute(query) for number, query in asking.items()}


def in_duckdb(text: str, *further: str) -> tuple[dict[int, Rows], list[Rows]]:
    """What DuckDB answers to the questions, and to further queries."""
    with duckdb.connect(":memory:") as database:

        def execute(query: str) -> Rows:
            return database.execute(query).fetchall()

        return answers(text, execute), [execute(query) for query in further]


def iceberg_tables(folder: str, metadata: Mapping[str, str]) -> dict[str, StaticTable]:
    """The Iceberg tables of a folder by name, as pyiceberg reads them from their metadata files."""
    return {name: StaticTable.from_metadata(f"file://{folder}/{file}") for name, file in metadata.items()}


def in_iceberg(text: str, published: Published, schema: str, *further: str) -> tuple[dict[int, Rows], list[Rows]]:
    """What the questions and further queries give where pyiceberg scans the tables, and DuckDB sees only its Arrow."""
    with duckdb.connect(":memory:") as database:

        def execute(query: str) -> Rows:
            return database.execute(query).fetchall()

        execute(f"CREATE SCHEMA {schema}")
        for name, table in iceberg_tables(published.folder, published.metadata).items():
            database.register(f"scanned_{name}", table.scan().to_arrow())
            execute(f"CREATE VIEW {schema}.{name} AS SELECT * FROM scanned_{name}")
        _, asking = statements(text)
        return {number: execute(query) for number, query in asking.items()}, [execute(query) for query in further]
