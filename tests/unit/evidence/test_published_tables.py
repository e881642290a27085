"""Tables for engines that know nothing of a chain hold what was sealed and is kept, each fact once."""

from __future__ import annotations

import json
import random
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.dialects import script
from engine.errors import UsageError, VerificationError
from engine.evidence import publishing
from engine.evidence.compaction import compact
from engine.evidence.expiry import expire
from engine.evidence.inclusion import prove
from engine.evidence.keys import SECRET_FILE, load_secret
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.external import Published
from engine.model import InForce, Organization, Retention
from tests.engines import Rows, in_duckdb
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, a_check, begun, made, plan, policy_of, recorded
from tests.unit.evidence.synthetic_runs import ENCRYPTED as MADE_ENCRYPTED
from tests.unit.evidence.synthetic_runs import LOGGED as MADE_LOGGED
from tests.unit.evidence.synthetic_runs import MFA as MADE_MFA
from tests.unit.evidence.synthetic_runs import record, reopened, store_in

NOW = "2026-12-01T09:00:00Z"


def publish(folder: Path) -> Published:
    recorder = reopened(folder)
    layout, trust = recorder.layout, read_trust(recorder.trust_file)
    return publishing.publish(layout, trust, load_secret(folder / "config"), folder / "tables", policy_of)


def asked(folder: Path, *queries: str) -> list[Rows]:
    text = script("duckdb", publish(folder), None, "evidence", None, None)
    return in_duckdb(text, *queries)[1]


def every_row(folder: Path) -> list[Rows]:
    names = ("runs", "bodies", "findings", "checks", "listings", "resources", "ledger")
    return asked(folder, *(f"SELECT * FROM evidence.{name} ORDER BY ALL" for name in names))


def night(recorder: Recorder, at: str, *failing: str, **more: Any) -> str:
    verdicts = {name: "fail" if name in failing else "pass" for name in ("a", "b", "c")}
    return recorded(recorder, at, {ENCRYPTED: verdicts, VERSIONED: dict.fromkeys(verdicts, "pass")}, **more).run


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    store = store_in(folder)
    for at in ("2026-01-01T01:05:00Z", "2026-01-02T01:05:00Z", "2026-02-01T01:05:00Z"):
        night(store, at, "b")
    publish(folder)
    return folder


@pytest.fixture
def folder(three_nights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three_nights, tmp_path / "copy"))


def test_a_run_stands_in_the_tables_once_merged_or_not(folder: Path) -> None:
    before = every_row(folder)
    compact(reopened(folder), "2026-02-10", NOW)

    assert publish(folder).kept == 3
    shutil.rmtree(folder / "tables")
    assert publish(folder).written == 3
    assert every_row(folder) == before
    assert [len(rows) for rows in before] == [3, 3, 18, 6, 3, 9, 9]


def test_a_new_night_is_added_and_the_others_stay_as_they_are(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (folder / "tables" / "findings").rglob("*.parquet")}
    night(reopened(folder), "2026-02-02T01:05:00Z")

    found = publish(folder)
    assert (found.written, found.kept, found.removed, found.foreign) == (1, 3, 0, ())
    assert found.nights == ("2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert asked(folder, "SELECT night, count(*) FROM evidence.findings GROUP BY night ORDER BY night") == [
        [(name, 6) for name in found.nights]
    ]


def test_what_was_not_sealed_or_looked_at_no_world_is_in_no_table(folder: Path) -> None:
    recorder = reopened(folder)
    checks = [a_check(ENCRYPTED)]
    dead, lost = (begun(recorder, f"2026-02-0{day}T01:05:00Z", checks) for day in (2, 3))
    sealed = next((folder / "store" / "runs").iterdir())
    for run in (dead, lost):
        shutil.copytree(sealed, folder / "store" / "runs" / run.id)
    lost.abandon("the role was withdrawn", "2026-02-03T01:06:00Z")
    failing = {ENCRYPTED: {"b": "fail"}}
    recorded(recorder, "2026-02-04T01:05:00Z", failing, planned=plan("gate"))
    recorded(recorder, "2026-02-05T01:05:00Z", failing, source="stored")

    found = publish(folder)
    assert (found.written, found.kept, found.nights[-1]) == (0, 3, "2026-02-01")
    assert [len(rows) for rows in every_row(folder)] == [3, 3, 18, 6, 3, 9, 9]


def test_of_removed_runs_stays_what_their_seals_say(folder: Path) -> None:
    done = expire(reopened(folder), Retention(30), "2026-02-20T09:00:00Z", True, policy_of)
    assert done is not None

    found = publish(folder)
    assert (found.kept, found.removed, found.foreign) == (1, 2, ())
    runs, nights, left = asked(
        folder,
        "SELECT night, retained, place, passed, failed FROM evidence.runs ORDER BY place",
        "SELECT DISTINCT night FROM evidence.findings",
        "SELECT count(*) FROM evidence.bodies",
    )
    assert runs == [("2026-01-01", False, 0, 5, 1), ("2026-01-02", False, 1, 5, 1), ("2026-02-01", True, 2, 5, 1)]
    assert nights == [("2026-02-01",)]
    assert left == [(3,)]
    assert not list((folder / "tables").glob("*/night=2026-01-0*"))
    expire(reopened(folder), Retention(1), "2026-12-20T09:00:00Z", True, policy_of)
    with pytest.raises(UsageError, match="no sealed run of it is kept any more; they are empty now"):
        publish(folder)
    assert not list((folder / "tables").rglob("*.parquet"))
    with pytest.raises(UsageError, match="it holds no sealed run that is kept; record one first"):
        publish(folder)


def test_files_of_others_and_altered_ones_are_found_and_do_not_stay(folder: Path) -> None:
    before = every_row(folder)
    tables = folder / "tables"
    first, second, _ = sorted((tables / "findings").rglob("*.parquet"))
    planted = first.with_name("planted.parquet")
    shutil.copy(second, planted)
    first.write_bytes(second.read_bytes())

    found = publish(folder)
    names = sorted(path.relative_to(tables).as_posix() for path in (first, planted))
    assert (list(found.foreign), found.written, found.kept) == (names, 1, 2)
    assert not planted.exists()
    assert every_row(folder) == before


@pytest.mark.parametrize("stop", ["before the manifest", "before the files"])
def test_a_crash_leaves_nothing_that_is_taken_for_somebody_elses(
    folder: Path, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(reopened(folder), "2026-02-02T01:05:00Z")
    expire(reopened(folder), Retention(30), "2026-02-20T09:00:00Z", True, policy_of)
    where = "derived.keep" if stop == "before the manifest" else "durable.move"

    def die(*arguments: Any) -> None:
        if stop == "before the manifest" or arguments[1].suffix == ".parquet":
            raise KeyboardInterrupt
        arguments[0].replace(arguments[1])

    with monkeypatch.context() as patched:
        patched.setattr(f"engine.evidence.published_folder.{where}", die)
        with pytest.raises(KeyboardInterrupt):
            publish(folder)
    found = publish(folder)
    assert (found.nights, found.foreign) == (("2026-02-01", "2026-02-02"), ())
    assert [len(rows) for rows in every_row(folder)] == [4, 3, 12, 4, 2, 6, 6]
    assert not list((folder / "tables" / "_staging").iterdir())


def test_a_run_that_does_not_verify_is_not_published_and_neither_is_one_that_no_longer_does(folder: Path) -> None:
    ledger = sorted((folder / "store" / "runs").rglob("ledger.parquet"))[1]
    data = ledger.read_bytes()
    ledger.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(VerificationError, match=r"ledger\.parquet"):
        publish(folder)
    shutil.rmtree(folder / "tables")
    with pytest.raises(VerificationError, match=r"ledger\.parquet"):
        publish(folder)
    assert not list((folder / "tables").rglob("*.parquet"))


@pytest.mark.parametrize("change", ["something else", "another store", "altered"])
def test_a_folder_that_holds_something_else_is_left_alone(folder: Path, change: str) -> None:
    manifest = folder / "tables" / "_manifest"
    if change == "something else":
        shutil.rmtree(folder / "tables")
        (folder / "tables" / "runs").mkdir(parents=True)
        (folder / "tables" / "runs" / "mine.parquet").write_bytes(b"mine")
    elif change == "altered":
        manifest.write_bytes(manifest.read_bytes().replace(b"findings/", b"findingz/", 1))
    else:
        (folder / "config" / SECRET_FILE).write_text("ab" * 32)
    before = {path: path.read_bytes() for path in (folder / "tables").rglob("*") if path.is_file()}

    with pytest.raises(UsageError, match="holds something else"):
        publish(folder)
    assert {path: path.read_bytes() for path in (folder / "tables").rglob("*") if path.is_file()} == before


def test_a_row_of_findings_leads_to_the_record_that_was_sealed(folder: Path) -> None:
    ((found,),) = asked(
        folder,
        "SELECT run, record, subject, check_id, verdict, check_digest, body, message FROM evidence.findings "
        "WHERE verdict = 'fail' AND night = '2026-02-01'",
    )
    run, place, subject, check, verdict, digest, body, message = found
    recorder = reopened(folder)
    said = json.loads(prove(folder / "store", recorder.trust, recorder.keys.signing, run, place))["record"]
    assert (subject, check, verdict, message) == (
        said["subject"]["id"],
        said["check"]["id"],
        said["verdict"],
        said["message"],
    )
    assert (digest, body) == (said["check"]["digest"], said["body"])


def test_open_failures_are_those_of_the_report_on_any_night(tmp_path: Path) -> None:
    """Buckets come, go, come back, fail, are corrected and cannot be read; nights are missing, have two runs, or one
    that judged another region."""
    chance = random.Random(9)
    store = store_in(tmp_path)
    checks = [a_check(ENCRYPTED), a_check(VERSIONED)]
    for day in range(1, 11):
        for hour in chance.choice([(2,), (2,), (2, 9), ()]):
            at = f"2026-06-{day:02}T{hour:02}:00:00Z"
            if hour == 9 or day == 5:
                recorded(store, at, {}, checks, planned=plan(regions=["us-east-1"]))
                continue
            there = [name for name in "abcdef" if chance.random() < 0.6]
            found = {
                check.id: {name: chance.choice(["pass", "fail", "fail", "unknown", "not_applicable"]) for name in there}
                for check in checks
            }
            recorded(store, at, found, checks, listing=chance.choice(["complete", "complete", "failed"]))
    published = publish(tmp_path)
    compared = 0
    for night_ in published.nights[2:]:
        ends = date.fromisoformat(night_)
        text = script("duckdb", published, None, "evidence", None, ends)
        answers, _ = in_duckdb(text)
        period = made(tmp_path, "2026-06-01", night_)
        wanted = sorted((failure.check, failure.subject.id) for failure in period.failures if failure.ended == "open")
        assert [(row[3], row[6]) for row in sorted(answers[1], key=lambda row: (row[3], row[6]))] == wanted, night_
        assert sorted((row[4], row[5]) for row in answers[4]) == sorted(
            {(subject, sum(one == subject for _, one in wanted)) for _, subject in wanted}
        )
        compared += len(wanted)
    assert compared > 20


def test_every_kind_of_record_is_published_and_nobody_is_named(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = record(recorder)
    organization = Organization("Example Ltd", ("security",), Path("organization.yaml"), "0" * 64)
    checks = {check.id: check for check in (MADE_ENCRYPTED, MADE_LOGGED, MADE_MFA)}
    in_force = InForce(organization, (), {}, {}, checks, {})
    layout, trust = recorder.layout, read_trust(recorder.trust_file)
    secret = load_secret(tmp_path / "config")
    found = publishing.publish(layout, trust, secret, tmp_path / "tables", lambda *_: in_force)

    _, (verdicts, waived, personal, related, listings, kinds) = in_duckdb(
        script("duckdb", found, None, "evidence", None, None),
        "SELECT verdict, count(*) FROM evidence.findings GROUP BY verdict ORDER BY verdict",
        "SELECT check_id, waiver, waived_until FROM evidence.findings WHERE waiver IS NOT NULL",
        "SELECT subject_is_digest, length(subject), message, length(private) FROM evidence.findings "
        "WHERE subject_type = 'AWS::IAM::User' AND subject_kind = 'resource'",
        "SELECT map_keys(related), length(related['trails']) FROM evidence.findings WHERE related IS NOT NULL LIMIT 1",
        "SELECT resource_type, state, listed, judged, reason FROM evidence.listings ORDER BY ALL",
        "SELECT kind, count(*) FROM evidence.ledger GROUP BY kind ORDER BY kind",
    )
    assert sum(count for _, count in verdicts) == run.records
    assert [verdict for verdict, _ in verdicts] == ["fail", "not_applicable", "pass", "unknown"]
    assert waived == [("aws.made.encrypted", "2026-014", "2027-01-01")]
    assert personal == [(True, 64, None, 64)]
    assert related == [(["trails"], 64)]
    assert listings == [
        ("AWS::CloudTrail::Trail", "complete", 2, True, None),
        ("AWS::IAM::User", "complete", 1, True, None),
        ("AWS::IAM::User", "failed", 0, True, "throttled"),
        ("AWS::S3::Bucket", "complete", 6, True, None),
    ]
    assert kinds == [("population", 3), ("reader", 1), ("scope", 3), ("waiver", 1)]
    files = b"".join(path.read_bytes() for path in (tmp_path / "tables").rglob("*.parquet"))
    assert b"jane.doe" not in files
