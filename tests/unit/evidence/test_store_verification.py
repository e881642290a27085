"""Whatever is changed in a store is found, named and located; and nothing else is."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evidence import canonical, chain, dsse
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.keys import KEY_FILE, TRUST_FILE, initialise, load_keys
from engine.evidence.layout import Layout
from engine.evidence.seal import open_store
from engine.evidence.trust import Trust, read_trust
from engine.evidence.verify import DEMONSTRATION, Report, verify
from tests.unit.evidence.synthetic_runs import (
    START,
    begun,
    content,
    judged,
    plan,
    record,
    sealed,
    store_in,
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of three runs, the last of which repeats the first, and one abandoned."""
    folder = tmp_path_factory.mktemp("clean")
    recorder = store_in(folder)
    record(recorder, judged(seed="AES256"))
    record(recorder, judged(seed="none", buckets=7))
    begun(recorder, plan(), content(), START).abandon("made up", START)
    record(recorder, judged(seed="AES256"))
    return folder


@pytest.fixture(scope="module")
def foreign(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another store of the same key, secret and contents: its files are as good as they can be."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "config").mkdir()
    for name in (KEY_FILE, "store-secret"):
        shutil.copy(clean / "config" / name, folder / "config" / name)
    initialise(folder / "store", folder / "config", environment={})
    recorder = open_store(folder / "store", load_keys(folder / "config", {}), folder / "config" / TRUST_FILE)
    record(recorder, judged(seed="AES256"))
    record(recorder, judged(seed="another"))
    return folder


def trust_of(folder: Path) -> Trust:
    return read_trust(folder / "config" / TRUST_FILE)


def files(folder: Path) -> list[str]:
    store = folder / "store"
    return sorted(path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file())


@pytest.fixture
def copy(clean: Path, tmp_path: Path) -> Path:
    shutil.copytree(clean / "store", tmp_path / "store")
    return tmp_path / "store"


def places(report: Report) -> set[str]:
    return {fault.place for fault in report.problems}


def test_a_clean_store_verifies_and_says_what_it_is_anchored_to(clean: Path) -> None:
    report = verify(clean / "store", trust_of(clean))
    assert report.problems == ()
    assert report.exit_code == 0
    assert report.lines()[0] == NOT_ANCHORED
    assert [run.state for run in report.runs] == ["sealed", "sealed", "abandoned", "sealed"]
    assert report.head == trust_of(clean).head
    assert report.lines()[-1].endswith("verified")


def test_an_empty_store_verifies_and_says_that_it_is_empty(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    report = verify(recorder.layout.root, recorder.trust)
    assert report.problems == ()
    assert report.notes == ("the store holds no run",)


def test_what_is_no_store_could_not_be_verified(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    report = verify(tmp_path / "nowhere", recorder.trust)
    assert report.exit_code == 5
    assert "could not verify" in report.problems[0].message


def test_every_file_is_covered_at_its_start_middle_or_end(clean: Path, copy: Path) -> None:
    for index, name in enumerate(files(clean)):
        before = (copy / name).read_bytes()
        changed = bytearray(before)
        changed[(0, len(before) // 2, len(before) - 1)[index % 3]] ^= 4
        (copy / name).write_bytes(changed)
        assert name in places(verify(copy, trust_of(clean)))
        (copy / name).write_bytes(before)
    assert verify(copy, trust_of(clean)).problems == ()


def test_a_missing_file_is_named(clean: Path, copy: Path) -> None:
    for name in files(clean):
        before = (copy / name).read_bytes()
        (copy / name).unlink()
        report = verify(copy, trust_of(clean))
        (copy / name).write_bytes(before)
        if name.startswith("private/"):
            assert report.problems == ()
            assert any("private objects were erased" in note for note in report.notes)
        elif name.startswith("chain/"):
            assert any(place.startswith("chain") for place in places(report)), name
        else:
            assert name in places(report)


@pytest.mark.parametrize(
    "name",
    [
        "stray",
        "chain/stray.json",
        "chain/00000000000000000099.json",
        "chain/1.json",
        "runs/20261123T020000Z-00000000/findings.parquet",
        "bodies/20261123T020000Z-00000000.parquet",
        "content/" + "0" * 64,
        "private/" + "0" * 64 + ".json",
        "notes/readme.txt",
    ],
)
def test_an_added_file_is_named(clean: Path, copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_bytes(b"{}")
    assert name in places(verify(copy, trust_of(clean)))


def test_an_added_link_folder_or_pipe_is_named(clean: Path, copy: Path) -> None:
    (copy / "link").symlink_to(clean)
    (copy / "content" / "empty").mkdir()
    os.mkfifo(copy / "pipe")
    assert places(verify(copy, trust_of(clean))) == {"link", "content/empty", "pipe"}


def test_a_file_replaced_by_a_link_to_the_same_bytes_is_named(clean: Path, copy: Path, tmp_path: Path) -> None:
    entry = Layout(copy).entry(1)
    shutil.move(entry, tmp_path / "moved")
    entry.symlink_to(tmp_path / "moved")
    assert "chain/00000000000000000001.json" in places(verify(copy, trust_of(clean)))


MUTATIONS = ("flip", "truncate", "append", "delete", "swap", "foreign", "duplicate", "empty")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_mutation_is_found(
    clean: Path, foreign: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = tmp_path_factory.mktemp("mutated") / "store"
    shutil.copytree(clean / "store", store)
    names = files(clean)
    name = data.draw(st.sampled_from(names))
    path, content_before = store / name, (store / name).read_bytes()
    kind = data.draw(st.sampled_from(MUTATIONS))
    touched = {name}
    if kind == "flip":
        position = data.draw(st.integers(0, len(content_before) * 8 - 1))
        changed = bytearray(content_before)
        changed[position // 8] ^= 1 << position % 8
        path.write_bytes(changed)
    elif kind == "truncate":
        path.write_bytes(content_before[: data.draw(st.integers(0, len(content_before) - 1))])
    elif kind == "append":
        path.write_bytes(content_before + data.draw(st.binary(min_size=1, max_size=9)))
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "delete":
        path.unlink()
    elif kind == "swap":
        other = store / data.draw(st.sampled_from([other for other in names if other != name]))
        path.write_bytes(other.read_bytes())
        other.write_bytes(content_before)
        touched.add(other.relative_to(store).as_posix())
    elif kind == "foreign":
        source = foreign / "store" / data.draw(st.sampled_from(files(foreign)))
        path.write_bytes(source.read_bytes())
    elif kind == "duplicate":
        target = path.with_name("0" + path.name[1:] + "x")
        target.write_bytes(content_before)
        touched = {target.relative_to(store).as_posix()}
    if {item: (store / item).read_bytes() if (store / item).exists() else None for item in names} == {
        item: (clean / "store" / item).read_bytes() for item in names
    } and files(clean) == sorted(p.relative_to(store).as_posix() for p in store.rglob("*") if p.is_file()):
        return  # equal bytes were put in the place of equal bytes
    report = verify(store, trust_of(clean))
    if kind == "delete" and name.startswith("private/"):
        assert any("erased" in note for note in report.notes)
        return
    assert report.exit_code == 5
    if name.startswith("chain/"):
        assert any(place.startswith("chain") for place in places(report))
    else:
        assert touched & places(report)


def test_a_run_that_died_is_noted_with_what_it_left(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    run = begun(recorder, plan(), content(), START)
    left = (
        recorder.layout.findings(run.id),
        recorder.layout.bodies(run.id),
        recorder.layout.staging / "1-ab-findings.parquet",
    )
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert report.problems == ()
    assert report.exit_code == 0
    noted = "\n".join(report.notes)
    assert f"run {run.id} started at {START} and was never sealed" in noted
    for path in left:
        assert recorder.layout.relative(path) in noted


def test_a_dead_run_is_no_cover_for_false_content(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    begun(recorder, plan(), content(), START)
    for name in ("content/" + "0" * 64, "private/" + "0" * 64 + ".json"):
        (recorder.layout.root / name).write_bytes(b"{}")
        assert name in places(verify(recorder.layout.root, read_trust(recorder.trust_file)))


def test_a_demonstration_is_never_evidence(tmp_path: Path) -> None:
    recorder = store_in(tmp_path, demonstration=True)
    record(recorder, kind="demo")
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert report.problems == ()
    assert report.exit_code == 5
    assert report.lines()[:2] == (NOT_ANCHORED, DEMONSTRATION)


def test_a_store_does_not_verify_under_another_key(clean: Path, tmp_path: Path) -> None:
    other = store_in(tmp_path)
    report = verify(clean / "store", other.trust)
    assert len([fault for fault in report.problems if "not pinned" in fault.message]) == 8


def test_a_store_does_not_verify_as_another_store_of_the_same_key(clean: Path, foreign: Path) -> None:
    report = verify(foreign / "store", trust_of(clean))
    assert any("another store" in fault.message for fault in report.problems)


def resealed(folder: Path, sequence: int, change: Callable[[dict[str, object]], None]) -> Report:
    """What verifying says after the key's holder signed an entry anew, and pinned it."""
    layout = Layout(folder / "store")
    placed = chain.read(layout, trust_of(folder)).placed[sequence - 1]
    plain = msgspec.to_builtins(placed.entry)
    change(plain["body"])
    payload = canonical.encode(plain)
    layout.entry(sequence).write_bytes(dsse.seal(payload, load_keys(folder / "config", {}).signing))
    unpinned = trust_of(folder)
    return verify(folder / "store", Trust(unpinned.store, unpinned.purpose, unpinned.keys, None))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body["verdicts"].update(failed=0), "verdicts"),
        (lambda body: body["listings"].update(failed=0), "listings"),
        (lambda body: body["records"].update(root="0" * 64), "Merkle root"),
        (lambda body: body["records"].update(count=1), "Merkle root"),
        (lambda body: body["ledger"].update(root="0" * 64), "Merkle root"),
        (lambda body: body["intent"].update(sequence=2), "names no intent"),
        (lambda body: body["asked"].update(trigger="somebody else"), "does not repeat the intent"),
        (lambda body: body["files"].popitem(), "not among the files|in the store|names it"),
        (lambda body: body["files"].update({"elsewhere": {"digest": "0" * 64, "size": 1}}), "no file of the run"),
        (lambda body: body["asked"]["content"].update(checks="0" * 64), "cannot be read"),
    ],
)
def test_a_seal_that_says_other_than_the_files_does_not_verify(tmp_path: Path, change: object, said: str) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    report = resealed(tmp_path, 2, change)  # type: ignore[arg-type]
    assert any(re.search(said, str(fault)) for fault in report.problems), report.problems


def test_a_run_that_ends_twice_does_not_verify(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    sealed(run, judged(), START)
    run.abandon("after all", START)
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert any("ends a second time" in fault.message for fault in report.problems)
