"""``auditreel report``: what the sealed nights of a store show, and what is refused."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.report import PERIOD_FORMATS, Options
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import CONTROLS, ENCRYPTED, ORGANIZATION, made, recorded
from tests.unit.evidence.synthetic_runs import store_in

TYPE_2 = ("type2", "--from", "2026-06-01", "--to", "2026-06-04")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four nights, of which the third has no run; b fails on the second and is mended on the fourth."""
    store = store_in(tmp_path)
    for day, b in ((1, "pass"), (2, "fail"), (4, "pass")):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": b}})
    return tmp_path


def report(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return auditreel(folder, "report", *arguments)


def test_a_period_shows_its_gap_and_its_failure_with_bounds(folder: Path) -> None:
    done = report(folder, *TYPE_2)

    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert text.startswith("NOT ANCHORED: the key's holder could have rewritten or removed this\n")
    assert "Evidence for a SOC 2 Type II examination, prepared by management, not examined" in text
    assert "2026-06-03            did not run: all 1 check in force, in 1 scope" in text
    assert "F-001      b in aws/123456789012/eu-west-1, high, within its limit" in text
    assert "F-002" not in text
    bounds = "after 2026-06-01T01:00:00Z, by 2026-06-02T01:00:00Z; corrected after 2026-06-02T01:00:00Z, by 2026-06-04"
    assert bounds in " ".join(text.split())


SCOPED = f"""{ORGANIZATION}subservices:
  - id: cloud
    name: Example Cloud
    method: carve_out
    services: Hosting.
    monitored_by: DP-02
    assumed: [{{text: Data centres are guarded., criteria: [CC6.4]}}]
    report: {{type: SOC 2 Type II, from: 2025-06-01, to: 2026-05-31, opinion: qualified, bridge_until: 2026-06-02}}
    user_entity_controls: [{{text: Users turn encryption on., control: DP-01}}]
user_entity_controls:
  - {{id: UE-1, text: Customers keep their keys., criteria: [CC6.1], control: DP-01}}
"""


def test_a_period_and_a_photograph_show_what_subservice_organisations_leave_uncovered(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for day in (1, 4):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass"}}, organization=SCOPED)
    for days in (("2026-06-01", "2026-06-04"), ("2026-06-01", "2026-06-04", 1)):
        shown = made(tmp_path, *days)  # type: ignore[arg-type]
        [row] = [row for row in shown.criteria if row.criterion.id == "CC6.4"]
        assert (row.state, row.controls) == ("subservice", ("DP-02",))
        for form in ("text", "markdown"):
            text = " ".join(PERIOD_FORMATS[form].render(shown, Options(width=120)).decode().replace("`", "").split())
            assert "nobody reviewed its report; opinion qualified" in text
            missed = "2026-06-03 to 2026-06-04" if len(days) == 2 else "2026-06-04 to 2026-06-04"
            assert f"of the window: {missed}; watched by DP-02" in text
            assert "asks of us: Users turn encryption on - DP-01 (" in text
            assert "customers: Customers keep their keys - DP-01 (" in text


def test_a_run_of_all_checks_makes_a_period(tmp_path: Path) -> None:
    """The demonstration's resources lie in regions, in accounts, and in regions though they are listed once."""
    ran = auditreel(tmp_path, "run", "--demo", "--store", "shown")
    assert ran.returncode == 3
    failed = int(re.search(rb"(\d+) fail", ran.stdout)[1])  # type: ignore[index]
    today = datetime.now(UTC).date()

    done = report(tmp_path, "type2", "--from", f"{today - timedelta(3)}", "--to", f"{today}", "--store", "shown")

    assert (done.returncode, done.stderr) == (0, b"")
    assert re.search(rf"^ +{failed}  Failures$", done.stdout.decode(), re.MULTILINE)


def test_a_date_shows_what_was_so_on_its_night(folder: Path) -> None:
    failing, mended = report(folder, "type1", "--at", "2026-06-02"), report(folder, "type1", "--at", "2026-06-04")
    assert (failing.returncode, mended.returncode) == (0, 0)
    assert b"F-001      b in aws/" in failing.stdout
    assert b"F-001" not in mended.stdout


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("html", b"<!doctype html>"),
        ("xlsx", b"PK"),
        ("pdf", b"%PDF-"),
        ("oscal", b"{"),
        ("ocsf", b"{"),
        ("csv", b"Criterion,Control,"),
    ],
)
def test_each_format_is_written_whole_and_the_same_twice(folder: Path, form: str, start: bytes) -> None:
    for name in ("one", "two"):
        done = report(folder, *TYPE_2, "--format", form, "--output", name)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    written = (folder / "one").read_bytes()
    assert written[: len(start)].lower() == start.lower()
    assert written == (folder / "two").read_bytes()
    assert (folder / "one").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("type1", "--at", "2026-06-03"), 2, "it holds no run of the night of 2026-06-03"),
        (("type2", "--from", "2026-05-01", "--to", "2026-05-02"), 2, "it holds no run up to 2026-05-02"),
        (("type2", "--from", "2026-06-02", "--to", "2026-06-01"), 2, "before it starts"),
        (("type2", "--from", "June", "--to", "2026-06-01"), 2, "June is no date"),
        ((*TYPE_2, "--format", "pdf"), 2, "name a file with --output"),
        ((*TYPE_2, "--format", "pdf", "--output", "nowhere/report.pdf"), 2, "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_reported_is_said(folder: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = report(folder, *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr.decode()


def test_a_store_that_does_not_verify_gives_no_report(folder: Path) -> None:
    path = next((folder / "store" / "runs").glob("*/findings.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = report(folder, *TYPE_2, "--output", "report.txt")
    assert (done.returncode, done.stdout) == (5, b"")
    assert "does not verify" in done.stderr.decode()
    assert not (folder / "report.txt").exists()


@pytest.mark.parametrize(
    ("was", "stored", "said"),
    [
        ("criteria: [CC6.1]", "criteria: [CC9.9]", "DP-01 names CC9.9; there is no such criterion"),
        ("{critical: 1, high: 2, ", "{critical: 1, ", "DP-01 has no limit for failures of severity high"),
    ],
)
def test_a_stored_policy_that_names_what_is_not_there_is_an_error_with_its_place(
    tmp_path: Path, was: str, stored: str, said: str
) -> None:
    controls = CONTROLS.replace(was, stored)
    recorded(store_in(tmp_path), "2026-06-01T01:00:00Z", {ENCRYPTED: {"a": "fail"}}, controls=controls)
    done = report(tmp_path, "type1", "--at", "2026-06-01")
    text = " ".join(done.stderr.decode().split())
    assert (done.returncode, done.stdout) == (5, b"")
    assert f"controls/all.yaml:1:1: {was.partition(':')[0] if 'criteria' in was else 'deviation'}: {said}" in text


def test_time_zones_are_known_where_the_system_has_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "")
    done = auditreel(folder, "report", *TYPE_2, variables=("PYTHONTZPATH",))
    assert (done.returncode, done.stderr) == (0, b"")
    assert "(Europe/Berlin)" in done.stdout.decode()


def test_html_is_a_page_while_it_is_small_and_a_folder_of_pages_when_it_is_large(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for day in (1, 2):
        names = {f"bucket-{number:04}": "fail" for number in range(1_200 if day == 2 else 2)}
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: names})
    (tmp_path / "there").mkdir()
    html = ("--format", "html", "--output")
    small = ("type2", "--from", "2026-06-01", "--to", "2026-06-01")

    def files(name: str) -> list[str]:
        return sorted(path.relative_to(tmp_path / name).as_posix() for path in (tmp_path / name).rglob("*.html"))

    assert [report(tmp_path, *small, *html, name).returncode for name in ("page", "page.html", "there")] == [0, 0, 0]
    assert (tmp_path / "page").read_bytes() == (tmp_path / "page.html").read_bytes()
    assert (tmp_path / "there" / "index.html").read_bytes() == (tmp_path / "page.html").read_bytes()

    done = report(tmp_path, *TYPE_2, *html, "pages")
    assert (done.returncode, done.stdout) == (0, b"")
    pages = files("pages")
    assert f"{len(pages)} pages; open pages/index.html" in done.stderr.decode()
    assert {"index.html", "pages/criterion-CC6.1.html", "pages/failures-1.html", "pages/failures-3.html"} <= {*pages}
    for page in pages:
        text = (tmp_path / "pages" / page).read_text()
        for link in re.findall(r'href="([^"#]+)(?:#[^"]*)?"', text):
            assert ((tmp_path / "pages" / page).parent / link).exists(), (page, link)
    assert report(tmp_path, *TYPE_2, *html, "whole.html").returncode == 0
    assert b"F-1200" in (tmp_path / "whole.html").read_bytes()
