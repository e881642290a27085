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

from engine.content.strictness import is_weaker
from engine.custody import handover
from engine.evidence import canonical, dsse
from engine.evidence.archive import archive
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.compaction import compact
from engine.evidence.expiry import expire
from engine.evidence.keys import SigningKey
from engine.evidence.period.made import Asked, filmed, shown
from engine.evidence.responding import Answer, respond
from engine.evidence.sampling import drawn, freeze
from engine.evidence.sampling import replace as replace_unit
from engine.evidence.trust import Trust, read_trust
from engine.model import Hold, Retention
from tests.tampering.found import other
from tests.tampering.stranger import faults
from tests.tampering.world import Document, Envelope, Item, rechained, signed
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, plan, policy_of, recorded
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
        handover.export_period(*where, window, output, lambda _, names: written(names), criteria)
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
    """What is wrong with it; our two verifiers and the stranger's must agree whether anything is."""
    data = archive(members)
    path = exported.folder / "tampered.zip"
    path.write_bytes(data)
    report = verify_bundle(path, trust)
    theirs = other(data, trust, exported.folder)
    strangers = faults(data, json.loads((exported.folder / "auditor.json").read_bytes()))
    assert (report.exit_code == 5) == bool(theirs) == bool(strangers), (report.lines(), theirs, strangers)
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


AFTER = "2026-12-01T09:00:00Z"


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A period of which two nights were removed and the others merged; with a response, and a unit replaced."""
    folder = tmp_path_factory.mktemp("aged")
    store = store_in(folder)
    for day, b in ((1, "pass"), (2, "fail"), (3, "fail"), (4, "pass")):
        verdicts = {ENCRYPTED: {"a": "pass", "b": b}, VERSIONED: {"a": "pass", "b": "pass"}}
        recorded(store, f"2026-06-0{day}T01:00:00Z", verdicts)
    asked = Asked(date(2026, 6, 1), date(2026, 6, 4))
    rule = Retention(90, (Hold(date(2026, 6, 4), date(2026, 6, 5), "Litigation"),))
    assert expire(reopened(folder), rule, AFTER, True, policy_of) is not None
    compact(reopened(folder), "2026-12-01", AFTER)
    recorder = reopened(folder)
    film, reading = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, policy_of)
    (failure,) = shown(film, reading, recorder.trust, asked, is_weaker).failures
    respond(recorder, film, failure.id, Answer("Copied.", "One bucket.", "Mended.", "Dana"), AFTER)
    link, _ = freeze(reopened(folder), film, reading, ENCRYPTED, AFTER)
    (unit,) = drawn(reopened(folder), link.sequence, 1, "seven of hearts", AFTER)[2].drawn
    replace_unit(reopened(folder), link.sequence, unit, "Gone.", AFTER)
    handover.export_period(
        str(folder / "store"), folder / "config", (asked.starts, asked.ends), folder / "out.zip",
        lambda _, names: written(names), None,
    )  # fmt: skip
    trust = read_trust(folder / "config" / "trust.json")
    data = (folder / "out.zip").read_bytes()
    return Exported(folder, data, data, replace(trust, head=None), recorder.keys.signing)


def said_otherwise(kind: str, change: Callable[[Document, Document], None]) -> Callable[[Exported], Members]:
    """The bundle with an entry that says something else, signed with its key, and all that follows on it."""

    def made(exported: Exported) -> Members:
        members, manifest = opened(exported.whole)
        names = sorted(name for name in members if name.startswith("chain/"))
        items: list[Item] = [Envelope(members[name]) for name in names]
        (index,) = [at for at, item in enumerate(items) if isinstance(item, Envelope) and item.payload["kind"] == kind]
        victim = items[index]
        assert isinstance(victim, Envelope)
        payload = victim.payload
        change(payload, manifest)
        items[index] = (payload, exported.key, victim.link)
        for name, data in zip(
            names, rechained(items, {exported.key.key_id: exported.key}, renumber=False), strict=True
        ):
            members[name] = data
        signed(members, manifest, last_entry(members), exported.key)
        return members

    return made


def fewer_failed(payload: Document, _: Document) -> None:
    removed = next(run for run in payload["body"]["runs"] if run["verdicts"]["failed"])
    removed["verdicts"]["failed"] -= 1


def other_run(payload: Document, _: Document) -> None:
    payload["body"]["runs"][0]["run"] = "20260601T010000Z-00000000"


def removed_twice(payload: Document, _: Document) -> None:
    payload["body"]["runs"].append(payload["body"]["runs"][0])


def no_such_run(payload: Document, _: Document) -> None:
    payload["body"]["first_bad"]["digest"] = "0" * 64


def of_no_draw(payload: Document, _: Document) -> None:
    payload["body"]["draw"]["digest"] = "0" * 64


def other_rule(payload: Document, _: Document) -> None:
    payload["body"]["rule"] = "retention of 1 days"


def merged_twice(payload: Document, _: Document) -> None:
    payload["body"]["runs"].append(payload["body"]["runs"][0])


SAID_OTHERWISE: dict[str, tuple[str, Callable[[Document, Document], None], str]] = {
    "a tombstone with fewer failures": ("tombstone", fewer_failed, "does not repeat what was sealed"),
    "a tombstone of another run": ("tombstone", other_run, "does not repeat what was sealed"),
    "a tombstone that removes twice": ("tombstone", removed_twice, "removes a run a second time"),
    "a tombstone by another rule than is told": ("tombstone", other_rule, "left out and not named as not retained"),
    "a run merged twice": ("compact", merged_twice, "was merged or removed before"),
    "a response to an unknown run": ("response", no_such_run, "responds to a failure that no run before it saw"),
    "a replacement in no draw": ("replacement", of_no_draw, "replaces a unit of no sample"),
}


def test_what_became_of_a_period_is_in_its_bundle_and_both_verifiers_accept_it(aged: Exported) -> None:
    members, manifest = opened(aged.whole)
    assert [run[:8] for run in manifest["runs"]] == ["20260603", "20260604"]
    assert [run[:8] for run in manifest["left_out"]] == ["20260601", "20260602"]
    assert {re.sub(r"entry \d+", "entry", why) for why in manifest["left_out"].values()} == {
        f"not retained: removed at {AFTER} by entry (retention of 90 days, also of runs of no closed period)"
    }
    kinds = [Envelope(members[name]).payload["kind"] for name in sorted(members) if name.startswith("chain/")]
    assert kinds[-6:] == ["tombstone", "compact", "response", "population", "nonce", "replacement"]
    (page,) = [data.decode() for name, data in members.items() if name.startswith("samples/")]
    assert "Replaced: " in page
    assert page.count("Gone.") == 1
    assert said_of(aged, members, aged.trust) == []


@pytest.mark.parametrize("name", SAID_OTHERWISE)
def test_who_holds_the_key_cannot_tell_otherwise_what_became_of_it(aged: Exported, name: str) -> None:
    kind, change, words = SAID_OTHERWISE[name]
    assert re.search(words, "\n".join(said_of(aged, said_otherwise(kind, change)(aged), aged.trust)))


def fewer(found: list[Document]) -> None:
    counts = next(counts for counts in found[0]["checks"].values() if counts["passed"])
    counts["passed"] -= 1


SUMMARISED: dict[str, Callable[[list[Document]], object]] = {
    "one verdict less": fewer,
    "one waived more": lambda found: found[0].update(waived=1),
    "of another run": lambda found: found[0].update(run="20260601T010000Z-00000000"),
    "of one run only": lambda found: found.pop(),
    "in another order": lambda found: found.reverse(),
}


@pytest.mark.parametrize("name", SUMMARISED)
def test_who_holds_the_key_cannot_summarise_removed_runs_otherwise(aged: Exported, name: str) -> None:
    members, _ = opened(aged.whole)
    (stone,) = (Envelope(data).payload for file, data in members.items() if file.startswith("chain/")
                if Envelope(data).payload["kind"] == "tombstone")  # fmt: skip
    old = stone["body"]["summaries"]
    found = json.loads(members[f"content/{old}"])
    SUMMARISED[name](found)
    data = canonical.encode(found)

    def other_summaries(payload: Document, _: Document) -> None:
        payload["body"]["summaries"] = canonical.digest(data)

    tampered = said_otherwise("tombstone", other_summaries)(aged)
    del tampered[f"content/{old}"]
    tampered[f"content/{canonical.digest(data)}"] = data
    manifest = json.loads(tampered["manifest.json"])
    signed(tampered, manifest, last_entry(tampered), aged.key)
    assert "does not summarise the runs that were removed" in "\n".join(said_of(aged, tampered, aged.trust))


def test_summaries_of_removed_runs_that_are_left_out_are_missed(aged: Exported) -> None:
    members, manifest = opened(aged.whole)
    (digest,) = (Envelope(data).payload["body"]["summaries"] for name, data in members.items()
                 if name.startswith("chain/") and Envelope(data).payload["kind"] == "tombstone")  # fmt: skip
    del members[f"content/{digest}"]
    signed(members, manifest, last_entry(members), aged.key)
    assert f"content/{digest}: is missing" in said_of(aged, members, aged.trust)


def test_a_unit_is_replaced_once(aged: Exported) -> None:
    members, manifest = opened(aged.whole)
    last = last_entry(members)
    found = Envelope(members[f"chain/{last:020d}.json"])
    payload = found.payload | {"sequence": last + 1, "previous": found.link["digest"]}
    members[f"chain/{last + 1:020d}.json"] = dsse.seal(canonical.encode(payload), aged.key)
    manifest["chain"]["last"] = last + 1
    signed(members, manifest, last + 1, aged.key)
    assert "replaces a unit a second time" in "\n".join(said_of(aged, members, aged.trust))


@pytest.mark.parametrize("why", ["began before the period", "not retained"])
def test_a_removed_night_is_named_as_what_it_is(aged: Exported, why: str) -> None:
    members, manifest = opened(aged.whole)
    manifest["left_out"] |= {next(iter(manifest["left_out"])): why}
    signed(members, manifest, last_entry(members), aged.key)
    assert "left out and not named as not retained" in "\n".join(said_of(aged, members, aged.trust))


def test_a_night_that_no_tombstone_removed_is_not_left_out_as_removed(aged: Exported) -> None:
    members, manifest = opened(aged.whole)
    run = manifest["runs"][0]
    reason = next(iter(manifest["left_out"].values()))
    night_out(members, manifest)
    manifest["left_out"][run] = manifest["left_out"].get(run, reason)
    signed(members, manifest, last_entry(members), aged.key)
    assert said_of(aged, members, aged.trust)


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
