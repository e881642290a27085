"""Iceberg tables over the published files: they say what the store says, a snapshot a change, and never half of one."""

from __future__ import annotations

import random
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import StaticTable

from engine.dialects import script
from engine.errors import UsageError
from engine.evidence import durable, publishing
from engine.evidence.compaction import compact
from engine.evidence.expiry import expire
from engine.evidence.keys import load_secret
from engine.evidence.period import frames
from engine.evidence.period.keeping import verified_chain
from engine.evidence.published_folder import held
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.external import Published, Wanted
from engine.model import Retention
from tests.engines import iceberg_tables, in_duckdb, in_iceberg
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, policy_of, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in

TABLES = ("runs", "bodies", "findings", "checks", "listings", "resources", "ledger")
ICEBERG = Wanted("evidence")


def publish(folder: Path, iceberg: Wanted | None = ICEBERG) -> Published:
    recorder = reopened(folder)
    layout, trust = recorder.layout, read_trust(recorder.trust_file)
    return publishing.publish(layout, trust, load_secret(folder / "config"), folder / "tables", policy_of, iceberg)


def night(recorder: Recorder, at: str, buckets: str = "abc") -> None:
    verdicts = {name: "fail" if name == "b" else "pass" for name in buckets}
    recorded(recorder, at, {ENCRYPTED: verdicts, VERSIONED: dict.fromkeys(buckets, "pass")})


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iceberg")
    store = store_in(folder)
    for at in ("2026-01-01T01:05:00Z", "2026-01-02T01:05:00Z", "2026-02-01T01:05:00Z"):
        night(store, at)
    publish(folder, None)
    return folder


@pytest.fixture
def folder(three_nights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three_nights, tmp_path / "copy"))


def tables(published: Published) -> dict[str, StaticTable]:
    return iceberg_tables(published.folder, published.metadata)


def snapshots(published: Published) -> dict[str, list[tuple[str, int]]]:
    """Of each table, what its snapshots did and how many rows they have."""
    return {
        name: [
            (one.summary.operation.value, int(one.summary["total-records"] or 0))
            for one in table.metadata.snapshots
            if one.summary is not None
        ]
        for name, table in tables(published).items()
    }


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    lake = folder / "tables" / "iceberg"
    return {
        path.relative_to(lake).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(lake.rglob("*"))
        if path.is_file()
    }


def sealed(folder: Path) -> list[tuple[str, int]]:
    """The runs that are kept, with how many records of each were sealed, as the verified chain says."""
    recorder = reopened(folder)
    reading = verified_chain(recorder.layout, read_trust(recorder.trust_file))
    return sorted((one.seal.asked.run, one.seal.records.count) for one in frames.frames(reading, False))


def test_iceberg_parquet_and_the_chain_say_the_same_after_nights_merging_and_removal(tmp_path: Path) -> None:
    chance = random.Random(3)
    store, day, done = store_in(tmp_path), 0, set()
    counts = [f"SELECT count(*) FROM evidence.{name}" for name in TABLES]
    for step in range(5):
        what = chance.choice(["nights", "merged", "removed"]) if step else "nights"
        if what == "nights":
            for _ in range(chance.choice([1, 2])):
                day += chance.choice([3, 11])
                night(store, f"2026-{1 + day // 28:02}-{1 + day % 28:02}T01:05:00Z", "abcde"[: chance.randint(1, 5)])
        elif what == "merged":
            compact(reopened(tmp_path), "2026-11-01", "2026-12-01T09:00:00Z")
        else:
            now = f"2026-{2 + day // 28:02}-{1 + day % 28:02}T09:00:00Z"
            expire(reopened(tmp_path), Retention(40), now, True, policy_of)
        done.add(what)
        published = publish(tmp_path, ICEBERG if chance.random() < 0.5 or not step else None)
        text = script("duckdb", published, None, "evidence", None, None).partition("-- 1. ")[0]
        each = "SELECT run, count(*) FROM evidence.findings GROUP BY run ORDER BY run"
        by_parquet = in_duckdb(text, each, *counts)
        assert in_iceberg(text, published, "evidence", each, *counts) == by_parquet
        assert by_parquet[1][0] == sealed(tmp_path)
    assert done == {"nights", "merged", "removed"}


def test_every_column_and_type_is_that_of_the_parquet_tables_and_none_of_the_bytes_is_there_twice(folder: Path) -> None:
    published = publish(folder)
    for table in published.tables:
        iceberg = tables(published)[table.name]
        columns = [column.name for column in table.columns] + ["night"] * table.partitioned
        assert [field.name for field in iceberg.schema().fields] == columns
        assert [field.name for field in iceberg.spec().fields] == ["night"] * table.partitioned
    kinds = {str(field.field_type) for field in tables(published)["findings"].schema().fields}
    assert kinds == {"string", "long", "boolean", "map<string, string>"}
    data = sorted((folder / "tables" / "iceberg").rglob("*.parquet"))
    beside = {path.stat().st_ino for name in TABLES for path in (folder / "tables" / name).rglob("*.parquet")}
    assert {path.stat().st_ino for path in data} == beside
    assert len(data) == 2 + 5 * 3


def test_a_call_without_news_writes_nothing_and_one_with_news_makes_one_snapshot(folder: Path) -> None:
    first = publish(folder)
    before = files(folder)
    assert publish(folder).metadata == first.metadata
    assert files(folder) == before
    assert snapshots(first)["findings"] == [("append", 18)]

    store = reopened(folder)
    for at in ("2026-02-02T01:05:00Z", "2026-02-03T01:05:00Z"):
        night(store, at)
    second = publish(folder, None)
    assert snapshots(second) == {
        "bodies": [("append", 3)],  # the same buckets as before
        "findings": [("append", 18), ("append", 30)],
        "checks": [("append", 6), ("append", 10)],
        "listings": [("append", 3), ("append", 5)],
        "resources": [("append", 9), ("append", 15)],
        "ledger": [("append", 9), ("append", 15)],
        "runs": [("overwrite", 5)],  # the file of before is gone, and with it the snapshot that named it
    }
    findings = tables(second)["findings"]
    past = findings.metadata.snapshots[0].snapshot_id
    assert findings.scan(snapshot_id=past).to_arrow().num_rows == 18
    assert findings.scan(row_filter="night = '2026-02-03'").to_arrow().num_rows == 6
    assert set(second.metadata.values()) <= {f"iceberg/{name}" for name in files(folder)}
    assert len([name for name in files(folder) if name.endswith(".metadata.json")]) == len(TABLES)


def test_what_was_removed_is_in_no_snapshot_and_no_file_any_more(folder: Path) -> None:
    publish(folder)
    night(reopened(folder), "2026-02-02T01:05:00Z")
    publish(folder)
    gone = {name for name in files(folder) if "/night=2026-01-" in name}
    assert len(gone) == 2 * 5
    expire(reopened(folder), Retention(30), "2026-02-20T09:00:00Z", True, policy_of)

    published = publish(folder)
    assert snapshots(published)["findings"] == [("overwrite", 12)]
    assert not gone & files(folder).keys()
    assert not list((folder / "tables" / "iceberg").glob("*/*/data/night=2026-01-*"))
    rows = tables(published)["runs"].scan().to_arrow().to_pylist()
    assert sorted((row["night"], row["retained"]) for row in rows) == [
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-02-01", True),
        ("2026-02-02", True),
    ]
    expire(reopened(folder), Retention(1), "2026-12-20T09:00:00Z", True, policy_of)
    with pytest.raises(UsageError, match="they are empty now"):
        publish(folder)
    assert files(folder) == {}


def test_the_last_snapshots_stay_and_nothing_of_those_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.evidence.iceberg._STAY", 1)
    publish(folder)
    for day in (2, 3):
        night(reopened(folder), f"2026-02-0{day}T01:05:00Z")
        found = publish(folder)
    assert snapshots(found)["findings"] == [("append", 24), ("append", 30)]
    lists = [name for name in files(folder) if "/findings/metadata/snap-" in name]
    assert len(lists) == 2
    assert tables(found)["findings"].scan().to_arrow().num_rows == 30


def seen(folder: Path) -> dict[str, int]:
    """How many rows of each table an engine sees that asks for the hint; every file that it would read is there."""
    found = {}
    for name in TABLES:
        root = folder / "tables" / "iceberg" / "evidence" / name
        number = (root / "metadata" / "version-hint.text").read_text()
        table = StaticTable.from_metadata(f"file://{root}/metadata/v{number}.metadata.json")
        tasks = [task.file for task in table.scan().plan_files()]
        for file in tasks:
            assert Path(file.file_path.removeprefix("file://")).stat().st_size == file.file_size_in_bytes
        found[name] = sum(file.record_count for file in tasks)
    return found


def test_an_engine_sees_a_table_before_or_after_a_call_and_runs_only_when_all_else_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder)
    before, states = seen(folder), []
    night(reopened(folder), "2026-02-02T01:05:00Z", "abcd")
    move = durable.move

    def moved(temporary: Path, path: Path, flushed: bool = True) -> None:
        move(temporary, path, flushed)
        if path.name == "version-hint.text" or path.name.endswith("-m0.avro"):
            states.append(seen(folder))

    with monkeypatch.context() as patched:
        patched.setattr(durable, "move", moved)
        publish(folder)
    after = seen(folder)
    assert before == {"runs": 3, "bodies": 3, "findings": 18, "checks": 6, "listings": 3, "resources": 9, "ledger": 9}
    assert after == {"runs": 4, "bodies": 4, "findings": 26, "checks": 8, "listings": 4, "resources": 13, "ledger": 12}
    assert all(state[name] in (before[name], after[name]) for state in states for name in TABLES)
    assert [state for state in states if state["runs"] == after["runs"]] == [after]


def test_what_a_crash_left_is_mended_and_taken_for_nobody_elses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(folder)
    before = seen(folder)
    night(reopened(folder), "2026-02-02T01:05:00Z", "abcd")
    expire(reopened(folder), Retention(30), "2026-02-20T09:00:00Z", True, policy_of)

    def die(temporary: Path, path: Path, flushed: bool = True) -> None:
        if "metadata" in path.parts:
            raise KeyboardInterrupt
        temporary.replace(path)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "move", die)
        with pytest.raises(KeyboardInterrupt):
            publish(folder)
    assert seen(folder) == before
    assert publish(folder).foreign == ()
    assert seen(folder) == {
        "runs": 4,
        "bodies": 4,
        "findings": 14,
        "checks": 4,
        "listings": 2,
        "resources": 7,
        "ledger": 6,
    }


@pytest.mark.parametrize("change", ["a row count", "another version", "a data file"])
def test_what_somebody_altered_is_named_and_the_tables_are_made_anew(folder: Path, change: str) -> None:
    publish(folder)
    before = seen(folder)
    root = folder / "tables" / "iceberg" / "evidence" / "findings"
    (data, *_) = sorted((root / "data").rglob("*.parquet"))
    changed = root / "metadata" / ("v2.metadata.json" if change == "another version" else "v1.metadata.json")
    if change == "a data file":
        changed = data
        data.unlink()
        data.write_bytes(b"altered")
    elif change == "another version":
        shutil.copy(root / "metadata" / "v1.metadata.json", changed)
    else:
        changed.write_bytes(changed.read_bytes().replace(b'"18"', b'"0"'))

    found = publish(folder)
    assert found.foreign == (changed.relative_to(folder / "tables").as_posix(),)
    assert found.kept == 3
    assert seen(folder) == before
    # A number that an engine may have seen is not used again.
    versions = {"a row count": "v2", "another version": "v1", "a data file": "v2"}
    assert Path(found.metadata["findings"]).name == f"{versions[change]}.metadata.json"
    assert publish(folder).foreign == ()


def test_tables_for_another_place_or_schema_are_made_anew_and_name_nothing_else(folder: Path) -> None:
    publish(folder)
    found = publish(folder, Wanted("soc2", "s3://lake/evidence"))
    assert {name.partition("/")[0] for name in files(folder)} == {"soc2"}
    for name, table in tables(found).items():
        data = Path(found.folder, found.metadata[name]).read_bytes()
        assert (str(folder).encode() in data, table.location()) == (False, f"s3://lake/evidence/iceberg/soc2/{name}")
    assert publish(folder, None).metadata == found.metadata
    assert publish(folder, Wanted("soc2", "s3://lake/evidence")).metadata == found.metadata


def test_who_has_no_pyiceberg_is_told_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("engine.evidence.iceberg", "engine.evidence.iceberg_files"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("engine.evidence.iceberg", raising=False)
    monkeypatch.setitem(sys.modules, "pyiceberg.catalog.noop", None)
    with pytest.raises(UsageError, match=r"pip install 'auditreel\[iceberg\]'"):
        publish(folder)
    assert publish(folder, None).metadata == {}


def test_who_makes_tables_waits_for_whoever_does_already(folder: Path) -> None:
    found: list[Any] = []
    other = threading.Thread(target=lambda: found.append(publish(folder)))
    with held(folder / "tables"):
        other.start()
        other.join(0.3)
        assert (other.is_alive(), found) == (True, [])
        night(reopened(folder), "2026-02-02T01:05:00Z")
    other.join()
    # What was sealed while it waited is in them.
    assert (found[0].written, found[0].kept, found[0].foreign) == (1, 3, ())
