"""``auditreel export --from --to``: the package that an auditor receives, opened as one does."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
from pypdf import PdfReader

from engine.evidence import standalone_verify
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.compaction import compact
from engine.evidence.expiry import expire
from engine.model import Hold, Retention
from engine.report import reperform
from tests.end_to_end.verbs import ROOT, auditreel
from tests.unit.evidence.nightly import (
    CONTROLS,
    ENCRYPTED,
    VERSIONED,
    a_check,
    accepted,
    begun,
    content,
    judged,
    made,
    plan,
    policy_of,
    recorded,
)
from tests.unit.evidence.synthetic_runs import BUCKET, reopened, store_in

PERIOD = ("--from", "2026-06-01", "--to", "2026-06-04")


@dataclass(frozen=True)
class Nights:
    """A store with nights of June, and what was exported of it."""

    folder: Path

    def export(self, name: str, *arguments: str) -> Path:
        done = auditreel(self.folder, "export", *(arguments or PERIOD), "--output", name)
        assert (done.returncode, done.stdout.decode()) == (0, f"{name}\n"), done.stderr
        return self.folder / name

    def verified(self, bundle: Path, *flags: str) -> tuple[int, list[str]]:
        """What both verifiers say of a bundle; they must agree."""
        done = auditreel(self.folder, "verify", str(bundle), *flags)
        command = [sys.executable, "-I", standalone_verify.__file__, str(bundle)]
        other = subprocess.run(
            [*command, "--key", str(self.folder / "config" / "trust.json"), *flags],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        said = done.stdout.decode().splitlines()
        assert other.stderr == ""
        assert (done.returncode, said[0]) == (other.returncode, other.stdout.splitlines()[0]), (said, other.stdout)
        return done.returncode, said


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Four nights, of which the third has no run, and one after; b fails on the second, accepted, and is mended."""
    folder = tmp_path_factory.mktemp("bundles")
    store = store_in(folder)
    checks = [a_check(ENCRYPTED), a_check(VERSIONED)]
    for day, b in ((1, "pass"), (2, "fail"), (4, "pass"), (5, "pass")):
        verdicts = {ENCRYPTED: {"a": "pass", "b": b}, VERSIONED: {"a": "pass", "b": "pass"}}
        waived = {"b": accepted("b", checks[0])}
        recorded(store, f"2026-06-0{day}T01:00:00Z", verdicts, checks, accepted=waived)
        if day == 2:
            begun(store, "2026-06-02T03:00:00Z", checks).abandon("killed", "2026-06-02T03:01:00Z")
            recorded(store, "2026-06-02T05:00:00Z", verdicts, checks, planned=plan("gate"))
    return Nights(folder)


@pytest.fixture(scope="module")
def bundle(nights: Nights) -> Path:
    return nights.export("audit.zip")


def members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as source:
        assert source.testzip() is None
        return {name: source.read(name) for name in source.namelist()}


def manifest(bundle: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(members(bundle)["manifest.json"])
    return found


def test_both_verifiers_accept_it_and_say_first_that_it_is_not_anchored(nights: Nights, bundle: Path) -> None:
    code, said = nights.verified(bundle)
    assert (code, said[0]) == (0, NOT_ANCHORED)
    assert said[-1].startswith("3 sealed runs, 12 records")


def test_it_declares_its_nights_and_why_a_run_among_them_is_not_in_it(bundle: Path) -> None:
    said = manifest(bundle)
    assert said["nights"] == {"starts": "2026-06-01", "ends": "2026-06-04", "timezone": "Europe/Berlin"}
    assert said["period"] == {"from": "2026-06-01T00:00:00Z", "to": "2026-06-05T00:00:00Z"}
    assert [run[:8] for run in said["runs"]] == ["20260601", "20260602", "20260604"]  # type: ignore[attr-defined]
    assert list(said["left_out"].values()) == ["no frame: kind gate, source live"]  # type: ignore[attr-defined]


def test_every_member_is_listed_with_its_digest_and_size(bundle: Path) -> None:
    found = members(bundle)
    listed = {
        name: {"digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in found.items()
        if name not in ("manifest.json", "signature.json")
    }
    assert manifest(bundle)["members"] == listed
    readme = found["README.txt"].decode()
    for name in found:
        first = PurePosixPath(name).parts[0] + ("/" if "/" in name else "")
        assert re.search(rf"^  {re.escape(first)}( |$)", readme, re.MULTILINE), name


def test_the_same_export_is_the_same_file(nights: Nights, bundle: Path) -> None:
    again = nights.export("again.zip")
    assert again.read_bytes() == bundle.read_bytes()
    assert again.stat().st_mode & 0o777 == 0o600


def test_what_nights_share_is_in_it_once(bundle: Path) -> None:
    found = members(bundle)
    assert [len(found[name].splitlines()) for name in found if name.endswith("leaves.txt")] == [4, 4, 4]
    assert [json.loads(line)["verdict"] for line in found["records.jsonl"].splitlines()] == [*["pass"] * 4, "fail"]
    assert len(found["bodies.jsonl"].splitlines()) == 2
    said = [json.loads(line) for line in found["evidence.jsonl"].splitlines()]
    assert [(row["run"][:8], row["record"]["subject"]["id"][-1], "waiver" in row) for row in said[4:]] == [
        ("20260602", "b", True),
        ("20260604", "b", False),
    ]


class Links(HTMLParser):
    def __init__(self, page: str, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.refers: list[str] = []
        self.anchors: set[str] = set()
        self.page = page
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        said = dict(attrs)
        self.anchors.add(said.get("id") or "")
        self.refers += [str(said[name]) for name in ("href", "src", "action", "xlink:href") if said.get(name)]


def test_its_pages_open_without_a_network_or_a_script_and_every_link_leads_to_something_in_it(bundle: Path) -> None:
    found = members(bundle)
    pages = {name: Links(name, data.decode()) for name, data in found.items() if name.endswith(".html")}
    assert {"index.html", "REPERFORM.html"} <= pages.keys()
    for page in pages.values():
        assert not {"script", "link", "img", "iframe", "object"} & page.tags, page.page
        for refers in page.refers:
            assert "://" not in refers, refers
            to, _, anchor = refers.partition("#")
            name = str(PurePosixPath(page.page).parent / to) if to else page.page
            assert name in found, refers
            assert not anchor or anchor in pages[name].anchors, refers


def numbers(text: str) -> dict[str, str]:
    """The totals, as the sheet has them."""
    rows = list(csv.reader(io.StringIO(text)))
    return {row[0]: row[1] for row in rows if len(row) > 1 and row[1].isdigit()}


def test_every_total_agrees_in_every_format(bundle: Path) -> None:
    found = members(bundle)
    totals = numbers(found["csv/totals.csv"].decode())
    assert totals
    assert len(list(csv.reader(io.StringIO(found["csv/failures.csv"].decode())))) == 2
    assert found["report.txt"].decode().count("F-001") >= 1
    for name in ("report.txt", "report.md", "index.html"):
        text = found[name].decode()
        assert "F-001" in text
        assert "F-002" not in text
    results = json.loads(found["oscal.json"])["assessment-results"]["results"]
    assert len(results) == 1
    events = [json.loads(line) for line in found["ocsf.jsonl"].splitlines()]
    assert sum("F-001" in json.dumps(event) for event in events) == 1
    assert {event["class_uid"] for event in events} == {2003}
    runs = list(csv.reader(io.StringIO(found["csv/runs.csv"].decode())))[1:]
    assert len(runs) == len(manifest(bundle)["runs"])  # type: ignore[arg-type]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_its_work_paper_opens_in_a_spreadsheet_with_the_same_rows(bundle: Path, tmp_path: Path) -> None:
    found = members(bundle)
    (tmp_path / "workpaper.xlsx").write_bytes(found["workpaper.xlsx"])
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to"]
    filter_ = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    subprocess.run([*command, filter_, "workpaper.xlsx"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    shown = (tmp_path / "workpaper-failures.csv").read_text()
    assert shown.count("F-001") == 1
    assert "F-002" not in shown


def test_the_steps_of_the_page_hold_for_it(nights: Nights, bundle: Path, tmp_path: Path) -> None:
    """Followed literally: unpacked, and each command as it stands there."""
    commands = [command for step in reperform.STEPS for command in step.commands]
    assert commands == [
        "python verify_bundle.py BUNDLE.zip --key trust.json",
        "auditreel verify BUNDLE.zip",
        "auditreel sample freeze --help",
        "auditreel sample draw --help",
        "auditreel replay BUNDLE.zip",
        "auditreel check test checks/PROVIDER/SERVICE/NAME.yaml",
        "auditreel run --witness NONCE",
    ]
    work = tmp_path / "auditor"
    with zipfile.ZipFile(bundle) as source:
        source.extractall(work)
    shutil.copy(bundle, work / "BUNDLE.zip")
    shutil.copy(nights.folder / "config" / "trust.json", work / "trust.json")
    text = (work / "REPERFORM.txt").read_text()
    assert all(command in text for command in commands)
    verify = subprocess.run(
        [sys.executable, *commands[0].split()[1:]], cwd=work, capture_output=True, text=True, check=False
    )
    assert (verify.returncode, verify.stdout.splitlines()[-1]) == (0, "verified")
    shown = auditreel(nights.folder, "verify", str(work / "BUNDLE.zip"))
    assert shown.returncode == 0
    for name in reperform.FILES:
        assert name in ("private/", "pages/", "samples/") or (work / name).exists(), name
    leaf = (work / "records.jsonl").read_bytes().splitlines()[0]
    code = hashlib.sha256(b"\0" + leaf).hexdigest()
    assert code in next((work / "runs").glob("20260601*/leaves.txt")).read_text().splitlines()
    for file in (work / "content").iterdir():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name


# --- narrowed and redacted ---


def test_a_narrowed_bundle_carries_its_criterion_and_every_failure_and_both_verify_it(nights: Nights) -> None:
    bundle = nights.export("narrow.zip", *PERIOD, "--criterion", "A1.2")
    code, said = nights.verified(bundle)
    assert code == 0
    assert "note: of A1.2, and all that failed or is unknown: of 11 other records it holds the hashes alone" in said
    found = members(bundle)
    assert [json.loads(line)["verdict"] for line in found["records.jsonl"].splitlines()] == ["fail"]
    assert [len(found[name].splitlines()) for name in found if name.endswith("leaves.txt")] == [4, 4, 4]
    assert b"carries the records of the checks of A1.2" in found["README.txt"]


def test_a_criterion_that_there_is_not_is_refused(nights: Nights) -> None:
    done = auditreel(nights.folder, "export", *PERIOD, "--criterion", "CC99.9", "--output", "none.zip")
    assert done.returncode == 2
    assert not (nights.folder / "none.zip").exists()


# --- what stops it ---


@pytest.mark.parametrize("pattern", ["runs/*/findings*", "runs/*/ledger*", "bodies/*", "chain/*", "content/*"])
@pytest.mark.parametrize("how", ["altered", "missing"])
def test_an_input_that_is_altered_or_missing_stops_it_and_is_named(
    nights: Nights, tmp_path: Path, pattern: str, how: str
) -> None:
    for name in ("store", "config"):
        shutil.copytree(nights.folder / name, tmp_path / name)
    victim = sorted(path for path in (tmp_path / "store").glob(pattern) if path.is_file())[0]
    if how == "missing":
        victim.unlink()
    else:
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = auditreel(tmp_path, "export", *PERIOD, "--output", "audit.zip")
    assert (done.returncode, done.stdout) == (5, b"")
    named = {victim.name, victim.parent.name, "00000000000000000001.json", "00000000000000000002.json"}
    assert any(name in done.stderr.decode() for name in named), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a run with --run, or a period with --from and --to"),
        (("--from", "2026-06-01"), "name a run with --run"),
        (("--run", "20260601T010000Z-00000000", *PERIOD), "name a run with --run"),
        (("--run", "20260601T010000Z-00000000", "--criterion", "CC6"), "--criterion takes a period"),
        ((*PERIOD, "--redact", "names"), "--redact names: it is one of addresses, people"),
        ((*PERIOD, "--proof", "1"), "--proof takes the run"),
        (("--from", "2026-05-01", "--to", "2026-05-02"), "it holds no run up to 2026-05-02"),
    ],
)
def test_what_cannot_be_exported_is_said(nights: Nights, arguments: tuple[str, ...], said: str) -> None:
    done = auditreel(nights.folder, "export", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_a_sample_that_was_drawn_is_a_page_of_it(nights: Nights, tmp_path: Path) -> None:
    for name in ("store", "config"):
        shutil.copytree(nights.folder / name, tmp_path / name)
    frozen = auditreel(tmp_path, "sample", "freeze", ENCRYPTED, *PERIOD)
    entry = frozen.stderr.decode().partition("frozen in entry ")[2].splitlines()[0]
    drawn = auditreel(tmp_path, "sample", "draw", entry, "--size", "1", "--nonce", "seven of hearts").stdout.decode()
    bundle = Nights(tmp_path).export("audit.zip", "--from", "2026-06-01", "--to", "2026-06-30")
    page = members(bundle)[f"samples/{int(entry):020d}.txt"].decode()
    assert f"\n1 {drawn}" in page
    assert "by the auditor's nonce: seven of hearts" in page
    assert Nights(tmp_path).verified(bundle)[0] == 0


# --- of a store that has been cared for ---

LATER = "2026-12-01T09:00:00Z"


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Five nights: of the first two nothing is kept; then merged, answered, and a unit of a sample replaced."""
    nights = Nights(tmp_path_factory.mktemp("aged"))
    store = store_in(nights.folder)
    for day, b in ((1, "pass"), (2, "pass"), (3, "fail"), (4, "fail"), (5, "pass")):
        verdicts = {ENCRYPTED: {"a": "pass", "b": b}, VERSIONED: {"a": "pass", "b": "pass"}}
        recorded(store, f"2026-06-0{day}T01:00:00Z", verdicts)
    expire(store, Retention(90, (Hold(date(2026, 6, 4), date(2026, 6, 4), "Litigation"),)), LATER, True, policy_of)
    compact(reopened(nights.folder), "2026-12-01", LATER)
    (failure,) = made(nights.folder, *PERIOD[1::2]).failures
    said = ("--cause", "Copied.", "--effect", "One bucket.", "--correction", "Mended.", "--by", "Dana Platform")
    assert auditreel(nights.folder, "respond", failure.id, *said).returncode == 0
    frozen = auditreel(nights.folder, "sample", "freeze", ENCRYPTED, *PERIOD)
    entry = frozen.stderr.decode().partition("frozen in entry ")[2].splitlines()[0]
    drawn = auditreel(nights.folder, "sample", "draw", entry, "--size", "1", "--nonce", "dice").stdout.decode()
    done = auditreel(nights.folder, "sample", "replace", entry, drawn.strip(), "--reason", "It was deleted.")
    assert done.returncode == 0, done.stderr
    return nights


def test_a_bundle_tells_what_became_of_its_runs_and_what_was_said_of_them(aged: Nights) -> None:
    bundle = aged.export("aged.zip")
    code, said = aged.verified(bundle)
    assert code == 0, said
    named = manifest(bundle)
    assert [run[:8] for run in named["runs"]] == ["20260603", "20260604"]  # type: ignore[attr-defined]
    reasons = {run[:8]: why for run, why in named["left_out"].items()}  # type: ignore[attr-defined]
    assert reasons["20260601"] == reasons["20260602"]
    assert reasons["20260601"].startswith(f"not retained: removed at {LATER} by entry ")
    assert reasons["20260605"] == "began after the period"
    assert any("is not in it: not retained" in line for line in said)

    found = members(bundle)
    readme = " ".join(found["README.txt"].decode().split())
    assert "1 response of management to failures" in readme
    assert "1 frozen population, with 1 unit replaced in samples." in readme
    assert "Not retained: 2 runs of the nights 2026-06-01 to 2026-06-02, removed at" in readme
    rows = list(csv.reader(io.StringIO(found["csv/not_retained.csv"].decode())))
    assert [(row[0], *row[6:9]) for row in rows if row and row[0].startswith("2026-")] == [
        ("2026-06-01", "4", "0", "0"),
        ("2026-06-02", "4", "0", "0"),
    ]
    rows = list(csv.reader(io.StringIO(found["csv/summaries.csv"].decode())))[1:]
    assert [tuple(row[2:]) for row in rows if row[0] == "2026-06-01"] == [
        ("control", "DP-01", "2", "0", "0", "0"),
        ("control", "DP-02", "2", "0", "0", "0"),
        ("control", "MO-01", "0", "0", "0", "0"),
        ("check", ENCRYPTED, "2", "0", "0", "0"),
        ("check", VERSIONED, "2", "0", "0", "0"),
    ]
    kept = "DP-01 4 passed, 0 failed, 0 unknown, 0 not applicable in 2 runs, 0 of them with failures"
    assert kept in " ".join(found["report.txt"].decode().split())
    assert {"report.md", "report.pdf"} <= saying(bundle, b"4 passed, 0 failed, 0 unknown, 0 not applicable in 2 runs")
    assert b"summaries-t" in found["index.html"]
    for words in (b"It was deleted.", b"One bucket."):
        assert {"index.html", "workpaper.xlsx", "report.txt"} <= saying(bundle, words)
    assert b'id="not-retained"' in found["index.html"]
    (page,) = [data.decode() for name, data in found.items() if name.startswith("samples/")]
    assert page.count("It was deleted.") == 1


def test_it_is_replayed_and_narrowed_as_any_other(aged: Nights) -> None:
    bundle = aged.export("aged-narrow.zip", *PERIOD, "--criterion", "A1.2")
    assert aged.verified(bundle)[0] == 0
    done = auditreel(aged.folder, "verify", str(aged.export("aged-again.zip")), str(bundle))
    assert done.returncode == 0, done.stdout
    (run,) = [run for run in manifest(bundle)["runs"] if run.startswith("20260604")]  # type: ignore[attr-defined]
    assert aged.verified(aged.export("aged-one.zip", "--run", run))[0] == 0


def test_runs_of_which_nothing_is_kept_are_not_exported(aged: Nights) -> None:
    removed = next(run for run, why in manifest(aged.export("a.zip"))["left_out"].items() if "not retained" in why)  # type: ignore[attr-defined]
    for what in (("--run", removed), ("--from", "2026-06-01", "--to", "2026-06-02")):
        done = auditreel(aged.folder, "export", *what, "--output", "none.zip")
        assert done.returncode in (2, 5)
        assert "not retained" in done.stderr.decode()
        assert not (aged.folder / "none.zip").exists()


def texts(name: str, data: bytes) -> Iterator[bytes]:
    """What a file says, and what is packed in it: archives, what is signed, the text of pages."""
    yield data
    if name.startswith(("chain/", "signature")):
        yield base64.b64decode(json.loads(data)["payload"])
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            for inner in source.namelist():
                yield from texts(inner, source.read(inner))
    if data.startswith(b"\x1f\x8b"):
        yield from texts(f"{name} unpacked", gzip.decompress(data))
    # A name in a table that is packed by columns would pass unseen: there is none.
    assert not data.startswith(b"PAR1"), name
    if name.endswith(".pdf"):
        yield from (" ".join(page.extract_text().split()).encode() for page in PdfReader(io.BytesIO(data)).pages)


@cache
def unpacked(bundle: Path) -> dict[str, tuple[bytes, ...]]:
    """All that the members say, in any form. Unpacked once: the bundle must not change."""
    return {name: tuple(texts(name, data)) for name, data in members(bundle).items()}


def saying(bundle: Path, words: bytes) -> set[str]:
    """The members that say something, in any form."""
    return {name for name, said in unpacked(bundle).items() if any(words in text for text in said)}


PERSON = "jane.doe@example.com"
NAMED = {
    # Whom a period names beside the resources that schemas mark: (who, where the whole bundle says it at least).
    "approves a waiver": (b"Kim", {"workpaper.xlsx", "report.txt", "index.html", "csv/waivers.csv"}),
    "says why": (b"Migrated in spring", {"workpaper.xlsx", "report.pdf", "csv/waivers.csv"}),
    "answers for a failure": (b"Dana Responder", {"workpaper.xlsx", "report.pdf", "index.html", "oscal.json"}),
    "is named by management": (b"Carla Cause", {"workpaper.xlsx", "report.pdf", "index.html", "oscal.json"}),
    "is why a unit was replaced": (b"Rita Replaced", {"workpaper.xlsx", "csv/samples.csv"}),
    "owns a control": (b"Olga Owner", {"workpaper.xlsx", "report.pdf", "index.html"}),
    "is the word for evidence without a file": (b"Wanda Word", {"workpaper.xlsx", "report.txt", "index.html"}),
    "is the name of a record": (b"petra-record", {"workpaper.xlsx", "report.txt"}),
    "said who sees to a criterion": (b"Stefan Stated", {"report.txt", "index.html"}),
    "asked the cloud": (b"sam.caller", {"workpaper.xlsx", "report.pdf", "index.html", "oscal.json", "csv/runs.csv"}),
}


def packed(text: str) -> bytes:
    """A file of a spreadsheet's kind: an archive with a text."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", text)
    return file.getvalue()


FILES = {
    # Files of a record, one of them named after somebody; of each the person in it.
    "attendance-nina.named.csv.gz": gzip.compress(b"gita.zipped@example.com,2026-06-01\n"),
    "attendance.xlsx": packed("<t>Xavier Sheet</t>"),
    "campaign.csv": b"L-1,aws 1,cami.campaign,keep,Bodo Reviewer",
}
PEOPLE = {
    "organization.yaml": b"""name: Example Ltd
categories: [security]
schedule: {every: day, at: "02:00", timezone: Europe/Berlin, grace_hours: 3}
owners: {Head of People: [Heidi Holder, heidi@example.com]}
criteria: {CC1.3: {state: subservice, reason: Stefan Stated sees to it at the cloud.}}
""",
    "documents/access.md": b"""---
title: Access
kind: access_policy
owner: Axel Author
version: "1"
criteria: [CC6.1]
approved_by: Berta Board
approved_on: 2026-01-01
review_by: 2027-01-01
---
Ask Fritz Freetext (+49 30 1234567) for access.
""",
    "records/petra-record.yaml": b"""kind: training
title: Training that Tilda Title held
by: Bea By
effective_on: 2026-05-30
facts: {trainer: Franz Fact}
rows: [{who: Rosa Row}]
files:
"""
    + b"".join(
        f"  - {{name: {name}, sha256: {hashlib.sha256(data).hexdigest()}, size: {len(data)}}}\n".encode()
        for name, data in FILES.items()
    ),
    **{f"records/petra-record/{name}": data for name, data in FILES.items()},
    "records/disks.yaml": b"{kind: disk_report, title: Disks, by: Wanda Word, effective_on: 2026-05-30}",
}
PLANTED = (
    "nina.named", "gita.zipped@example.com", "Xavier Sheet", "cami.campaign", "Bodo Reviewer", "Heidi Holder",
    "heidi@example.com", "Axel Author", "Berta Board", "Fritz Freetext", "+49 30 1234567", "Tilda Title", "Bea By",
    "Franz Fact", "Rosa Row", "Stefan Stated", "Olga Owner", "petra-record", "Wanda Word",
)  # fmt: skip
TRAINED = """
  - id: HR-02
    statement: Everybody is trained in security.
    owner: Olga Owner
    criteria: [CC1.4]
    aspects: [CC1.4.training]
    operation: continuous
    evidence: [training]
  - id: DP-03
    statement: Disks are encrypted.
    owner: Olga Owner
    criteria: [CC6.1]
    aspects: [CC6.1.encryption]
    operation: continuous
    satisfied_by: {any: [aws.s3.encrypted, disk_report]}
  - id: HR-03
    statement: Everybody is trained every month.
    owner: Olga Owner
    criteria: [CC1.4]
    aspects: [CC1.4.training]
    operation: recurring
    occurs: {every: month, grace_days: 5}
    evidence: [training]
"""


@pytest.fixture(scope="module")
def personal(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Nights of resources whose identity is personal, and people wherever one can be written."""
    folder = tmp_path_factory.mktemp("personal")
    store = store_in(folder)
    check = a_check(ENCRYPTED)
    schema = json.dumps({"title": BUCKET, "x-personal-identity": True, "properties": {}}).encode()
    for day, verdict in ((1, "pass"), (2, "fail"), (3, "pass")):
        at = f"2026-06-0{day}T01:00:00Z"
        plain = content([check], controls=CONTROLS + TRAINED.lstrip("\n"))
        planted = replace(plain, schemas={BUCKET: schema}, policies={**plain.policies, **PEOPLE})
        run = store.begin(*store.intended(plan(), planted, at))
        what = judged(at, {ENCRYPTED: {PERSON: verdict}}, [check], accepted={PERSON: accepted(PERSON, check)})
        caller = {"arn": "arn:aws:sts::123456789012:assumed-role/admin/sam.caller"}
        what = replace(what, snapshot=replace(what.snapshot, identity=caller))
        run.add(what.snapshot, what.findings)
        run.seal(what, at)
    (failure,) = made(folder, "2026-06-01", "2026-06-03").failures
    said = ("--cause", "Carla Cause copied it.", "--effect", "One bucket.", "--correction", "Mended.")
    assert auditreel(folder, "respond", failure.id, *said, "--by", "Dana Responder").returncode == 0
    frozen = auditreel(folder, "sample", "freeze", "--nights", "--from", "2026-06-01", "--to", "2026-06-03")
    (number,) = re.findall(r"frozen in entry (\d+)", frozen.stderr.decode())
    drawn = auditreel(folder, "sample", "draw", number, "--size", "1", "--nonce", "dice").stdout.decode()
    (unit,) = re.findall(r"^(2026-06-0\d)", drawn, re.MULTILINE)
    why = ("--reason", "Rita Replaced was away.")
    assert auditreel(folder, "sample", "replace", number, unit, *why).returncode == 0
    return Nights(folder)


def test_what_is_personal_is_nowhere_in_a_redacted_bundle_and_every_hash_verifies(personal: Nights) -> None:
    period = ("--from", "2026-06-01", "--to", "2026-06-03")
    whole, redacted = (
        personal.export("whole.zip", *period),
        personal.export("redacted.zip", *period, "--redact", "people,addresses"),
    )
    assert {PurePosixPath(name).parts[0] for name in saying(whole, PERSON.encode())} == {"private"}
    for who, (words, where) in NAMED.items():
        assert where <= saying(whole, words), who
        assert not [name for name in saying(whole, words) if name.startswith("chain/")], who
    for text in PLANTED:
        assert saying(whole, text.encode()), text
    hidden = (PERSON.encode(), b"jane.doe", *(words for words, _ in NAMED.values()), *map(str.encode, PLANTED))
    one = personal.export("redacted-run.zip", "--run", manifest(whole)["runs"][0], "--redact", "people")  # type: ignore[index]
    assert personal.verified(one)[0] == 0
    for words in hidden:
        assert (saying(redacted, words), saying(one, words)) == (set(), set()), words
    assert personal.verified(whole)[0] == 0
    code, said = personal.verified(redacted)
    assert code == 0
    assert "note: redacted: addresses, people" in said
    assert any("private objects were left out" in line for line in said)
    assert not [name for name in members(redacted) if name.startswith("private/")]
    replayed = auditreel(personal.folder, "replay", str(redacted))
    assert replayed.returncode == 5
    text = replayed.stdout.decode()
    assert "missing: redacted: private object" in text
    assert text.splitlines()[-1].endswith("cannot replay")
    assert b"Redacted: addresses, people." in members(redacted)["README.txt"]


# --- one run ---


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[Nights, str]:
    """A run of the shipped checks on recorded data, which is as real as can be had without a cloud."""
    folder = tmp_path_factory.mktemp("demonstration")
    assert auditreel(folder, "run", "--demo").returncode == 3
    shutil.move(folder / "store.keys", folder / "config")
    return Nights(folder), next((folder / "store" / "runs").iterdir()).name


def test_a_bundle_is_replayed_without_its_store(demonstration: tuple[Nights, str]) -> None:
    nights, run = demonstration
    bundle = nights.export("one.zip", "--run", run)
    replayed = auditreel(nights.folder, "replay", str(bundle))
    assert re.fullmatch(rf"run {run}, [1-9][0-9]* records: identical", replayed.stdout.decode().splitlines()[-1])
    assert replayed.returncode == 0
    shown = nights.verified(bundle)
    assert (shown[0], shown[1][:2]) == (5, [NOT_ANCHORED, "demonstration, not evidence"])


def test_the_checks_in_a_bundle_are_tried_by_their_examples(demonstration: tuple[Nights, str], tmp_path: Path) -> None:
    nights, run = demonstration
    with zipfile.ZipFile(nights.export("checks.zip", "--run", run)) as source:
        source.extractall(tmp_path)
    file = "checks/aws/iam/root_mfa_enabled.yaml"
    tried = subprocess.run(
        [sys.executable, "-m", "engine", "check", "test", file],
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (tried.returncode, b"every example gives its verdict" in tried.stdout + tried.stderr) == (0, True)


def test_a_bundle_that_does_not_verify_is_not_replayed(nights: Nights, bundle: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(data)
    done = auditreel(nights.folder, "replay", str(tmp_path / "bad.zip"))
    assert (done.returncode, done.stdout) == (5, b"")
    assert b"does not verify" in done.stderr
