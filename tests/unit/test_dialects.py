"""What is printed for each engine: its tables in its own words, and nothing that would be another statement."""

from __future__ import annotations

from datetime import date

import pytest

from engine.cli.store import TARGETS as OFFERED
from engine.dialects import TARGETS, script
from engine.errors import UsageError
from engine.external import Column, Kind, Published, Table
from tests.engines import statements

TEXT, INTEGER, BOOLEAN = Kind("text"), Kind("integer"), Kind("boolean")
RUNS = Table("runs", (Column("run", TEXT), Column("records", INTEGER), Column("retained", BOOLEAN)), False)
FINDINGS = Table(
    "findings",
    (Column("run", TEXT), Column("related", Kind("map", (TEXT, TEXT))), Column("seen", Kind("list", (TEXT,)))),
    True,
)
SMALL = Published("/srv/tables", (RUNS, FINDINGS), {}, ("2026-01-31", "2026-02-02"), 2, 0, 0, ())


def printed(name: str, **more: object) -> str:
    location = {"athena": "s3://lake/soc2"}.get(name)
    told = {"location": location, "schema": "evidence", "starts": None, "ends": None} | more
    return script(name, SMALL, **told)  # type: ignore[arg-type]


def test_athena_projects_the_nights_of_tables_in_s3() -> None:
    assert statements(printed("athena"))[0] == [
        "CREATE SCHEMA IF NOT EXISTS evidence",
        """CREATE EXTERNAL TABLE IF NOT EXISTS evidence.runs (
  run string,
  records bigint,
  retained boolean
)
STORED AS PARQUET
LOCATION 's3://lake/soc2/runs/'""",
        """CREATE EXTERNAL TABLE IF NOT EXISTS evidence.findings (
  run string,
  related map<string,string>,
  seen array<string>
)
PARTITIONED BY (night string)
STORED AS PARQUET
LOCATION 's3://lake/soc2/findings/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.night.type' = 'date',
  'projection.night.format' = 'yyyy-MM-dd',
  'projection.night.range' = '2026-01-31,NOW+1DAYS',
  'projection.night.interval' = '1',
  'projection.night.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://lake/soc2/findings/night=${night}/'
)""",
    ]


def test_trino_finds_nights_when_it_is_told_to() -> None:
    assert statements(printed("trino"))[0][1:] == [
        """CREATE TABLE IF NOT EXISTS evidence.runs (
  run varchar,
  records bigint,
  retained boolean
)
WITH (
  format = 'PARQUET',
  external_location = 'file:///srv/tables/runs/'
)""",
        """CREATE TABLE IF NOT EXISTS evidence.findings (
  run varchar,
  related map(varchar, varchar),
  seen array(varchar),
  night varchar
)
WITH (
  format = 'PARQUET',
  external_location = 'file:///srv/tables/findings/',
  partitioned_by = ARRAY['night']
)""",
        "CALL system.sync_partition_metadata('evidence', 'findings', 'FULL')",
    ]


def test_the_command_line_offers_every_engine() -> None:
    assert tuple(TARGETS) == OFFERED


def test_the_first_lines_say_that_engines_verify_nothing() -> None:
    for name in TARGETS:
        first = printed(name).partition("\n\n")[0]
        assert "verifies nothing: run auditreel verify on the store first" in first
        assert f"for {name}, and five questions about the nights 2026-01-31 to 2026-02-02" in first


def test_a_window_is_what_was_asked_for_and_has_a_beginning_and_an_end() -> None:
    text = printed("duckdb", starts=date(2026, 2, 1), ends=date(2026, 2, 28))
    assert "night BETWEEN '2026-02-01' AND '2026-02-28'" in text
    assert "  28 AS nights" in text
    with pytest.raises(UsageError, match="end before they begin"):
        printed("duckdb", starts=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("name", "told", "message"),
    [
        ("athena", {"location": None}, "Athena reads from S3; use --location"),
        ("trino", {"location": "s3://lake/o'brien"}, "mean something else in SQL"),
        ("spark", {"location": "s3://lake/a; DROP TABLE runs"}, "mean something else in SQL"),
        ("duckdb", {"location": "/srv/*"}, "mean something else in SQL"),
        ("duckdb", {"schema": "a.b"}, "lower-case letters"),
    ],
)
def test_names_that_would_be_another_statement_are_refused(name: str, told: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        printed(name, **told)
