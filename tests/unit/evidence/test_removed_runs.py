"""Runs that the organisation's rule lets go: a tombstone says so, and nothing passes for what it was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.content.strictness import is_weaker
from engine.errors import SealError, VerificationError
from engine.evidence import canonical, closing, summaries
from engine.evidence.chain import Reading
from engine.evidence.compaction import compact
from engine.evidence.entries import Close, Span
from engine.evidence.expiry import Fate, expire, fates
from engine.evidence.exporting import export_period, export_run
from engine.evidence.keys import load_secret
from engine.evidence.layout import Layout
from engine.evidence.period import keeping
from engine.evidence.period.film import Film
from engine.evidence.period.keeping import verified_chain
from engine.evidence.period.made import Asked, filmed, shown
from engine.evidence.replay import Engine, replay
from engine.evidence.seal import Judged, Recorder
from engine.evidence.summaries import Counts
from engine.evidence.trust import read_trust
from engine.evidence.verify import Report, verify
from engine.model import Hold, InForce, Organization, Retention
from engine.periods import Closed, Period
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, a_check, begun, made, policy_of, recorded
from tests.unit.evidence.synthetic_runs import copied, judged, record, reopened, store_in
from tests.unit.evidence.test_replayed_runs import faithful

NOW = "2026-12-01T09:00:00Z"
RULE = Retention(90)


def verified(recorder: Recorder) -> Report:
    return verify(recorder.layout.root, read_trust(recorder.trust_file))


def night(recorder: Recorder, at: str, *failing: str) -> str:
    verdicts = {name: "fail" if name in failing else "pass" for name in ("a", "b", "c")}
    return recorded(recorder, at, {ENCRYPTED: verdicts, VERSIONED: dict.fromkeys(verdicts, "pass")}).run


def seen(folder: Path, starts: str, ends: str) -> tuple[Film, Reading, Period]:
    recorder = reopened(folder)
    asked = Asked(date.fromisoformat(starts), date.fromisoformat(ends))
    film, reading = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, policy_of)
    return film, reading, shown(film, reading, recorder.trust, asked, is_weaker)


def close(folder: Path, starts: str, ends: str, now: str) -> None:
    film, reading, found = seen(folder, starts, ends)
    closing.close(reopened(folder), film, reading, found, now)


def nights(folder: Path, closing_june: bool) -> Path:
    store = store_in(folder)
    for day in (26, 27, 29, 30):
        night(store, f"2026-06-{day}T01:05:00Z", *("b",) * (day > 27))
    if closing_june:
        close(folder, "2026-06-26", "2026-06-30", "2026-07-01T09:00:00Z")
    for day in (1, 2):
        night(store, f"2026-07-0{day}T01:05:00Z", "b")
    return folder


@pytest.fixture(scope="module")
def closed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nights(tmp_path_factory.mktemp("closed"), closing_june=True)


@pytest.fixture(scope="module")
def unclosed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nights(tmp_path_factory.mktemp("unclosed"), closing_june=False)


@pytest.fixture
def folder(closed_once: Path, tmp_path: Path) -> Path:
    """June is closed, of July the period is open; "b" failed over the edge."""
    return copied(closed_once, tmp_path)


@pytest.fixture
def unclosed(unclosed_once: Path, tmp_path: Path) -> Path:
    """The same, and no period is closed."""
    return copied(unclosed_once, tmp_path)


def removed(folder: Path, rule: Retention = RULE, now: str = NOW, unclosed: bool = False) -> list[str]:
    done = expire(reopened(folder), rule, now, unclosed, policy_of)
    return [fate.run[:8] for fate in done[1]] if done is not None else []


def told(folder: Path, rule: Retention = RULE, today: str = "2026-12-01", unclosed: bool = False) -> list[Fate]:
    recorder = reopened(folder)
    return fates(
        verified_chain(recorder.layout, recorder.trust), recorder.layout, rule, date.fromisoformat(today), unclosed
    )


def on(day: str, seed: str) -> Judged:
    """Every kind of record there is, seen on a day."""
    found = judged(seed=seed)
    return replace(found, snapshot=replace(found.snapshot, as_of=f"{day}T02:00:00Z"))


def no_policy(sources: object, parameters: object) -> InForce:
    organization = Organization("Example Ltd", ("security",), Path("organization.yaml"), "0" * 64)
    return InForce(organization, (), {}, {}, {}, {})


def test_the_runs_of_a_closed_period_go_together_when_their_time_is_over(folder: Path) -> None:
    assert removed(folder, now="2026-09-28T09:00:00Z") == []
    assert removed(folder, now="2026-09-29T09:00:00Z") == ["20260626", "20260627", "20260629", "20260630"]
    assert removed(folder) == []
    assert [path.name[:8] for path in sorted((folder / "store" / "runs").iterdir())] == ["20260701", "20260702"]


def test_what_is_left_verifies_and_says_what_is_not_retained(folder: Path) -> None:
    removed(folder)
    report = verified(reopened(folder))
    assert report.problems == ()
    assert report.exit_code == 0
    assert [run.state for run in report.runs] == ["removed"] * 4 + ["sealed"] * 2
    closed, note = (note for note in report.notes if "retained" in note)
    assert closed.startswith("the period 2026-06-26 to 2026-06-30, closed by entry 9, lacks 4 of its 4 runs")
    assert note.startswith("4 runs, 24 records, 20260626")
    assert note.endswith(f"removed at {NOW} by entry 14 (retention of 90 days)")
    assert "2 sealed runs, 12 records, 4 runs not retained" in report.lines()[-1]


def test_a_removed_run_is_never_verified_replayed_or_exported(folder: Path) -> None:
    recorder = reopened(folder)
    run = sorted(path.name for path in recorder.layout.root.joinpath("runs").iterdir())[0]
    removed(folder)
    recorder = reopened(folder)
    assert verify(recorder.layout.root, read_trust(recorder.trust_file), run).exit_code == 5
    found = replay(recorder.layout.root, recorder.trust, run, faithful, Engine("0.1.0", 1))
    assert (found.outcome, found.exit_code) == ("cannot replay", 5)
    assert found.missing[0].startswith("not retained: removed at")
    with pytest.raises(SealError, match="not retained"):
        export_run(recorder.layout.root, recorder.trust, recorder.keys.signing, run, folder / "x.zip")


def test_a_report_shows_nights_that_are_not_retained_and_claims_nothing_of_them(folder: Path) -> None:
    before = made(folder, "2026-06-25", "2026-07-02")
    removed(folder)
    found = made(folder, "2026-06-25", "2026-07-02")

    assert [night.state for night in found.nights] == [
        *("did_not_run", "not_retained", "not_retained", "did_not_run", "not_retained", "not_retained", "ran", "ran")
    ]
    assert {row.nights for row in found.coverage} == {"-xx-xxrr"}
    assert {row.nights for row in before.coverage} == {"-rr-rrrr"}
    assert found.digest == before.digest
    assert [(row.night, row.passed, row.failed) for row in found.not_retained] == [
        *(("2026-06-26", 6, 0), ("2026-06-27", 6, 0), ("2026-06-29", 5, 1), ("2026-06-30", 5, 1))
    ]
    (failure,) = found.failures
    assert failure.first_bad.as_of == "2026-07-01T01:05:00Z"
    assert (failure.last_good, failure.ended) == (None, "open")


def test_a_closed_period_is_still_the_one_that_was_closed(folder: Path) -> None:
    close(folder, "2026-07-01", "2026-07-02", "2026-07-03T09:00:00Z")
    removed(folder, now="2026-09-29T09:00:00Z")
    film, reading, found = seen(folder, "2026-07-01", "2026-07-02")
    closed = closing.closed(reading, film, found, Layout(folder / "store"))
    assert closed is not None
    # What failed since before the runs that are gone was sealed, and cannot be compared any more.
    assert closed == Closed(closed.sequence, "2026-07-03T09:00:00Z", removed=4, open=1, uncompared=1)


def test_what_was_open_at_the_end_of_a_closed_period_is_compared_as_far_as_runs_are_kept(unclosed: Path) -> None:
    """The holder of the keys closes with a list that lacks a failure which the runs that are kept show."""
    folder = unclosed
    film, _, found = seen(folder, "2026-06-26", "2026-07-02")
    recorder = reopened(folder)
    body = Close(
        period=Span(starts="2026-06-26", ends="2026-07-02", timezone=found.timezone),
        seals=tuple(frame.placed.link for frame in film.frames[film.window.begin : film.window.count]),
        inputs=found.digest,
        open_failures=canonical.digest(b"[]"),
    )
    recorder.layout.content(body.open_failures).write_bytes(b"[]")
    recorder.chain().append("close", body, "2026-07-03T09:00:00Z")
    july = Hold(date(2026, 7, 2), date(2026, 7, 2), "Litigation")
    assert removed(folder, Retention(30, (july,))) == ["20260626", "20260627", "20260629", "20260630"]
    film, reading, found = seen(folder, "2026-06-26", "2026-07-02")
    with pytest.raises(VerificationError, match="closed it with other runs or open failures than it has now"):
        closing.closed(reading, film, found, recorder.layout)
    (note,) = (note for note in verified(reopened(folder)).notes if "open at its end" in note)
    assert "lacks 4 of its 6 runs, which are not retained" in note


@pytest.mark.parametrize("data", [None, b"[[]]"])
def test_a_list_of_open_failures_that_is_lost_or_altered_does_not_verify(unclosed: Path, data: bytes | None) -> None:
    folder = unclosed
    close(folder, "2026-06-26", "2026-07-02", "2026-07-03T09:00:00Z")
    recorder = reopened(folder)
    ((_, body),) = verified_chain(recorder.layout, recorder.trust).of_kind("close")
    path = recorder.layout.content(body.open_failures)
    path.unlink() if data is None else path.write_bytes(data)
    assert [fault.place for fault in verified(recorder).problems] == [recorder.layout.relative(path)]


def test_a_period_of_which_nothing_is_kept_says_so(folder: Path) -> None:
    removed(folder)
    with pytest.raises(Exception, match="4 runs are not retained"):
        made(folder, "2026-06-26", "2026-06-30")


def test_a_period_of_which_nothing_is_kept_is_not_exported_though_runs_before_it_are(folder: Path) -> None:
    june = Hold(date(2026, 6, 20), date(2026, 6, 29), "Litigation")
    assert removed(folder, Retention(90, (june,)), unclosed=True) == ["20260701", "20260702"]
    recorder = reopened(folder)
    film, _, _ = seen(folder, "2026-07-01", "2026-07-02")
    with pytest.raises(SealError, match=r"it has no run: not retained: removed at .* by entry"):
        export_period(
            recorder.layout.root, recorder.trust, recorder.keys.signing, film, lambda _: {}, folder / "out.zip"
        )
    assert not (folder / "out.zip").exists()


def test_what_was_found_stays_by_check_and_control(folder: Path) -> None:
    removed(folder)
    recorder = reopened(folder)
    ((_, tombstone),) = verified_chain(recorder.layout, recorder.trust).of_kind("tombstone")
    found = summaries.decode(recorder.layout.content(tombstone.summaries).read_bytes())
    clean = Counts(passed=3, failed=0, unknown=0, not_applicable=0)
    failing = Counts(passed=2, failed=1, unknown=0, not_applicable=0)
    none = Counts(passed=0, failed=0, unknown=0, not_applicable=0)
    assert [one.checks for one in found] == [
        {ENCRYPTED: one, VERSIONED: clean} for one in (clean, clean, failing, failing)
    ]
    assert found[2].controls == {"DP-01": failing, "DP-02": clean, "MO-01": none}


@pytest.mark.parametrize("damage", ["counts", "missing", "another run"])
def test_summaries_that_are_not_those_of_the_seals_are_a_fault(folder: Path, damage: str) -> None:
    removed(folder)
    recorder = reopened(folder)
    ((_, tombstone),) = verified_chain(recorder.layout, recorder.trust).of_kind("tombstone")
    path = recorder.layout.content(tombstone.summaries)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
        assert verified(recorder).exit_code == 5
        return
    was, now = {"counts": (b'"failed":1', b'"failed":0'), "another run": (b"20260629", b"20260628")}[damage]
    assert was in data
    assert not summaries.fit(data.replace(was, now), tombstone)
    path.write_bytes(data.replace(was, now))
    assert recorder.layout.relative(path) in {fault.place for fault in verified(recorder).problems}


def test_a_file_that_is_missing_without_a_tombstone_stays_a_fault(folder: Path) -> None:
    removed(folder)
    recorder = reopened(folder)
    (run,) = [path for path in (folder / "store" / "runs").iterdir() if path.name.startswith("20260701")]
    (run / "findings.parquet").unlink()
    assert [fault.place for fault in verified(recorder).problems] == [f"runs/{run.name}/findings.parquet"]
    with pytest.raises(VerificationError):
        made(folder, "2026-06-25", "2026-07-02")


def test_an_open_period_and_a_legal_hold_keep_runs(folder: Path) -> None:
    hold = Hold(date(2026, 6, 28), date(2026, 6, 28), "Litigation")
    assert [(fate.run[:8], fate.due) for fate in told(folder, Retention(90, (hold,)))] == [
        *(("20260626", True), ("20260627", False), ("20260629", False), ("20260630", True)),
        *(("20260701", False), ("20260702", False)),
    ]
    assert {fate.why for fate in told(folder) if not fate.due} == {"its period is not closed"}


def test_runs_of_no_closed_period_go_only_where_that_is_asked_for(folder: Path) -> None:
    assert removed(folder) == ["20260626", "20260627", "20260629", "20260630"]
    assert removed(folder) == []
    assert removed(folder, unclosed=True) == ["20260701", "20260702"]
    assert verified(reopened(folder)).problems == ()


def test_bodies_that_later_runs_rest_on_stay_and_are_let_go_when_none_does(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    seeds = {"2026-01-01": "AES256", "2026-06-01": "AES256", "2026-11-01": "none"}
    runs = [record(recorder, on(day, seed), start=f"{day}T02:00:00Z").run for day, seed in seeds.items()]
    assert expire(recorder, Retention(180), "2026-09-01T09:00:00Z", True, no_policy) is not None

    assert verified(recorder).problems == ()
    assert [path.suffix for path in (recorder.layout.root / "merged").iterdir()] == [".parquet"]
    assert replay(recorder.layout.root, recorder.trust, runs[1], faithful, Engine("0.1.0", 1)).outcome == "identical"
    assert record(recorder, on("2026-11-02", "AES256"), start="2026-11-02T02:00:00Z").new_bodies == 0

    kept = next((recorder.layout.root / "merged").iterdir())
    data = kept.read_bytes()
    kept.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    assert recorder.layout.relative(kept) in {fault.place for fault in verified(recorder).problems}
    kept.write_bytes(data)

    assert expire(recorder, Retention(180), "2027-01-01T09:00:00Z", True, no_policy) is not None
    assert verified(recorder).problems == ()
    assert expire(recorder, Retention(1), "2027-01-09T09:00:00Z", True, no_policy) is not None
    assert verified(recorder).problems == ()
    assert [name for name, _ in recorder.layout.files() if name.endswith(".parquet")] == []


def test_private_objects_that_only_removed_runs_named_go_with_them(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    assert list((recorder.layout.root / "private").iterdir())
    done = expire(recorder, Retention(1), "2027-12-01T09:00:00Z", True, no_policy)
    assert done is not None
    assert not list((recorder.layout.root / "private").iterdir())
    assert verified(recorder).problems == ()


def test_runs_that_stand_in_one_file_go_together(folder: Path) -> None:
    compact(reopened(folder), "2026-12-01", NOW)
    hold = Hold(date(2026, 6, 24), date(2026, 6, 25), "Litigation")
    held = told(folder, Retention(90, (hold,)))
    assert [fate.due for fate in held] == [False] * 6
    assert {fate.why for fate in held[1:4]} == {"its rows stand in one file with those of runs that are kept"}
    assert len(removed(folder)) == 4
    assert verified(reopened(folder)).problems == ()
    assert len(list((folder / "store" / "merged").iterdir())) == 3


def test_a_run_that_does_not_verify_is_not_buried(folder: Path) -> None:
    (run,) = [path for path in (folder / "store" / "runs").iterdir() if path.name.startswith("20260627")]
    data = (run / "findings.parquet").read_bytes()
    (run / "findings.parquet").write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    with pytest.raises(SealError, match="20260627"):
        removed(folder)
    assert verified(reopened(folder)).exit_code == 5


def test_nothing_goes_while_a_run_is_under_way(folder: Path) -> None:
    begun(reopened(folder), "2026-12-01T08:00:00Z", [a_check(ENCRYPTED)])
    with pytest.raises(SealError, match="has no end yet"):
        removed(folder)
    assert removed(folder, now="2026-12-04T09:00:00Z") == ["20260626", "20260627", "20260629", "20260630"]


def test_a_crash_while_files_are_removed_leaves_what_is_noted_and_cleared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("engine.evidence.durable.remove", crash)
        with pytest.raises(KeyboardInterrupt):
            removed(folder)
    report = verified(reopened(folder))
    assert report.problems == ()
    assert sum("was merged or removed" in note for note in report.notes) >= 8
    removed(folder)
    assert not any("was merged or removed" in note for note in verified(reopened(folder)).notes)


def test_the_index_is_made_anew_without_what_is_gone(folder: Path) -> None:
    made(folder, "2026-06-25", "2026-07-02")
    removed(folder)
    recorder = reopened(folder)
    secret = load_secret(folder / "config")
    assert keeping.compare(recorder.layout, recorder.trust, secret).state == "stale"
    expected = made(folder, "2026-06-25", "2026-07-02", secret=False)
    assert made(folder, "2026-06-25", "2026-07-02") == expected
    assert keeping.compare(recorder.layout, recorder.trust, secret).state == "same"
    assert all(failure.subject.name == "b" for failure in expected.failures)
