"""How people's evidence stands on a day: nothing is good by default."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.programme.model import Attachment, Policy, Record, Standing
from engine.programme.sentences import stands
from engine.programme.standing import DOCUMENTS, standing
from tests.unit.data_folders import CHECKOUT

ON = date(2026, 11, 26)
RECORD = Record("pentest", "penetration_test", "Penetration test", "Dana", Path("x"), "0" * 64)
REPORT = Attachment("report.pdf", "0" * 64, 1)
DATED = replace(RECORD, effective_on=date(2026, 3, 1), files=(REPORT,))
POLICY = Policy("access", "access_policy", "Access", "CTO", "1", ("CC6.1",), Path("x"), "0" * 64)
APPROVED = replace(
    POLICY, approved_by="Robin", approved_on=date(2026, 1, 2), effective_on=date(2026, 2, 1), review_by=date(2027, 2, 1)
)


@pytest.mark.parametrize(
    ("record", "state", "words"),
    [
        (DATED, "current", "penetration test of 2026-03-01, good until 2027-03-01 (pentest)"),
        (
            replace(DATED, files=()),
            "current",
            "penetration test of 2026-03-01, good until 2027-03-01 (pentest), on the word of Dana, no file",
        ),
        (RECORD, "undated", "penetration test says no date (pentest)"),
        (
            replace(DATED, effective_on=date(2025, 11, 25)),
            "expired",
            "penetration test expired after 2026-11-25 (pentest)",
        ),
        (replace(DATED, effective_on=date(2025, 11, 26)), "current", None),
        (replace(DATED, valid_until=ON), "current", None),
        (replace(DATED, valid_until=date(2026, 11, 25)), "expired", None),
        (
            replace(DATED, effective_on=date(2026, 11, 27)),
            "not_yet",
            "penetration test holds from 2026-11-27 (pentest)",
        ),
        (
            replace(DATED, files=(Attachment("report.pdf", "0" * 64, 1, "missing"),)),
            "altered",
            "penetration test has files that are missing or not as recorded (pentest)",
        ),
        (replace(DATED, supports=("VM-01",)), "current", None),
        (replace(DATED, supports=("VM-02",)), "absent", "no evidence recorded: penetration test"),
        (replace(DATED, kind="training"), "absent", None),
    ],
)
def test_a_record_is_good_from_its_date_to_its_last_day(record: Record, state: str, words: str | None) -> None:
    found = standing("penetration_test", "VM-01", [record], [], ON)
    assert found.state == state
    assert words is None or stands(found) == words


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (APPROVED, "current"),
        (POLICY, "unapproved"),
        (replace(APPROVED, template=True), "template"),
        (replace(APPROVED, approved_by=None), "unapproved"),
        (replace(APPROVED, review_by=None), "undated"),
        (replace(APPROVED, review_by=ON), "current"),
        (replace(APPROVED, review_by=date(2026, 11, 25)), "expired"),
        (replace(APPROVED, effective_on=date(2026, 12, 1)), "not_yet"),
        (replace(APPROVED, effective_on=None), "current"),
        (replace(APPROVED, approved_on=date(2026, 12, 1)), "not_yet"),
    ],
)
def test_a_policy_document_counts_when_it_is_approved_in_force_and_reviewed(document: Policy, state: str) -> None:
    assert standing("access_policy", "AC-01", [], [document], ON).state == state


def test_of_several_the_one_that_is_current_for_longest_is_shown() -> None:
    word = replace(DATED, id="word", valid_until=date(2028, 1, 1), files=())
    older, newer = replace(DATED, id="a", valid_until=date(2026, 12, 1)), replace(DATED, id="b")
    found = standing("penetration_test", "VM-01", [older, RECORD, word, newer], [], ON)
    assert found == Standing("penetration_test", "current", "b", date(2026, 3, 1), date(2027, 3, 1))


@pytest.mark.parametrize("documents", [[], [POLICY], [replace(APPROVED, template=True)]])
def test_a_file_beside_a_policy_that_nobody_approved_does_not_stand_for_it(documents: list[Policy]) -> None:
    state = standing("access_policy", "AC-01", [replace(DATED, kind="access_policy")], documents, ON).state
    assert state == ("absent" if not documents else "template" if documents[0].template else "unapproved")


def test_the_kinds_that_only_documents_are_stand_in_the_table_of_kinds() -> None:
    lines = (CHECKOUT / "policies" / "README.md").read_text().splitlines()
    told = {line.split("`")[1] for line in lines if line.startswith("| `") and "| document |" in line}
    assert told == DOCUMENTS
