"""What can be done to the bundle of a period: without a key, and by who holds it and signs the manifest anew."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from engine import pipeline
from engine.evidence.archive import archive
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.keys import SigningKey
from engine.evidence.trust import Trust, read_trust
from tests.tampering.found import other
from tests.tampering.world import Document, signed
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, plan, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in

Members = dict[str, bytes]


@dataclass(frozen=True)
class Exported:
    """The bundles of a period, whole and narrowed to criteria that none of its checks has."""

    folder: Path
    whole: bytes
    narrow: bytes
    trust: Trust
    key: SigningKey


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("period")
    store = store_in(folder)
    for day, b in ((1, "pass"), (2, "fail"), (3, "fail"), (4, "pass"), (5, "pass")):
        verdicts = {ENCRYPTED: {"a": "pass", "b": b}, VERSIONED: {"a": "pass", "b": "pass"}}
        recorded(store, f"2026-06-0{day}T01:00:00Z", verdicts)
        if day == 2:
            recorded(store, "2026-06-02T05:00:00Z", verdicts, planned=plan("gate"))
    made = []
    for criteria in (None, ("A1.2",)):
        window = (date(2026, 6, 1), date(2026, 6, 4))
        output = folder / "out.zip"
        where = str(folder / "store"), folder / "config"
        pipeline.export_period(*where, window, output, lambda _, names: written(names), criteria)
        made.append(output.read_bytes())
    trust = read_trust(folder / "config" / "trust.json")
    return Exported(folder, made[0], made[1], replace(trust, head=None), reopened(folder).keys.signing)


def written(names: Sequence[str]) -> Members:
    """Pages of a bundle with these members."""
    return {"report.txt": b"a report\n", "README.txt": "\n".join(names).encode()}


def opened(data: bytes) -> tuple[Members, Document]:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    return members, json.loads(members["manifest.json"])


def said_of(exported: Exported, members: Members, trust: Trust) -> list[str]:
    """What is wrong with it; both verifiers must agree whether anything is."""
    data = archive(members)
    path = exported.folder / "tampered.zip"
    path.write_bytes(data)
    report = verify_bundle(path, trust)
    theirs = other(data, trust, exported.folder)
    assert (report.exit_code == 5) == bool(theirs), (report.lines(), theirs)
    return [*map(str, report.problems), *([report.tail] if report.tail else [])]


def last_entry(members: Members) -> int:
    return int(max(name for name in members if name.startswith("chain/"))[6:26])


def run_files(members: Members, run: str) -> list[str]:
    return [name for name in members if name.startswith(f"runs/{run}/")]


def night_out(members: Members, manifest: Document) -> None:
    """A night is not in it any more, and nobody says so."""
    for name in run_files(members, manifest["runs"].pop(1)):
        del members[name]


def night_out_with_a_reason(members: Members, manifest: Document) -> None:
    run = manifest["runs"][1]
    night_out(members, manifest)
    manifest["left_out"][run] = "began after the period"


def nights_swapped(members: Members, manifest: Document) -> None:
    first, second = manifest["runs"][0], manifest["runs"][1]
    for name in ("leaves.txt", "ledger.jsonl"):
        one, two = f"runs/{first}/{name}", f"runs/{second}/{name}"
        members[one], members[two] = members[two], members[one]


def order_swapped(members: Members, manifest: Document) -> None:
    manifest["runs"] = [manifest["runs"][1], manifest["runs"][0], *manifest["runs"][2:]]


def period_shorter(members: Members, manifest: Document) -> None:
    manifest["period"]["to"] = "2026-06-04T00:00:00Z"
    manifest["nights"]["ends"] = "2026-06-03"


def period_longer(members: Members, manifest: Document) -> None:
    manifest["period"]["to"] = "2026-06-06T00:00:00Z"
    manifest["nights"]["ends"] = "2026-06-05"


def gate_unnamed(members: Members, manifest: Document) -> None:
    manifest["left_out"] = {run: why for run, why in manifest["left_out"].items() if "gate" not in why}


def chain_part_later(members: Members, manifest: Document) -> None:
    """The first night's entries are cut off, as if the chain had been entered later."""
    for sequence in (1, 2):
        del members[f"chain/{sequence:020d}.json"]
    manifest["chain"]["first"] = 3
    night_out(members, manifest)


def failure_out(members: Members, manifest: Document) -> None:
    """Its record is taken out wherever it stands; of it stays the hash, as of what is left out."""
    for name in ("records.jsonl", "evidence.jsonl"):
        lines = [line for line in members[name].splitlines(keepends=True) if b'"verdict":"fail"' not in line]
        members[name] = b"".join(lines)
    members["bodies.jsonl"] = b"" if manifest.get("criteria") else members["bodies.jsonl"]


def criteria_added(members: Members, manifest: Document) -> None:
    """A failure is left out of a whole bundle, which is passed off as one of other criteria."""
    manifest["criteria"] = ["A1.2"]
    failure_out(members, manifest)
    manifest["criteria"] = ["A1.2"]


def hash_out(members: Members, manifest: Document) -> None:
    name = f"runs/{manifest['runs'][0]}/leaves.txt"
    members[name] = members[name].split(b"\n", 1)[1]


def seen_again(members: Members, manifest: Document) -> None:
    """A failure of two nights is told of one: the second night has the leaf of the night before the failure."""
    bad, good = (members[f"runs/{manifest['runs'][number]}/leaves.txt"].splitlines() for number in (2, 0))
    members[f"runs/{manifest['runs'][2]}/leaves.txt"] = b"".join(line + b"\n" for line in good)
    assert bad != good


WITH_THE_KEY: dict[str, tuple[Callable[[Members, Document], None], str]] = {
    "a night taken out": (night_out, "neither here nor named|against the period"),
    "a night taken out with a reason": (night_out_with_a_reason, "left out, against the period"),
    "nights swapped": (nights_swapped, "Merkle root"),
    "the order of nights": (order_swapped, "in their order"),
    "a shorter period": (period_shorter, "held, against the period"),
    "a longer period": (period_longer, "tail not anchored"),
    "a gate that nobody names": (gate_unnamed, "neither here nor named"),
    "the chain entered later": (chain_part_later, "begins after the period"),
    "a failure taken out": (failure_out, "records are missing"),
    "a failure taken out as of other criteria": (criteria_added, "verdict is fail, 1 are not here"),
    "a hash taken out": (hash_out, "Merkle root"),
    "a failure shortened": (seen_again, "Merkle root"),
}


@pytest.mark.parametrize("name", WITH_THE_KEY)
def test_who_holds_the_key_cannot_do_it_unseen(exported: Exported, name: str) -> None:
    change, words = WITH_THE_KEY[name]
    members, manifest = opened(exported.whole)
    change(members, manifest)
    signed(members, manifest, last_entry(members), exported.key)
    assert re.search(words, "\n".join(said_of(exported, members, exported.trust)))


def test_a_failure_cannot_be_left_out_of_a_narrowed_bundle(exported: Exported) -> None:
    members, manifest = opened(exported.narrow)
    failure_out(members, manifest)
    signed(members, manifest, last_entry(members), exported.key)
    assert "of the records whose verdict is fail, 1 are not here" in "\n".join(
        said_of(exported, members, exported.trust)
    )


def test_signing_it_anew_alone_is_no_fault(exported: Exported) -> None:
    for data in (exported.whole, exported.narrow):
        members, manifest = opened(data)
        signed(members, manifest, last_entry(members), exported.key)
        assert archive(members) == data
        assert said_of(exported, members, exported.trust) == []


@pytest.mark.parametrize("name", ["report.txt", "README.txt", "manifest.json", "checks", "evidence.jsonl", "keys.json"])
def test_without_the_key_no_member_can_be_altered_though_the_manifest_is_mended(exported: Exported, name: str) -> None:
    members, manifest = opened(exported.whole)
    word = members["signature.json"]
    victim = next(member for member in sorted(members) if member.startswith(name))
    if name == "manifest.json":
        manifest["period"]["from"] = "2026-05-01T00:00:00Z"
    else:
        members[victim] += b" "
    signed(members, manifest, last_entry(members), exported.key)
    members["signature.json"] = word
    assert "manifest.json: is not the one that was signed" in said_of(exported, members, exported.trust)


def test_a_member_that_was_altered_alone_is_named(exported: Exported) -> None:
    members, _ = opened(exported.whole)
    members["report.txt"] += b"clean"
    assert "report.txt: is not the member that the manifest lists" in said_of(exported, members, exported.trust)


def test_a_chain_that_ends_before_its_period_is_cut_off_where_more_was_seen(exported: Exported) -> None:
    """The last nights are dropped with the key; whoever pinned the head, or saw more of the chain, finds it."""
    members, manifest = opened(exported.whole)
    cut = [name for name in sorted(members) if name.startswith("chain/")][-4:]
    runs = manifest["runs"][-1:]
    for name in [*cut, *(name for run in runs for name in run_files(members, run))]:
        del members[name]
    manifest["runs"] = manifest["runs"][:-1]
    manifest["chain"]["last"] = last_entry(members)
    manifest["left_out"] = {run: why for run, why in manifest["left_out"].items() if "after" not in why}
    signed(members, manifest, last_entry(members), exported.key)
    head = read_trust(exported.folder / "config" / "trust.json").head
    said = said_of(exported, members, replace(exported.trust, head=head))
    assert any("cut off" in line for line in said), said
