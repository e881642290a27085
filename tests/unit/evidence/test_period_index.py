"""The span index is derived: made anew it is the same, and one that is stale, altered or foreign is never believed."""

from __future__ import annotations

import secrets
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import VerificationError
from engine.evidence import derived, tables
from engine.evidence.keys import load_secret
from engine.evidence.layout import Layout
from engine.evidence.period import keeping
from engine.evidence.period.index import decode, encode
from engine.evidence.runs import Reader
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.unit.evidence.filmed import BUCKET, HERE, THERE, Shot, film_of
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, made, recorded
from tests.unit.evidence.synthetic_runs import copied, reopened, store_in

VERDICTS = ("pass", "fail", "unknown", "not_applicable")


def night(folder: Path, day: int, verdict: str = "pass", hour: int = 1) -> None:
    recorded(
        reopened(folder),
        f"2026-06-{day:02d}T{hour:02d}:00:00Z",
        {ENCRYPTED: {"a": verdict, "b": "fail"}, VERSIONED: {"a": "pass", "b": "pass"}},
    )


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    store_in(folder)
    for day, verdict in enumerate(("pass", "fail", "fail", "pass"), 1):
        night(folder, day, verdict)
    return folder


@pytest.fixture
def folder(filled_once: Path, tmp_path: Path) -> Path:
    return copied(filled_once, tmp_path)


def file(folder: Path) -> Path:
    return Layout(folder / "store").index


def compared(folder: Path, rebuild: bool = False) -> str:
    config = folder / "config"
    way = keeping.rebuild if rebuild else keeping.compare
    return way(Layout(folder / "store"), read_trust(config / "trust.json"), load_secret(config)).state


def test_a_report_keeps_the_index_and_a_rebuild_gives_the_same(folder: Path) -> None:
    assert compared(folder) == "missing"
    made(folder, "2026-06-01", "2026-06-04")
    assert compared(folder) == "same"
    before = file(folder).read_bytes()
    assert compared(folder, rebuild=True) == "same"
    assert file(folder).read_bytes() == before


def test_an_index_that_grew_night_by_night_is_the_one_made_at_once(folder: Path) -> None:
    for day in range(5, 9):
        made(folder, "2026-06-01", "2026-06-30")
        night(folder, day, VERDICTS[day % 4])
    assert compared(folder) == "stale"
    made(folder, "2026-06-01", "2026-06-30")
    assert compared(folder) == "same"


def test_only_new_runs_are_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(folder, "2026-06-01", "2026-06-30")
    night(folder, 5)
    read: list[str] = []
    whole = Reader.read
    monkeypatch.setattr(
        Reader, "read", lambda self, placed, whole_=True, **kw: read.append(placed.digest) or whole(self, placed, **kw)
    )
    found = made(folder, "2026-06-01", "2026-06-30")
    assert len(read) == 1
    assert len(found.frames) == 5
    made(folder, "2026-06-01", "2026-06-30")
    assert len(read) == 1


def test_a_run_that_was_taken_earlier_and_sealed_later_takes_its_place(folder: Path) -> None:
    made(folder, "2026-06-01", "2026-06-30")
    night(folder, 2, hour=3)
    found = made(folder, "2026-06-01", "2026-06-30")

    assert [frame.moment.as_of for frame in found.frames] == sorted(frame.moment.as_of for frame in found.frames)
    assert compared(folder) == "same"
    assert [(row.subject.name, row.ended) for row in found.failures] == [
        ("a", "corrected"),
        ("a", "corrected"),
        ("b", "open"),
    ]


def hidden(folder: Path) -> bytes:
    """The index that says that nothing failed, as a forger would write it, with its right digest inside."""
    head, _, data = file(folder).read_bytes().partition(b"\n")
    index = decode(data)
    for place in range(len(index.verdict)):
        index.verdict[place] = 0
    return head + b"\n" + encode(index)


@pytest.mark.parametrize(
    "fault", ["altered", "cut", "empty", "forged", "foreign", "another purpose", "another code", "no header"]
)
def test_an_index_that_is_not_ours_or_not_of_these_runs_changes_nothing(folder: Path, fault: str) -> None:
    expected = made(folder, "2026-06-01", "2026-06-30")
    good = file(folder).read_bytes()
    data = {
        "altered": good[:-20] + bytes([good[-20] ^ 1]) + good[-19:],
        "cut": good[: len(good) // 2],
        "empty": b"",
        "forged": hidden(folder),
        "no header": good.partition(b"\n")[2],
    }.get(fault)
    if data is not None:
        file(folder).write_bytes(data)
    elif fault == "another code":
        derived.keep(
            file(folder), hidden(folder).partition(b"\n")[2], b"auditreel span index\n", secrets.token_bytes(32)
        )
    elif fault == "foreign":
        other = folder / "other"
        store_in(other)
        night(other, 1)
        made(other, "2026-06-01", "2026-06-30")
        shutil.copy(file(other), file(folder))
    else:
        derived.keep(file(folder), good.partition(b"\n")[2], b"another purpose\n", load_secret(folder / "config"))
    assert compared(folder) == "not ours"
    assert made(folder, "2026-06-01", "2026-06-30") == expected
    assert file(folder).read_bytes() == good


def test_an_index_of_other_seals_under_the_right_code_is_not_used(folder: Path) -> None:
    expected = made(folder, "2026-06-01", "2026-06-30")
    index = decode(file(folder).read_bytes().partition(b"\n")[2])
    index.seals[0] = "0" * 64
    for place in range(len(index.verdict)):
        index.verdict[place] = 0
    derived.keep(file(folder), encode(index), b"auditreel span index\n", load_secret(folder / "config"))

    assert compared(folder) == "stale"
    assert made(folder, "2026-06-01", "2026-06-30") == expected


def test_without_the_secret_an_index_is_neither_believed_nor_written(folder: Path) -> None:
    expected = made(folder, "2026-06-01", "2026-06-30")
    file(folder).write_bytes(hidden(folder))
    before = file(folder).read_bytes()

    assert made(folder, "2026-06-01", "2026-06-30", secret=False) == expected
    assert file(folder).read_bytes() == before


def test_an_index_does_not_hide_that_a_run_was_altered(folder: Path) -> None:
    found = made(folder, "2026-06-01", "2026-06-30")
    path = folder / "store" / "runs" / found.frames[1].moment.run / "findings.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])

    with pytest.raises(VerificationError, match=found.frames[1].moment.run):
        made(folder, "2026-06-01", "2026-06-30")
    with pytest.raises(VerificationError, match=found.frames[1].moment.run):
        compared(folder)


def test_verify_knows_the_index_and_takes_it_for_no_evidence(folder: Path) -> None:
    made(folder, "2026-06-01", "2026-06-30")
    file(folder).write_bytes(hidden(folder))
    report = verify(folder / "store", read_trust(folder / "config" / "trust.json"))

    assert report.problems == ()
    assert any("index/spans" in note and "no evidence" in note for note in report.notes)


def test_what_is_no_index_is_told(folder: Path) -> None:
    for data in (b"", b"x", b"\x78\x9c", encode(decode(encode_of(folder)))[:-4]):
        with pytest.raises(ValueError, match="index"):
            decode(data)


def encode_of(folder: Path) -> bytes:
    layout, trust = Layout(folder / "store"), read_trust(folder / "config" / "trust.json")
    with tables.connection() as database:
        reading = keeping.verified_chain(layout, trust)
        return encode(keeping.current(layout, trust, reading, None, Reader(layout, database, reading)))


@given(st.binary(max_size=200))
def test_bytes_of_anything_never_crash_the_reader(data: bytes) -> None:
    with pytest.raises(ValueError, match="index"):
        decode(data)


def test_a_filtered_frame_neither_grows_nor_breaks_what_it_did_not_judge() -> None:
    checks, listings = {ENCRYPTED: (BUCKET, 1)}, {(HERE, BUCKET): "complete", (THERE, BUCKET): "complete"}
    both = {(HERE, ENCRYPTED, "a"): "pass", (THERE, ENCRYPTED, "b"): "fail"}
    whole = [Shot(f"2026-06-0{day}T01:00:00Z", checks, listings, both) for day in (1, 3)]
    part = Shot(
        "2026-06-02T01:00:00Z", checks, listings, {(HERE, ENCRYPTED, "a"): "pass"}, filters={"accounts": [HERE.account]}
    )
    index = film_of([whole[0], part, whole[1]], date(2026, 6, 1), date(2026, 6, 3)).index

    assert list(zip(index.first, index.last, index.verdict, strict=True)) == [(0, 2, 0), (0, 2, 1)]


def test_a_run_that_is_sealed_brings_the_index_up_to_date(folder: Path) -> None:
    layout, trust = Layout(folder / "store"), read_trust(folder / "config" / "trust.json")
    secret = load_secret(folder / "config")
    assert keeping.grow(layout, trust, secret) == "missing"
    night(folder, 9)
    trust = read_trust(folder / "config" / "trust.json")
    assert compared(folder) == "stale"
    assert keeping.grow(layout, trust, secret) == "stale"
    assert compared(folder) == "same"
    assert keeping.grow(layout, trust, secret) == "same"


def test_a_run_too_large_to_read_again_leaves_the_index_to_the_next_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_GROWN", 1)
    layout, trust = Layout(folder / "store"), read_trust(folder / "config" / "trust.json")
    assert keeping.grow(layout, trust, load_secret(folder / "config")) == "stale"
    assert not layout.index.exists()
    assert len(made(folder, "2026-06-01", "2026-06-30").frames) > 0
    assert compared(folder) == "same"


def test_an_index_that_is_not_ours_is_made_anew_after_a_seal_and_that_is_said(folder: Path) -> None:
    made(folder, "2026-06-01", "2026-06-30")
    file(folder).write_bytes(hidden(folder))
    trust = read_trust(folder / "config" / "trust.json")
    assert keeping.grow(Layout(folder / "store"), trust, load_secret(folder / "config")) == "not ours"
    assert compared(folder) == "same"
