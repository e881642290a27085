"""``auditreel store tables``: what is printed is run by engines, which agree; what cannot be run here is parsed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from engine.content.root import find
from engine.custody import upkeep, verification
from engine.dialects import script
from engine.model import Clock
from tests.end_to_end.verbs import auditreel
from tests.engines import Rows, answers, in_duckdb, in_iceberg, statements
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, a_check, accepted, recorded
from tests.unit.evidence.synthetic_runs import store_in

TABLES = ("runs", "bodies", "findings", "checks", "listings", "resources", "ledger")
COUNTS = tuple(f"SELECT count(*) FROM auditreel.{name}" for name in TABLES)
RESERVED = """
ALL ALTER AND ARRAY AS AUTHORIZATION BETWEEN BIGINT BINARY BOOLEAN BOTH BY CASE CASHE CAST CHAR COLUMN CONF
CONSTRAINT COMMIT CREATE CROSS CUBE CURRENT CURRENT_DATE CURRENT_TIMESTAMP CURSOR DATABASE DATE DAYOFWEEK
DECIMAL DELETE DESCRIBE DISTINCT DIV DOUBLE DROP ELSE END EXCHANGE EXISTS EXTENDED EXTERNAL EXTRACT FALSE
FETCH FLOAT FLOOR FOLLOWING FOR FOREIGN FROM FULL FUNCTION GRANT GROUP GROUPING HAVING IF IMPORT IN INNER
INSERT INT INTEGER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LESS LIKE LOCAL MACRO MAP MORE NONE NOT NULL
NUMERIC OF ON ONLY OR ORDER OUT OUTER OVER PARTIALSCAN PARTITION PERCENT PRECEDING PRECISION PRESERVE PRIMARY
PROCEDURE RANGE READS REDUCE REGEXP REFERENCES REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS SELECT SET SMALLINT
START TABLE TABLESAMPLE THEN TIME TIMESTAMP TO TRANSFORM TRIGGER TRUE TRUNCATE UNBOUNDED UNION UNIQUEJOIN
UPDATE USER USING UTC_TIMESTAMP VALUES VARCHAR VIEWS WHEN WHERE WINDOW WITH CURRENT_PATH CURRENT_TIME
CURRENT_USER DEALLOCATE ESCAPE EXCEPT EXECUTE FIRST LAST LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE PREPARE
RECURSIVE SKIP TRIM UNESCAPE UNNEST
"""
LATER = Clock(lambda: "2026-02-10T09:00:00Z", lambda: 0.0, lambda seconds: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights of January, merged; one that is missing; two of February, the last with two runs."""
    folder = tmp_path_factory.mktemp("engines")
    store = store_in(folder)
    first, second = a_check(ENCRYPTED), a_check(VERSIONED)
    changed = a_check(ENCRYPTED, version=2)

    def night(at: str, encrypted: dict[str, str], *checks: Any, **more: Any) -> None:
        versioned = dict.fromkeys(encrypted, "pass")
        recorded(store, f"2026-{at}Z", {ENCRYPTED: encrypted, VERSIONED: versioned}, checks, **more)

    night("01-28T01:05:00", {"a": "fail", "b": "pass", "c": "fail"}, first, second)
    night("01-29T01:05:00", {"a": "fail", "b": "fail", "c": "unknown"}, first, second)
    night("01-30T01:05:00", {"a": "pass", "b": "fail"}, first, second, listing="failed")
    waived = {"b": accepted("b", changed)}
    night("02-01T01:05:00", {"a": "fail", "b": "fail", "d": "fail"}, changed, second, accepted=waived)
    night("02-02T01:05:00", {"a": "fail", "b": "fail", "d": "fail"}, changed, second, accepted=waived)
    night("02-02T09:30:00", {"a": "pass", "b": "fail"}, changed, second, accepted=waived)
    (merged,) = upkeep.compact(str(folder / "store"), folder / "config", None, LATER)
    assert merged.runs == 3
    return folder


def printed(folder: Path, target: str, *arguments: str) -> str:
    done = auditreel(folder, "store", "tables", "--target", target, *arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture(scope="module")
def duckdb_answers(folder: Path) -> tuple[dict[int, Rows], list[Rows]]:
    return in_duckdb(printed(folder, "duckdb"), *COUNTS)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark in this process' Java, with as little of it as there can be: one thread, no pages, no generated code."""
    if shutil.which("java") is None:
        pytest.skip("needs java")
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.memory": "512m",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = sql.SparkSession.builder.master("local[1]").appName("auditreel")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    gateway = session.sparkContext._gateway
    yield session
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(30)


def test_a_team_is_told_what_is_open_what_failed_most_what_was_seen_and_what_changed(
    duckdb_answers: tuple[dict[int, Rows], list[Rows]],
) -> None:
    found, counts = duckdb_answers
    bucket = ("aws", "123456789012", "eu-west-1", "AWS::S3::Bucket", "arn:aws:s3:::b")
    told = (ENCRYPTED, "resource", *bucket[3:], "high", "2026-01-29", "2026-02-02", "2026-014", "It is too old.")
    runs = [row[2] for row in found[5]]
    assert found == {
        1: [(*bucket[:3], *told)],
        2: [(ENCRYPTED, 11, 4, 5)],
        3: [("aws", "123456789012", 6, 5, 1, 4, 3)],
        4: [(*bucket, 1, 0, "high", "2026-01-29")],
        5: [(ENCRYPTED, "2026-02-01", *runs, 1, 2, "changed", "same")],
    }
    assert counts == [[(6,)], [(4,)], [(34,)], [(12,)], [(6,)], [(16,)], [(21,)]]


def test_spark_answers_as_duckdb_does(
    folder: Path, spark: Any, duckdb_answers: tuple[dict[int, Rows], list[Rows]]
) -> None:
    def execute(query: str) -> Rows:
        return [tuple(row) for row in spark.sql(query).collect()]

    found = answers(printed(folder, "spark"), execute)
    assert (found, [execute(query) for query in COUNTS]) == duckdb_answers


def test_pyiceberg_answers_as_duckdb_does(folder: Path, duckdb_answers: tuple[dict[int, Rows], list[Rows]]) -> None:
    text = printed(folder, "trino", "--layout", "iceberg")
    published = upkeep.publish(str(folder / "store"), folder / "config")
    assert in_iceberg(text, published, "auditreel", *COUNTS) == duckdb_answers


@pytest.mark.parametrize("target", ["athena", "trino"])
def test_every_statement_is_sql_of_the_engine_and_every_question_asks_for_columns_that_are_defined(
    folder: Path, target: str
) -> None:
    published = upkeep.publish(str(folder / "store"), folder / "config")
    defining, asking = statements(script(target, published, "s3://lake/soc2", "auditreel", None, None))
    parsed = [
        sqlglot.parse_one(statement, dialect=target) for statement in defining if not statement.startswith("CALL")
    ]
    assert all(isinstance(one, exp.Create) for one in parsed)
    columns = {
        one.this.this.name: {column.name: column.kind.sql(dialect=target) for column in one.find_all(exp.ColumnDef)}
        for one in parsed
        if one.kind == "TABLE"
    }
    assert list(columns) == list(TABLES)
    assert sorted(asking) == [1, 2, 3, 4, 5]
    for query in asking.values():
        tree = sqlglot.parse_one(query, dialect=target)
        qualify(tree, dialect=target, schema={"auditreel": columns}, validate_qualify_columns=True)


def test_no_column_and_no_table_is_a_reserved_word(folder: Path) -> None:
    """Athena User Guide, "Escape reserved keywords": of its DDL, and of SELECT, which are Trino's too. As of 2026."""
    published = upkeep.publish(str(folder / "store"), folder / "config")
    names = {name for table in published.tables for name in (table.name, *(column.name for column in table.columns))}
    assert len(names) > 60
    assert names & {word.lower() for word in RESERVED.split()} == set()


def test_tables_that_somebody_altered_are_written_anew_and_end_with_5(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "tables"
    published = upkeep.publish(str(folder / "store"), folder / "config", output)
    (file,) = (output / "runs").iterdir()
    file.write_bytes(b"altered")

    done = auditreel(folder, "store", "tables", "--target", "duckdb", "--output", str(output))
    assert done.returncode == 5
    assert "runs/runs.parquet was altered or put there by somebody else" in done.stderr.decode()
    assert done.stdout.decode() == script("duckdb", published, None, "auditreel", None, None)
    assert upkeep.publish(str(folder / "store"), folder / "config", output).foreign == ()


def test_who_removes_runs_is_told_that_the_tables_still_hold_them(folder: Path, tmp_path: Path) -> None:
    upkeep.publish(str(folder / "store"), folder / "config")
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    shutil.copytree(find().policies, copy / "policies")
    with (copy / "policies" / "organization.yaml").open("a") as organization:
        organization.write("\nretention: {days: 1}\n")
    done = auditreel(copy, "store", "expire", "--remove", "--unclosed", "--policy", str(copy / "policies"))
    assert done.returncode == 0
    assert done.stderr.decode().endswith("still say what was removed: auditreel store tables makes them anew\n")

    done = auditreel(copy, "store", "tables", "--target", "duckdb")
    assert done.returncode == 2
    assert "no sealed run of it is kept any more; they are empty now" in done.stderr.decode()


def test_a_store_with_tables_in_it_verifies(folder: Path) -> None:
    upkeep.publish(str(folder / "store"), folder / "config")
    verdict = verification.verify(str(folder / "store"), folder / "config")
    assert verdict.exit_code == 0
    assert [line for line in verdict.lines if "index/tables" in line] == [
        "note: index/tables is derived and no evidence; `auditreel store tables` compares it and makes it anew"
    ]
