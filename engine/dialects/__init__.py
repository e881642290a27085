"""Tables of evidence, and the questions asked of them, in the SQL of engines that exist.

One module an engine, with a :class:`Definition` for each of the ``FORMATS``: how it is told of Parquet files in folders
(``HIVE``) and of Iceberg tables (``ICEBERG``). The questions (:mod:`engine.dialects.questions`) are the same text
everywhere: standard SQL that all of them read. Engines read files and verify nothing, which the first lines say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Final

from engine.dialects import questions
from engine.errors import UsageError
from engine.external import ICEBERG, PARTITION, Column, Kind, Published, Table, uri

TARGETS: Final[Mapping[str, str]] = {
    "athena": "engine.dialects.athena",
    "trino": "engine.dialects.trino",
    "spark": "engine.dialects.spark",
    "duckdb": "engine.dialects.duckdb",
}
"""The engines, each with its module."""
FORMATS: Final = ("hive", "iceberg")
"""What an engine can be told of: Parquet files in folders by night, or Iceberg tables over the same files."""

_SCHEMA: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_LOCATION: Final = re.compile(r"[^'\"`\\;*?\[\]{}$#%\x00-\x1f\x7f]+")
"""No character that ends a text or a statement in one of the engines, or is part of a pattern or of a URI's syntax."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an engine finds the tables: their place (a folder or a URI, without a slash at its end) and their schema.

    ``first`` is the first night that they hold, ``metadata`` the metadata file of each Iceberg table below the place.
    """

    location: str
    schema: str
    first: str
    metadata: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The place as a URI."""
        return uri(self.location)

    def iceberg(self, table: Table | None = None) -> str:
        """The folder of the Iceberg tables of all schemas, or that of one table, as a URI."""
        return f"{self.uri}/{ICEBERG}" if table is None else f"{self.uri}/{ICEBERG}/{self.schema}/{table.name}"


@dataclass(frozen=True, slots=True)
class Types:
    """How an engine calls types; ``sequence`` and ``mapping`` have places for what is inside."""

    text: str
    integer: str
    boolean: str
    sequence: str
    mapping: str

    def of(self, kind: Kind) -> str:
        """The name of a type."""
        inside = [self.of(one) for one in kind.of]
        if kind.name == "list":
            return self.sequence.format(*inside)
        if kind.name == "map":
            return self.mapping.format(*inside)
        return {"text": self.text, "integer": self.integer, "boolean": self.boolean}[kind.name]

    def columns(self, table: Table, night: bool) -> str:
        """The columns of a table and their types, a line each; with the partition's where ``night`` asks for it."""
        columns = [*table.columns, *([NIGHT] if night and table.partitioned else [])]
        return ",\n".join(f"  {column.name} {self.of(column.kind)}" for column in columns)

    def table(self, target: Target, table: Table) -> str:
        """The beginning of the statement that makes a table, up to where the engines differ."""
        return f"CREATE TABLE IF NOT EXISTS {target.schema}.{table.name} (\n{self.columns(table, night=True)}\n)\n"


def _schema(target: Target) -> Iterable[str]:
    return (f"CREATE SCHEMA IF NOT EXISTS {target.schema}",)


def _nothing(target: Target, table: Table) -> Iterable[str]:
    return ()


def _no_notes(target: Target, tables: Sequence[Table]) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Definition:
    """How an engine is told of tables: statements before them, of each, and after them, of each again.

    ``notes`` are what a person is told first, a line each.
    """

    table: Callable[[Target, Table], Iterable[str]] = _nothing
    before: Callable[[Target], Iterable[str]] = _schema
    after: Callable[[Target, Table], Iterable[str]] = _nothing
    notes: Callable[[Target, Sequence[Table]], Iterable[str]] = _no_notes

    def statements(self, target: Target, tables: Sequence[Table]) -> list[str]:
        """All of them, in order."""
        said = [*self.before(target)]
        for part in (self.table, self.after):
            said += [statement for table in tables for statement in part(target, table)]
        return said


NIGHT: Final = Column(PARTITION, Kind("text"))
"""A date as text, so that every engine compares it alike; ISO dates sort as texts do."""


def script(
    name: str,
    published: Published,
    location: str | None,
    schema: str,
    starts: date | None,
    ends: date | None,
    form: str = "hive",
) -> str:
    """Everything that an engine is to be told: its tables, and the five questions about a window of nights.

    ``location`` is where the engine finds the folder (None: where it was written); ``starts`` and ``ends`` are local
    dates, both included (None: the first and the last night there is). ``form`` is one of ``FORMATS``; for iceberg the
    tables were published for this place and schema. Raises UsageError.
    """
    definition: Definition = getattr(import_module(TARGETS[name]), form.upper())
    place = fitting(name, location or published.folder, schema)
    target = Target(place, schema, published.nights[0], published.metadata)
    window = questions.Window(
        starts.isoformat() if starts is not None else published.nights[0],
        ends.isoformat() if ends is not None else published.nights[-1],
    )
    if window.starts > window.ends:
        raise UsageError(f"asking about the nights {window.starts} to {window.ends}: they end before they begin")
    notes = _noted(*definition.notes(target, published.tables))
    defined = "\n".join(f"{statement};\n" for statement in definition.statements(target, published.tables))
    asked = "\n".join(
        f"-- {number}. {question.title}\n{_noted(question.notes)}{question.sql(schema, window)};\n"
        for number, question in enumerate(questions.QUESTIONS, 1)
    )
    return f"{_head(name, window)}{notes}\n{defined}\n{asked}"


def fitting(name: str, place: str, schema: str) -> str:
    """A place as an engine is told it, without a slash at its end.

    Raises UsageError for one that the engine cannot read, and for one or a schema that would be other SQL.
    """
    if not _SCHEMA.fullmatch(schema):
        raise UsageError(f"naming the schema {schema}: lower-case letters, digits and underscores only")
    if not _LOCATION.fullmatch(place):
        raise UsageError(f"naming the location {place}: it holds characters that mean something else in SQL or a URI")
    if name == "athena" and not place.startswith("s3://"):
        raise UsageError(f"defining tables in {place}: Athena reads from S3; use --location s3://BUCKET/PREFIX")
    return place.rstrip("/")


def _head(name: str, window: questions.Window) -> str:
    return _noted(
        f"Evidence of auditreel for {name}, and five questions about the nights {window.starts} to {window.ends}.",
        "The engine reads these files and verifies nothing: run auditreel verify on the store first, and print this",
        "again, which compares the files with what was sealed. The tables are derived, and are no evidence themselves.",
        "A row of findings is proved by: auditreel export --run RUN --proof RECORD.",
    )


def _noted(*lines: str | Sequence[str]) -> str:
    flat = [line for part in lines for line in ([part] if isinstance(part, str) else part)]
    return "".join(f"-- {line}\n" for line in flat)
