"""``auditreel respond``: what management says of a failure is sealed, and stands beside it in every report."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import ENCRYPTED, made, recorded
from tests.unit.evidence.synthetic_runs import store_in

PERIOD = ("--from", "2026-06-01", "--to", "2026-06-04")
SAID = (
    "--cause", "A template was copied.", "--effect", "Two days of one bucket.",
    "--correction", "The template was mended.", "--by", "Dana Platform",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights; b fails on the second and third and is mended on the fourth, c fails to the end."""
    folder = tmp_path_factory.mktemp("responses")
    store = store_in(folder)
    for day, b, c in ((1, "pass", "pass"), (2, "fail", "pass"), (3, "fail", "fail"), (4, "pass", "fail")):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": b, "c": c}})
    return folder


@pytest.fixture(scope="module")
def answered(folder: Path) -> tuple[Path, str]:
    """The same, with a response to the failure of b, whose id is given too."""
    (id_,) = (row.id for row in made(folder, "2026-06-01", "2026-06-04").failures if row.subject.name == "b")
    done = auditreel(folder, "respond", id_[:8], *SAID)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert f"responds to {id_}: {ENCRYPTED} on b, failing since the run of 2026-06-02T01:00:00Z" in text
    return folder, id_


def test_a_response_verifies_and_changes_nothing_of_its_failure(answered: tuple[Path, str]) -> None:
    folder, id_ = answered
    report = verify(folder / "store", read_trust(folder / "config" / "trust.json"), None, True)
    assert [str(fault) for fault in report.problems] == []
    rows = {row.subject.name: row for row in made(folder, "2026-06-01", "2026-06-04").failures}
    (said,) = rows["b"].responses
    assert (said.cause, said.effect, said.correction, said.by) == SAID[1::2]
    assert (rows["b"].id, rows["b"].ended, rows["b"].deviation, rows["c"].responses) == (id_, "corrected", False, ())
    # The same failure has the same id in a report of other dates.
    assert {row.id for row in made(folder, "2026-06-03", "2026-06-03").failures if row.responses} == {id_}


@pytest.mark.parametrize("form", ["text", "markdown", "html", "csv", "xlsx", "oscal", "ocsf"])
def test_every_format_shows_the_response_and_the_id_of_its_failure(answered: tuple[Path, str], form: str) -> None:
    folder, id_ = answered
    done = auditreel(folder, "report", "type2", *PERIOD, "--format", form, "--output", f"said.{form}")
    assert (done.returncode, done.stderr) == (0, b"")
    data = (folder / f"said.{form}").read_bytes()
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b" ".join(book.read(name) for name in book.namelist())
    text = " ".join(data.decode(errors="replace").replace("`", "").split())
    for part in ("A template was copied.", "Two days of one bucket.", "The template was mended.", "Dana Platform"):
        assert part in text
    if form != "csv":
        assert id_ in text
    if form == "oscal":
        (result,) = json.loads(data)["assessment-results"]["results"]
        assert [len(risk.get("remediations", ())) for risk in result["risks"]] == [1, 0]


def test_the_pdf_shows_the_response(answered: tuple[Path, str]) -> None:
    pypdf = pytest.importorskip("pypdf")
    folder, id_ = answered
    done = auditreel(folder, "report", "type2", *PERIOD, "--format", "pdf", "--output", "said.pdf")
    assert done.returncode == 0
    pages = pypdf.PdfReader(folder / "said.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "A template was copied." in text
    assert id_ in text


@pytest.mark.parametrize(
    ("failure", "said", "message"),
    [
        ("0123456789ab", SAID, "there is no such failure; the nearest ids are "),
        ("", SAID, "there is no such failure; the nearest ids are "),
        ("F-001", SAID, "there is no such failure; the nearest ids are "),
        ("0123456789ab", (*SAID[:1], " ", *SAID[2:]), "--cause takes text of 1 to 4,000 characters"),
    ],
)
def test_a_response_to_no_failure_is_refused_with_the_nearest_ids(
    folder: Path, failure: str, said: tuple[str, ...], message: str
) -> None:
    before = len(list((folder / "store" / "chain").iterdir()))
    done = auditreel(folder, "respond", failure, *said)
    text = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in " ".join(text.split())
    if "nearest" in message:
        assert f"({ENCRYPTED} on " in " ".join(text.split())
    assert len(list((folder / "store" / "chain").iterdir())) == before


def test_a_store_without_a_failure_says_so(tmp_path: Path) -> None:
    recorded(store_in(tmp_path), "2026-06-01T01:00:00Z", {ENCRYPTED: {"a": "pass"}})
    done = auditreel(tmp_path, "respond", "0123456789ab", *SAID)
    assert (done.returncode, b"no run of the store saw a failure" in done.stderr) == (2, True)
