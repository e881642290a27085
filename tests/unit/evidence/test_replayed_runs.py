"""A replay says identical, what differs, or what is missing; it never says identical by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ContentError, UsageError, VerificationError
from engine.evidence import chain, tables
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.replay import NORMALISATION, Engine, Recorded, Replay, latest, replay, snapshot_of
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.model import Finding
from tests.unit.evidence.synthetic_runs import ENCRYPTED, USER, content, judged, record, store_in


def again(recorder: Recorder, run: str, judge: Any, version: str = "0.1.0", semantics: int = 1) -> Replay:
    at_hand = Engine(version, semantics)
    return replay(recorder.layout.root, read_trust(recorder.trust_file), run, judge, at_hand)


def faithful(recorded: Recorded) -> Sequence[Finding]:
    """Judges by the stored snapshot only: the made-up findings, on the resources that were stored."""
    stored = {(item.type, item.id): item for item in recorded.snapshot.resources}
    return [_on(found, stored) for found in judged().findings]


def _on(found: Finding, stored: dict[tuple[str, str], Any]) -> Finding:
    if found.resource is None:
        return found
    related = {name: tuple(stored[item.type, item.id] for item in items) for name, items in found.related.items()}
    return replace(found, resource=stored[found.resource.type, found.resource.id], related=related)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return store_in(tmp_path)


def test_a_clean_run_replays_identically(recorder: Recorder) -> None:
    sealed = record(recorder)
    found = again(recorder, sealed.run, faithful)
    assert found == Replay(sealed.run, "identical", records=12, statements=(NORMALISATION,))
    assert found.exit_code == 0
    assert found.lines()[0] == NOT_ANCHORED


def test_a_run_whose_bodies_an_earlier_run_stored_replays_identically(recorder: Recorder) -> None:
    record(recorder)
    assert again(recorder, record(recorder).run, faithful).outcome == "identical"


def test_the_snapshot_is_judged_as_it_was(recorder: Recorder) -> None:
    seen: list[Recorded] = []

    def judge(recorded: Recorded) -> Sequence[Finding]:
        seen.append(recorded)
        return faithful(recorded)

    again(recorder, record(recorder).run, judge)
    was, now = judged().snapshot, seen[0].snapshot
    reasons = [
        replace(item, unread={key: type(why)(why.reason) for key, why in item.unread.items()}) for item in was.resources
    ]
    assert list(now.resources) == reasons
    assert (now.as_of, now.identity, now.ledger, now.finished_at) == (
        was.as_of,
        was.identity,
        was.ledger,
        was.finished_at,
    )
    assert seen[0].sources("checks") == content().checks
    assert seen[0].sources("policies") == content().policies
    assert seen[0].parameters[ENCRYPTED.id] == {"approved": ["aws:kms"]}


def test_another_engine_is_stated_and_is_no_failure(recorder: Recorder) -> None:
    found = again(recorder, record(recorder).run, faithful, "9.9.9")
    assert found.statements == ("another engine version: sealed by 0.1.0, replayed by 9.9.9", NORMALISATION)
    assert found.exit_code == 0


def test_other_semantics_are_stated_and_are_no_failure(recorder: Recorder) -> None:
    found = again(recorder, record(recorder).run, faithful, semantics=2)
    stated = "other semantics: sealed by 1, replayed by 2; a verdict may differ for it"
    assert (found.statements, found.outcome) == ((stated, NORMALISATION), "identical")


def test_a_doctored_verdict_is_named_with_record_and_field(recorder: Recorder) -> None:
    """The holder of the key seals a pass where the check says fail."""
    made = judged()
    index = next(
        index for index, item in enumerate(made.findings) if item.verdict == "fail" and item.check is ENCRYPTED
    )
    doctored = list(made.findings)
    doctored[index] = replace(doctored[index], verdict="pass")
    sealed = record(recorder, replace(made, findings=doctored, populations=(), waived={}))
    found = again(recorder, sealed.run, faithful)
    assert found.outcome == "differs"
    assert found.exit_code == 5
    assert [(item.field, item.sealed, item.replayed) for item in found.differences] == [
        ("message", None, "AES256 is not approved."),
        ("observed", None, [{"path": "resource.encryption_algorithm", "value": "AES256"}]),
        ("verdict", "pass", "fail"),
    ]
    assert {item.record for item in found.differences} == {
        "aws 123456789012 eu-west-1 aws.made.encrypted AWS::S3::Bucket arn:aws:s3:::bucket-001"
    }


def test_records_that_were_altered_in_the_store_are_named_with_record_and_field(recorder: Recorder) -> None:
    sealed = record(recorder)
    path = recorder.layout.findings(sealed.run)
    with tables.connection() as database:
        database.execute(
            f"COPY (SELECT * REPLACE (CASE verdict WHEN 'fail' THEN 'pass' ELSE verdict END AS verdict)"
            f" FROM read_parquet('{path}')) TO '{path}.new' (FORMAT parquet)"
        )
    path.with_name("findings.parquet.new").replace(path)
    found = again(recorder, sealed.run, faithful)
    assert found.outcome == "differs"
    assert {item.field for item in found.differences} == {"verdict"}
    assert any(fault.place.endswith("findings.parquet") for fault in found.faults)


def test_a_verdict_more_or_less_is_a_difference(recorder: Recorder) -> None:
    sealed = record(recorder)
    found = again(recorder, sealed.run, lambda recorded: faithful(recorded)[1:])
    assert [(item.field, item.sealed, item.replayed) for item in found.differences] == [("the record", "there", None)]


def test_a_missing_check_is_named(recorder: Recorder) -> None:
    sealed = record(recorder)
    recorder.layout.content(ENCRYPTED.digest).unlink()
    found = again(recorder, sealed.run, faithful)
    assert found.outcome == "cannot replay"
    assert found.missing == (f"checks: {ENCRYPTED.id} (content {ENCRYPTED.digest})",)
    assert found.exit_code == 5


def test_a_missing_body_is_named(recorder: Recorder) -> None:
    first = record(recorder)
    second = record(recorder)
    recorder.layout.bodies(first.run).unlink()
    found = again(recorder, second.run, faithful)
    assert found.outcome == "cannot replay"
    assert all(text.startswith("body ") for text in found.missing)
    assert found.missing


def test_what_was_erased_cannot_be_replayed_and_still_verifies(recorder: Recorder) -> None:
    sealed = record(recorder)
    for path in (recorder.layout.root / "private").iterdir():
        path.unlink()
    found = again(recorder, sealed.run, faithful)
    assert found.outcome == "cannot replay"
    assert found.faults == ()
    assert all(text.startswith("redacted: ") for text in found.missing)


def test_content_that_this_version_cannot_use_is_said(recorder: Recorder) -> None:
    def judge(recorded: Recorded) -> Sequence[Finding]:
        raise ContentError([])

    found = again(recorder, record(recorder).run, judge)
    assert found.outcome == "cannot replay"
    assert "cannot be used by this version" in found.missing[0]


def test_a_missing_file_of_the_run_is_said(recorder: Recorder) -> None:
    sealed = record(recorder)
    recorder.layout.ledger(sealed.run).unlink()
    found = again(recorder, sealed.run, faithful)
    assert found.outcome == "cannot replay"
    assert found.exit_code == 5


def test_a_run_that_is_not_there_is_an_error(recorder: Recorder) -> None:
    record(recorder)
    with pytest.raises(VerificationError, match="no sealed run"):
        again(recorder, "20260101T000000Z-00000000", faithful)


def test_nothing_is_replayed_from_a_chain_that_does_not_verify(recorder: Recorder) -> None:
    sealed = record(recorder)
    recorder.layout.entry(1).unlink()
    with pytest.raises(VerificationError, match="does not verify"):
        again(recorder, sealed.run, faithful)


def test_a_stored_snapshot_can_be_judged_anew(recorder: Recorder) -> None:
    sealed = record(recorder)
    found = snapshot_of(recorder.layout.root, sealed.run, recorder.trust_file)
    assert [item.id for item in found.resources] == [item.id for item in judged().snapshot.resources]
    assert next(item for item in found.resources if item.type == USER).properties["email"] == "jane.doe@example.org"


@pytest.mark.parametrize("damage", ["private", "altered"])
def test_a_stored_snapshot_that_is_not_whole_is_refused(recorder: Recorder, damage: str) -> None:
    sealed = record(recorder)
    if damage == "private":
        for path in (recorder.layout.root / "private").iterdir():
            path.unlink()
    else:
        recorder.layout.findings(sealed.run).write_bytes(b"")
    with pytest.raises(VerificationError):
        snapshot_of(recorder.layout.root, sealed.run, recorder.trust_file)


def test_replaying_writes_nothing(recorder: Recorder) -> None:
    sealed = record(recorder)
    before = {name: entry.stat().st_mtime_ns for name, entry in recorder.layout.files()}
    again(recorder, sealed.run, faithful)
    assert {name: entry.stat().st_mtime_ns for name, entry in recorder.layout.files()} == before
    assert chain.read(recorder.layout, recorder.trust).faults == ()


def test_the_last_run_is_the_newest_that_read_the_clouds(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    trust = tmp_path / "config" / "trust.json"
    stored = judged()
    record(recorder, replace(stored, snapshot=replace(stored.snapshot, source="recorded")))
    record(recorder, kind="gate")
    with pytest.raises(UsageError, match="holds no run that read a cloud"):
        latest(tmp_path / "store", trust)

    first, second = record(recorder), record(recorder, start="2026-11-24T02:00:00Z")
    record(recorder, kind="gate")

    assert first.run != second.run
    assert latest(tmp_path / "store", trust) == second.run
