"""The demonstration: one company on four providers, recorded and live."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from engine.cli.clock import system_clock
from engine.errors import UsageError
from engine.model import Assessment
from engine.report import FORMATS, Options, summary
from engine.run.pipeline import run
from engine.run.request import RunRequest
from tests.emulators import demo_company

OURS = ("azure", "gcp", "github")
AGAIN = "the recorded demonstration is not the company's: python -m tests.emulators.demo_company"


def demonstration(folder: Path, *criteria: str, **more: object) -> Assessment:
    request = RunRequest(config=folder / "keys", criteria=criteria, **{"demo": "recorded", **more})  # type: ignore[arg-type]
    return run(request, system_clock(threading.Event()))


def verdicts(run: Assessment, *providers: str) -> Counter[tuple[str, str, str]]:
    """How often a check says what of a type: names of events hold the day on which they were."""
    return Counter((f.check.id, f.subject.type, f.verdict) for f in run.findings if f.check.provider in providers)


def test_every_provider_passes_and_fails_and_all_that_is_unknown_was_denied(tmp_path: Path) -> None:
    found = demonstration(tmp_path)

    assert [share.provider for share in summary.shares(found)] == ["aws", "azure", "gcp", "github"]
    assert [share.provider for share in summary.shares(found) if not (share.passed and share.failed)] == []
    assert {(gap.reason, gap.granting) for gap in summary.gaps(found)} == {("access_denied", True)}, AGAIN
    assert {(state.waiver.id, state.state) for state in found.waivers} == {
        ("bastion-ssh", "in_force"),
        ("break-glass-without-mfa", "in_force"),
        ("deploy-user-policy", "expired"),
        ("loader-key", "in_force"),
    }


def test_the_shares_of_the_providers_are_the_totals(tmp_path: Path) -> None:
    found = demonstration(tmp_path, "security")
    sums, shares = summary.totals(found), summary.shares(found)

    assert sum(share.checks for share in shares) == len(found.selection.checks)
    for name in ("passed", "failed", "waived", "unknown", "not_applicable"):
        assert sum(getattr(share, name) for share in shares) == getattr(sums, name)


def test_one_criterion_spans_all_providers_in_one_table(tmp_path: Path) -> None:
    found = demonstration(tmp_path, "CC6.1")
    (row,) = [row for row in found.criteria if row.selected]
    spans = {item.control.id: {id_.partition(".")[0] for id_ in item.checks} for item in row.controls}
    screen = FORMATS["text"].render(found, Options(100)).splitlines()

    assert set().union(*spans.values()) == {"aws", "azure", "gcp", "github"}
    # A control that checks of several providers judge is one row.
    assert len(spans["AC-03"]) > 1
    assert [sum(line.startswith(start) for line in screen) for start in ("CC6.1 ", "  AC-03 ")] == [1, 1]


def test_one_provider_of_the_demonstration_is_a_run_of_that_provider(tmp_path: Path) -> None:
    found = demonstration(tmp_path, providers=("gcp",))
    screen = FORMATS["text"].render(found, Options(100))

    assert {f.check.provider for f in found.findings} == {"gcp"}
    assert "Scanned   2 accounts (gcp northwind-analytics, gcp northwind-logs)" in screen
    assert "Provider" not in screen


def test_what_is_recorded_is_what_the_live_company_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without AWS, whose emulator alone takes longer than all of this file.
    monkeypatch.setattr(demo_company, "company", partial(demo_company.company, OURS))
    live = demonstration(tmp_path, demo="live", providers=OURS)

    assert live.snapshot.source == "live"
    assert verdicts(live, *OURS) == verdicts(demonstration(tmp_path), *OURS), AGAIN


@pytest.mark.parametrize("missing", ["tests.emulators", "moto", "azure.identity", "google.auth"])
def test_a_live_demonstration_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [
        name for name in sys.modules if name == "tests.emulators.demo_company" or name.startswith(f"{missing}.")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=rf"{missing}.* is not there; it needs a checkout with the dev extra"):
        demonstration(tmp_path, "CC6.1", demo="live")
