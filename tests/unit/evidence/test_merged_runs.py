"""Runs that stand together in common files are the same runs: every root recomputes, and nothing else is believed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from engine.errors import SealError, VerificationError
from engine.evidence import chain, durable
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.compaction import Merged, compact
from engine.evidence.exporting import export_run
from engine.evidence.keys import load_secret
from engine.evidence.period import keeping
from engine.evidence.replay import Engine, replay
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.evidence.verify import Report, verify
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, made, recorded
from tests.unit.evidence.synthetic_runs import copied, judged, record, reopened, store_in
from tests.unit.evidence.test_replayed_runs import faithful

NOW = "2026-12-01T00:00:00Z"


def verified(recorder: Recorder) -> Report:
    return verify(recorder.layout.root, read_trust(recorder.trust_file))


def files(recorder: Recorder) -> list[str]:
    return [name for name, _ in recorder.layout.files() if not name.startswith(("chain/", "content/", "private/"))]


def night(recorder: Recorder, at: str, *failing: str) -> None:
    verdicts = {name: "fail" if name in failing else "pass" for name in ("a", "b", "c")}
    recorded(recorder, at, {ENCRYPTED: verdicts, VERSIONED: dict.fromkeys(verdicts, "pass")})


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    store = store_in(folder)
    for day in range(1, 6):
        night(store, f"2026-01-0{day}T01:05:00Z", *("a", "b")[: day % 3])
    for day in (1, 2):
        night(store, f"2026-02-0{day}T01:05:00Z")
    return folder


@pytest.fixture
def recorder(filled_once: Path, tmp_path: Path) -> Recorder:
    """Five nights of January and two of February."""
    return reopened(copied(filled_once, tmp_path))


def test_a_month_becomes_one_set_of_files_and_everything_verifies_as_before(recorder: Recorder) -> None:
    before = verified(recorder)
    period = made(recorder.layout.root.parent, "2026-01-01", "2026-02-28")
    (merged,) = compact(recorder, "2026-02-10", NOW)

    assert (merged.month, merged.runs) == ("2026-01", 5)
    folders = Counter(name.partition("/")[0] for name in files(recorder))
    assert (folders["merged"], folders["runs"]) == (3, 4)
    after = verified(recorder)
    assert (after.problems, after.runs) == ((), before.runs)
    assert made(recorder.layout.root.parent, "2026-01-01", "2026-02-28") == period
    assert keeping.compare(recorder.layout, recorder.trust, load_secret(recorder.trust_file.parent)).state == "same"


def test_what_was_merged_is_not_merged_again(recorder: Recorder) -> None:
    assert len(compact(recorder, "2026-03-01", NOW)) == 2
    assert compact(recorder, "2026-12-01", NOW) == []


def test_a_run_alone_in_its_month_stays_as_it_is(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    night(recorder, "2026-01-01T01:05:00Z")
    before = files(recorder)
    assert compact(recorder, "2026-12-01", NOW) == []
    assert files(recorder) == before


def test_runs_of_every_kind_of_record_are_replayed_and_exported_from_common_files(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    runs = [record(recorder, judged(seed=seed)).run for seed in ("AES256", "none", "AES256")]
    trust = recorder.trust
    exported = []
    for number, run in enumerate(runs):
        export_run(recorder.layout.root, trust, recorder.keys.signing, run, tmp_path / f"{number}.zip")
        exported.append((tmp_path / f"{number}.zip").read_bytes())
    assert len(compact(recorder, "2026-12-01", NOW)) == 1

    assert verified(recorder).problems == ()
    found = [replay(recorder.layout.root, trust, run, faithful, Engine("0.1.0", 1)) for run in (runs[0], runs[2])]
    assert [one.outcome for one in found] == ["identical", "identical"]
    for number, run in enumerate(runs):
        path = tmp_path / f"again-{number}.zip"
        export_run(recorder.layout.root, trust, recorder.keys.signing, run, path)
        assert path.read_bytes() == exported[number]
        assert verify_bundle(path, trust, True).problems == ()


def test_later_runs_rest_on_bodies_in_common_files(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    record(recorder, judged(seed="none"))
    compact(recorder, "2026-12-01", NOW)
    assert record(recorder).new_bodies == 0
    assert verified(recorder).problems == ()


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_a_common_file_that_is_altered_is_named(recorder: Recorder, place: str) -> None:
    compact(recorder, "2026-02-10", NOW)
    for path in sorted((recorder.layout.root / "merged").iterdir()):
        data = path.read_bytes()
        at = {"start": 8, "middle": len(data) // 2, "end": len(data) - 9}[place]
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        report = verified(recorder)
        assert report.exit_code == 5
        assert recorder.layout.relative(path) in {fault.place for fault in report.problems}
        path.write_bytes(data)


def test_a_common_file_that_is_missing_is_named(recorder: Recorder) -> None:
    compact(recorder, "2026-02-10", NOW)
    for path in sorted((recorder.layout.root / "merged").iterdir()):
        kept = path.read_bytes()
        path.unlink()
        assert recorder.layout.relative(path) in {fault.place for fault in verified(recorder).problems}
        path.write_bytes(kept)


def test_a_run_that_was_altered_is_not_merged_and_nothing_is_changed(recorder: Recorder) -> None:
    run = sorted(path.name for path in (recorder.layout.root / "runs").iterdir())[2]
    path = recorder.layout.findings(run)
    donor = sorted(path.name for path in (recorder.layout.root / "runs").iterdir())[0]
    shutil.copy(recorder.layout.findings(donor), path)
    before = [name for name in files(recorder) if not name.startswith("merged/")]

    with pytest.raises(SealError, match=run):
        compact(recorder, "2026-02-10", NOW)
    assert [name for name in files(recorder) if not name.startswith("merged/")] == before
    assert [placed.entry.kind for placed in chain.read(recorder.layout, recorder.trust).placed].count("compact") == 0


def test_a_crash_before_the_entry_leaves_what_is_noted_and_cleared(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(chain.Chain, "append", crash)
        with pytest.raises(KeyboardInterrupt):
            compact(recorder, "2026-02-10", NOW)
    report = verified(recorder)
    assert report.problems == ()
    assert sum("merged/" in note for note in report.notes) == 3
    assert [found.runs for found in compact(recorder, "2026-02-10", NOW)] == [5]
    assert not any("no evidence" in note for note in verified(recorder).notes if "index" not in note)


def test_a_crash_after_the_entry_leaves_what_is_noted_and_cleared(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(durable, "remove", crash)
        with pytest.raises(KeyboardInterrupt):
            compact(recorder, "2026-02-10", NOW)
    report = verified(recorder)
    assert report.problems == ()
    assert sum("was merged or removed" in note for note in report.notes) == 11
    assert compact(recorder, "2026-02-10", NOW) == []
    assert not any("was merged or removed" in note for note in verified(recorder).notes)


def test_nothing_is_appended_where_something_else_was_recorded_meanwhile(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = chain.Chain.append

    def late(self: chain.Chain, kind: str, *rest: object, **more: object) -> object:
        if kind == "compact":
            monkeypatch.setattr(chain.Chain, "append", append)
            night(recorder, "2026-02-03T01:05:00Z")
        return append(self, kind, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(chain.Chain, "append", late)
    with pytest.raises(SealError, match="meanwhile"):
        compact(recorder, "2026-02-10", NOW)
    assert verified(recorder).problems == ()


def test_a_store_that_does_not_verify_is_not_merged(recorder: Recorder) -> None:
    recorder.layout.entry(3).unlink()
    with pytest.raises(VerificationError):
        compact(recorder, "2026-02-10", NOW)


def test_what_merging_gives_is_smaller(recorder: Recorder) -> None:
    merged: Merged = compact(recorder, "2026-02-10", NOW)[0]
    assert merged.after < merged.before / 2
