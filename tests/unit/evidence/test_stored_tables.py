"""What is written to Parquet comes back byte for byte, whatever it holds and wherever it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, ledger, record, tables
from engine.evidence.canonical import LARGEST, neutral
from engine.evidence.leaves import Leaves

hostile = st.text(st.characters(exclude_categories=()), max_size=12).map(neutral)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3).map(neutral),
    max_leaves=6,
)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


@st.composite
def leaves(draw: Any) -> dict[str, Any]:
    subject = {"kind": "resource", "type": draw(hostile)}
    subject |= {"id": draw(hostile)} if draw(st.booleans()) else {"identity": draw(digests)}
    document: dict[str, Any] = {
        "schema": 1,
        "check": {"id": draw(hostile), "version": draw(st.integers(1, LARGEST)), "digest": draw(digests)},
        "parameters": draw(digests),
        "scope": {"provider": draw(hostile), "account": draw(hostile), "region": draw(hostile)},
        "subject": subject,
        "verdict": draw(st.sampled_from(["pass", "fail", "unknown", "not_applicable"])),
        "body": draw(digests),
    }
    optional: dict[str, Any] = {
        "reason": hostile,
        "message": hostile,
        "private": digests,
        "related": st.dictionaries(st.sampled_from(["trails", "zones", "a b"]), digests, min_size=1),
        "observed": st.lists(st.fixed_dictionaries({"path": hostile, "value": values}), min_size=1, max_size=3),
    }
    for name, strategy in optional.items():
        if draw(st.booleans()):
            document[name] = draw(strategy)
    return document


def key(document: dict[str, Any]) -> tuple[str, ...]:
    return ledger.resource_key({**document["subject"], "scope": document["scope"]})


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(leaves(), max_size=12, unique_by=(record.order, key)))
def test_leaves_come_back_byte_for_byte_and_in_order(tmp_path: Path, documents: list[dict[str, Any]]) -> None:
    path = tmp_path / "findings.parquet"
    path.unlink(missing_ok=True)
    written = [canonical.encode(document) for document in documents]
    bodies = {key(document): document["body"] for document in documents}
    with tables.connection() as database:
        tables.write_findings(database, written, path)
        found = Leaves(database).read(path, bodies).leaves
    assert found == [data for _, data in sorted(zip(map(record.order, documents), written, strict=True))]
    assert list(tmp_path.iterdir()) == [path]


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(leaves(), max_size=8, unique_by=(record.order, key)),
    st.lists(st.tuples(st.sampled_from(["kept", "gone", "verdict", "body"]), digests), min_size=8, max_size=8),
    st.lists(leaves(), max_size=3),
)
def test_a_run_reads_the_same_after_another_as_alone(
    tmp_path: Path, one: list[dict[str, Any]], fates: list[tuple[str, str]], more: list[dict[str, Any]]
) -> None:
    other: list[dict[str, Any]] = []
    for document, (fate, digest) in zip(one, fates, strict=False):
        changes = {"kept": {}, "verdict": {"verdict": "pass", "parameters": digest}, "body": {"body": digest}}
        other += [{**document, **changes[fate]}] if fate != "gone" else []
    taken = {record.order(document) for document in other} | {key(document) for document in other}
    other += [document for document in more[:1] if record.order(document) not in taken and key(document) not in taken]
    runs = {"one": one, "other": other}
    bodies = {name: {key(document): document["body"] for document in found} for name, found in runs.items()}
    with tables.connection() as database:
        for name, found in runs.items():
            (tmp_path / name).unlink(missing_ok=True)
            tables.write_findings(database, map(canonical.encode, found), tmp_path / name)
        alone = {name: Leaves(database).read(tmp_path / name, bodies[name]) for name in runs}
        reader = Leaves(database)
        for name in ("one", "other", "other", "one"):
            assert reader.read(tmp_path / name, bodies[name]) == alone[name]
    assert alone["other"].leaves == [canonical.encode(document) for document in sorted(other, key=record.order)]


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(leaves(), min_size=1, max_size=5, unique_by=(record.order, key)), st.data())
def test_a_record_that_is_there_twice_is_read_twice_in_its_run_and_in_no_other(
    tmp_path: Path, documents: list[dict[str, Any]], data: st.DataObject
) -> None:
    doubled = [*documents, data.draw(st.sampled_from(documents))]
    runs = {"first": documents, "doubled": doubled, "doubled again": doubled, "last": documents}
    bodies = {key(document): document["body"] for document in documents}
    with tables.connection() as database:
        reader = Leaves(database)
        for name, told in runs.items():
            path = tmp_path / "findings.parquet"
            path.unlink(missing_ok=True)
            written = [canonical.encode(document) for document in told]
            tables.write_findings(database, written, path)
            assert sorted(reader.read(path, bodies).leaves) == sorted(written), name


@pytest.mark.parametrize("name", ["plain", "it's [a]*folder?", 'with "quotes" and %'])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    body = canonical.encode({"name": "x" * 70_000, "odd": "a\0b\n\u2028\U0001f600"})
    with tables.connection() as database:
        tables.write_bodies(database, tables.body_lines({canonical.digest(body): body}), folder / "p.parquet")
        assert tables.read_bodies(database, folder / "p.parquet") == {canonical.digest(body): body}
        assert tables.body_digests(database, [folder / "p.parquet"]) == {canonical.digest(body)}


def test_a_body_larger_than_the_readers_usual_limit_comes_back(tmp_path: Path) -> None:
    body = canonical.encode({"policy": "é" * (20 << 20)})
    with tables.connection() as database:
        tables.write_bodies(database, tables.body_lines({canonical.digest(body): body}), tmp_path / "p.parquet")
        assert tables.read_bodies(database, tmp_path / "p.parquet") == {canonical.digest(body): body}


def test_a_file_that_is_no_parquet_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really PAR1")
    with tables.connection() as database, pytest.raises(VerificationError, match=r"x\.parquet"):
        tables.read_ledger(database, tmp_path / "x.parquet")


def test_a_file_of_another_shape_holds_no_ledger(tmp_path: Path) -> None:
    with tables.connection() as database:
        tables.write_bodies(database, tables.body_lines({"0" * 64: b"{}"}), tmp_path / "x.parquet")
        with pytest.raises(VerificationError, match="does not hold a ledger"):
            tables.read_ledger(database, tmp_path / "x.parquet")


def test_a_record_of_an_unlisted_resource_is_refused(tmp_path: Path) -> None:
    document = {
        "schema": 1,
        "check": {"id": "a", "version": 1, "digest": "0" * 64},
        "parameters": "0" * 64,
        "scope": {"provider": "aws", "account": "1", "region": "r"},
        "subject": {"kind": "resource", "type": "T", "id": "x"},
        "verdict": "pass",
    }
    with tables.connection() as database:
        tables.write_findings(database, [canonical.encode(document)], tmp_path / "f.parquet")
        with pytest.raises(VerificationError, match="does not list"):
            Leaves(database).read(tmp_path / "f.parquet", {})


def test_a_folder_that_is_gone_is_an_error_of_sealing(tmp_path: Path) -> None:
    with tables.connection() as database, pytest.raises((SealError, OSError)):
        tables.write_bodies(database, tables.body_lines({"0" * 64: b"{}"}), tmp_path / "gone" / "p.parquet")


def test_the_database_reaches_for_no_extension() -> None:
    with tables.connection() as database:
        names = "('autoinstall_known_extensions', 'autoload_known_extensions')"
        found = database.execute(f"SELECT value FROM duckdb_settings() WHERE name IN {names}").fetchall()
    assert found == [("false",), ("false",)]
