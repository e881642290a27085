"""What customers are told before there is an opinion: what is planned, and nothing of verdicts, people or accounts."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from engine.cli import group, main
from engine.report import Options
from engine.report.status import FORMATS, render
from engine.workflows.status import status
from tests.end_to_end.small_firm import folder

SCOPED = """\
name: "Example <b>Ltd</b>"
categories: [security, availability]
providers: [aws, github]
window: {from: 2026-10-01, to: 2027-03-31}
auditor: Careful CPA LLP
owners: {Head of Security: [Robin Secret], Head of People: [Robin Secret]}
store: /var/lib/evidence
system: {services: "Invoices for shops.", people: "Robin Secret runs it all."}
criteria: {CC6.4: {state: subservice, reason: The cloud provider guards its rooms.}}
commitments: [{id: SC-1, text: We answer within a day., source: Terms, criteria: [CC2.3]}]
boundary:
  - {id: sandbox, accounts: ["444455556666"], reason: Nothing of customers is there., approver: Robin Secret,
     approved_on: 2026-09-01}
subservices:
  - {id: cloud, name: Cloud Inc., method: carve_out, services: Runs our machines., monitored_by: IR-02,
     report: {type: SOC 2 Type II, from: 2025-10-01, to: 2026-09-30, opinion: qualified, deviations: [Late patches.]}}
user_entity_controls:
  - {id: UEC-1, text: Customers keep their passwords., criteria: [CC6.1], control: IR-02}
"""
ON = date(2026, 11, 26)


@pytest.mark.parametrize("form", FORMATS)
def test_customers_see_the_plan_and_nothing_that_is_not_theirs(tmp_path: Path, form: str) -> None:
    told = render(status(folder(tmp_path, SCOPED)), ON, form, Options(width=100))
    text = re.sub(r"[`*]|<bdi>|</bdi>", "", " ".join(told.split()))

    for part in (
        "There is no auditor's opinion yet." if form != "html" else "There is no auditor&#39;s opinion yet.",
        "security, availability",
        "Amazon Web Services, GitHub",
        "Invoices for shops.",
        "2026-10-01 to 2027-03-31; it runs until 2027-03-31",
        "Careful CPA LLP",
        "Runs our machines. (carved out)",
        "We answer within a day.",
        "Customers keep their passwords.",
        "addressed by a subservice organisation: The cloud provider guards its rooms.",
    ):
        assert part in text
    for secret in ("Robin", "444455556666", "/var/lib", "qualified", "Late patches", "SOC 2 Type II 2025", "sandbox"):
        assert secret not in told
    if form == "html":
        assert "<b>Ltd" not in told
        assert "what was observed" not in told
    assert not re.search(r"fail|pass(ed|es)?\b|effective|complian|%", text.split("</style>")[-1])


def test_what_is_not_settled_is_said_to_be_open(tmp_path: Path) -> None:
    told = render(status(folder(tmp_path)), ON, "text", Options(width=100))
    for part in ("no period is set yet", "not engaged yet", "none is named yet", "There is no auditor's opinion yet."):
        assert part in told


def test_the_verb_writes_only_what_is_meant_for_customers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = str(folder(tmp_path, SCOPED))
    page = tmp_path / "status.html"
    asked = ["report", "status", "--policy", policy, "--format", "html", "--output", str(page)]

    assert main(group, asked, "auditreel") == 2
    assert "--for-customers" in capsys.readouterr().err
    assert main(group, [*asked, "--for-customers"], "auditreel") == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
