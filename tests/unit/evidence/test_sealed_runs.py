"""A run is recorded from intent to seal, or visibly not at all."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SealError
from engine.evidence import canonical, chain, durable, people
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.unit.evidence.synthetic_runs import (
    ENCRYPTED,
    END,
    SCHEMAS,
    START,
    USER,
    begun,
    check,
    content,
    finding,
    judged,
    plan,
    record,
    sealed,
    store_in,
)


def kinds(recorder: Recorder) -> list[str]:
    return [placed.entry.kind for placed in chain.read(recorder.layout, recorder.trust).placed]


def test_the_intent_is_in_the_chain_before_anything_is_collected(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    ((_, intent),) = chain.read(recorder.layout, recorder.trust).of_kind("intent")
    assert intent == run.intent
    assert (intent.kind, intent.trigger, intent.filters) == ("adhoc", "user", {"criteria": ["security"]})


def test_a_seal_says_what_was_asked_and_found(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    sealed = record(recorder)
    ((placed, seal),) = chain.read(recorder.layout, recorder.trust).of_kind("seal")
    assert (sealed.sequence, sealed.digest, sealed.root) == (2, placed.digest, seal.records.root)
    assert seal.asked.run == sealed.run
    # Who asked the clouds may be a person: the name can be left out, and erased.
    assert people.identity(seal, people.known([placed], recorder.layout)) == {
        "arn": "arn:aws:iam::123456789012:role/auditor"
    }
    assert people.caller(seal, {}) == people.GONE
    assert b"auditor" not in canonical.encode(seal.caller)
    assert (seal.as_of, seal.collected_until, seal.ended_at) == (START, "2026-11-23T02:03:00Z", END)
    verdicts = seal.verdicts
    assert (verdicts.passed, verdicts.failed, verdicts.unknown, verdicts.not_applicable, verdicts.waived) == (
        6,
        3,
        2,
        1,
        1,
    )
    assert (seal.listings.complete, seal.listings.off, seal.listings.failed) == (3, 0, 1)
    assert sorted(name.rpartition("/")[2] for name in seal.files) == [
        f"{sealed.run}.parquet",
        "findings.parquet",
        "ledger.parquet",
    ]


def test_equal_evidence_has_an_equal_root_on_another_day_and_in_another_order(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    made = judged(collected_at="2027-01-01T00:00:00Z")
    turned = replace(
        made,
        findings=made.findings[::-1],
        snapshot=replace(made.snapshot, resources=made.snapshot.resources[::-1]),
        waived={},
    )
    first = record(recorder)
    second = record(recorder, turned, start="2027-01-01T00:00:00Z")
    assert first.root == second.root
    assert record(recorder, judged(seed="other")).root != first.root


def test_a_body_is_stored_once(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    counts = [record(recorder, judged(seed=seed)).new_bodies for seed in ("a", "a", "b")]
    assert counts[0] > 0
    assert counts[1] == 0
    assert counts[2] == 2  # two buckets changed; a relation lists trails, of which none did
    assert verify(recorder.layout.root, read_trust(recorder.trust_file)).problems == ()


def test_bodies_of_a_run_that_was_not_sealed_are_not_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    with monkeypatch.context() as patched:
        patched.setattr(type(run.chain), "append", lambda *_: (_ for _ in ()).throw(SealError("power cut")))
        with pytest.raises(SealError, match="power cut"):
            sealed(run, judged(), END)
    assert recorder.layout.bodies(run.id).exists()
    assert record(recorder).new_bodies > 0
    assert verify(recorder.layout.root, read_trust(recorder.trust_file)).problems == ()


def test_a_pack_that_was_altered_is_not_relied_on(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    first = record(recorder)
    pack = recorder.layout.bodies(first.run)
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")
    assert record(recorder).new_bodies == first.new_bodies


def test_an_abandoned_run_says_why(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    run.abandon("interrupted by Ctrl-C \ud800", END)
    assert kinds(recorder) == ["intent", "abandon"]
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert report.problems == ()
    assert report.notes == (f"run {run.id} was abandoned at {END}: interrupted by Ctrl-C \\ud800",)


def test_a_run_of_nothing_can_be_sealed(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    made = judged()
    empty = replace(made, findings=(), populations=(), waived={}, snapshot=replace(made.snapshot, resources=()))
    assert record(recorder, empty).records == 0
    assert verify(recorder.layout.root, read_trust(recorder.trust_file)).problems == ()


def test_every_head_is_pinned_outside_the_store(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    assert read_trust(recorder.trust_file).head == run.link
    found = sealed(run, judged(), END)
    head = read_trust(recorder.trust_file).head
    assert head is not None
    assert (head.sequence, head.digest) == (found.sequence, found.digest)


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in recorder.layout.root.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in recorder.layout.root.rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_nothing_is_left_in_the_staging_folder(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    assert list(recorder.layout.staging.iterdir()) == []


@pytest.mark.parametrize(("demonstration", "kind"), [(False, "demo"), (True, "adhoc"), (True, "scheduled")])
def test_demonstration_and_evidence_never_mix(tmp_path: Path, demonstration: bool, kind: str) -> None:
    recorder = store_in(tmp_path, demonstration)
    with pytest.raises(SealError, match="does not belong"):
        begun(recorder, plan(kind=kind), content(), START)
    assert kinds(recorder) == []


def refused(tmp_path: Path, what: Any, **given: Any) -> str:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(**given), START)
    with pytest.raises(SealError) as error:
        sealed(run, what, END)
    assert kinds(recorder) == ["intent"]
    return str(error.value)


def test_a_verdict_of_a_check_that_the_intent_does_not_name_is_refused(tmp_path: Path) -> None:
    made = judged()
    foreign = finding(check("chosen_later"), made.snapshot.resources[2], "pass")
    assert "aws.made.chosen_later" in refused(tmp_path, replace(made, findings=(*made.findings, foreign)))


def test_a_check_that_changed_since_the_intent_is_refused(tmp_path: Path) -> None:
    made = judged()
    other = replace(ENCRYPTED, digest="0" * 64)
    changed = [replace(item, check=other) if item.check is ENCRYPTED else item for item in made.findings]
    assert "not in that version" in refused(tmp_path, replace(made, findings=changed))


def test_two_verdicts_on_one_subject_are_refused(tmp_path: Path) -> None:
    made = judged()
    assert "two verdicts" in refused(tmp_path, replace(made, findings=(*made.findings, made.findings[0])))


def test_two_resources_of_one_id_are_refused(tmp_path: Path) -> None:
    made = judged()
    resources = (*made.snapshot.resources, made.snapshot.resources[0])
    assert "two resources" in refused(tmp_path, replace(made, snapshot=replace(made.snapshot, resources=resources)))


def test_a_resource_type_without_schema_is_refused(tmp_path: Path) -> None:
    schemas = {name: schema for name, schema in SCHEMAS.items() if name != USER}
    assert USER in refused(tmp_path, judged(), schemas=schemas)


def test_a_schema_whose_marks_would_be_ignored_is_refused(tmp_path: Path) -> None:
    schemas = {**SCHEMAS, USER: {"patternProperties": {".*": {"x-personal": True}}}}
    assert "x-personal" in refused(tmp_path, judged(), schemas=schemas)


@pytest.mark.parametrize("as_of", ["2026-11-23T02:00:00+00:00", "yesterday", "2026-11-23"])
def test_what_would_not_verify_is_never_signed(tmp_path: Path, as_of: str) -> None:
    made = judged()
    assert "as_of" in refused(tmp_path, replace(made, snapshot=replace(made.snapshot, as_of=as_of)))


def test_hostile_names_of_the_organisation_are_recorded_without_loss(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder, organization="\ud800\x1b[2J", trigger="\udfff")
    assert verify(recorder.layout.root, read_trust(recorder.trust_file)).problems == ()


def test_a_ledger_without_canonical_form_is_refused(tmp_path: Path) -> None:
    made = judged()
    row = replace(made.snapshot.ledger[0], calls=1.5)  # type: ignore[arg-type]
    assert "ledger" in refused(tmp_path, replace(made, snapshot=replace(made.snapshot, ledger=(row,))))


def test_a_trust_file_that_is_gone_is_an_error_of_sealing(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    recorder.trust_file.unlink()
    with pytest.raises(SealError, match="was not pinned"):
        sealed(run, judged(), END)


def test_content_that_was_altered_is_not_built_on(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    recorder.layout.content(ENCRYPTED.digest).write_bytes(b"expression: 'true'\n")
    with pytest.raises(SealError, match="was altered"):
        begun(recorder, plan(), content(), START)


def test_a_parameter_without_canonical_form_is_refused_before_the_run_begins(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    given = replace(content(), parameters={ENCRYPTED.id: {"ratio": 0.5}})
    with pytest.raises(SealError, match=r"parameters of aws\.made\.encrypted"):
        begun(recorder, plan(), given, START)
    assert kinds(recorder) == []


@pytest.mark.parametrize("failing", ["create", "flush", "adopt", "make_folder"])
def test_a_full_disk_is_an_error_of_sealing_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    run = begun(recorder, plan(), content(), START)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    with monkeypatch.context() as patched:
        patched.setattr(durable, failing, full)
        with pytest.raises(SealError, match="the disk is full"):
            sealed(run, judged(seed="new"), END)
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert report.problems == ()
    assert [state.state for state in report.runs] == ["sealed", "unsealed"]
    assert record(recorder, judged(seed="new")).records > 0
