"""What is printed for each engine: its tables in its own words, and nothing that would be another statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.cli.store import FORMATS as OFFERED_FORMATS
from engine.cli.store import TARGETS as OFFERED
from engine.dialects import FORMATS, TARGETS, script
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


METADATA = {name: f"iceberg/evidence/{name}/metadata/v7.metadata.json" for name in ("runs", "findings")}


def printed(name: str, **more: object) -> str:
    location = {"athena": "s3://lake/soc2"}.get(name)
    told = {"location": location, "schema": "evidence", "starts": None, "ends": None} | more
    published = replace(SMALL, metadata=METADATA) if "form" in more else SMALL
    return script(name, published, **told)  # type: ignore[arg-type]


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


def test_spark_finds_iceberg_tables_by_their_folders() -> None:
    assert statements(printed("spark", form="iceberg"))[0] == [
        "SET spark.sql.catalog.evidence_iceberg = org.apache.iceberg.spark.SparkCatalog",
        "SET spark.sql.catalog.evidence_iceberg.type = hadoop",
        "SET spark.sql.catalog.evidence_iceberg.warehouse = file:///srv/tables/iceberg",
        "USE evidence_iceberg",
        "REFRESH TABLE evidence.runs",
        "REFRESH TABLE evidence.findings",
    ]


def test_trino_registers_the_metadata_of_this_call_and_is_told_how_to_unregister_what_was_before() -> None:
    text = printed("trino", form="iceberg", location="s3://lake/soc2/")
    assert statements(text)[0] == [
        "CREATE SCHEMA IF NOT EXISTS evidence",
        """CALL system.register_table(schema_name => 'evidence', table_name => 'runs',
  table_location => 's3://lake/soc2/iceberg/evidence/runs', metadata_file_name => 'v7.metadata.json')""",
        """CALL system.register_table(schema_name => 'evidence', table_name => 'findings',
  table_location => 's3://lake/soc2/iceberg/evidence/findings', metadata_file_name => 'v7.metadata.json')""",
    ]
    assert "-- CALL system.unregister_table(schema_name => 'evidence', table_name => 'findings');\n" in text
    assert "DROP TABLE " not in "\n".join(statements(text)[0])


def test_duckdb_scans_iceberg_tables_by_their_folders_with_the_columns_of_the_others() -> None:
    text = printed("duckdb", form="iceberg")
    source = "FROM iceberg_scan('file:///srv/tables/iceberg/evidence/findings')"
    assert [line for line in text.splitlines() if line.startswith(("INSTALL", "LOAD"))] == [
        "INSTALL iceberg;",
        "LOAD iceberg;",
    ]
    assert f"  CAST(night AS VARCHAR) AS night\n{source};" in text


def test_athena_is_told_where_the_metadata_is_that_glue_is_to_know() -> None:
    text = printed("athena", form="iceberg")
    assert statements(text)[0] == ["CREATE SCHEMA IF NOT EXISTS evidence"]
    assert "-- evidence.runs: s3://lake/soc2/iceberg/evidence/runs/metadata/v7.metadata.json\n" in text


def test_the_questions_are_the_same_of_either_format() -> None:
    for name in TARGETS:
        assert statements(printed(name, form="iceberg"))[1] == statements(printed(name))[1]


def test_the_command_line_offers_every_engine_and_format() -> None:
    assert (tuple(TARGETS), FORMATS) == (OFFERED, OFFERED_FORMATS)


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
        ("spark", {"location": "s3://lake/a#b", "form": "iceberg"}, "mean something else in SQL or a URI"),
        ("duckdb", {"schema": "a.b"}, "lower-case letters"),
    ],
)
def test_names_that_would_be_another_statement_are_refused(name: str, told: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        printed(name, **told)
