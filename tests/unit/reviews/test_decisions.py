"""What comes back of a campaign: by whom, complete, and of the population that was sealed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from engine.errors import InputError
from engine.reviews import sheet
from engine.reviews.campaign import decode, of
from engine.reviews.deciding import answers
from engine.reviews.model import Decision, Line, Population
from engine.reviews.persons import same
from engine.reviews.verifying import outcomes

PLACE = ("aws", "111122223333", "AWS::IAM::User")
ANA = Line(*PLACE, "arn:aws:iam::111122223333:user/ana.lopez", "console sign-in", "ana.lopez", mfa=True)
EVIL = Line(*PLACE, "arn:aws:iam::111122223333:user/=cmd", "group =HYPERLINK(1)", "=cmd", last_used="2026-01-02")
GAP = Line(*PLACE, "*", "not seen", "every user", unseen="access_denied")
BEGAN, TODAY = date(2026, 11, 20), date(2026, 11, 26)
Row = dict[str, str]


def filled(*lines: Line, then: Callable[[list[Row]], None] = lambda rows: None, delimiter: str = ",") -> bytes:
    """The table of lines, filled in, as a spreadsheet saves it."""
    rows = list(csv.DictReader(io.StringIO(sheet.write(lines, {}).decode("utf-8-sig"), newline="")))
    for row in rows:
        decided = "elsewhere" if row["not_seen"] else "keep"
        row |= {"decision": decided, "by": "Robin Ito", "on": "2026-11-25", "note": "HR-7"}
    then(rows)
    text = io.StringIO()
    table = csv.DictWriter(text, [*sheet.SHOWN, *sheet.ASKED], delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_that_was_filled_in_is_complete_whatever_a_spreadsheet_splits_it_by(delimiter: str) -> None:
    lines = (ANA, EVIL, GAP)
    found = answers(lines, sheet.read(filled(*lines, delimiter=delimiter), "x.csv"), BEGAN, TODAY)
    assert found.complete
    assert found.decisions == {
        ANA.key: Decision("keep", "Robin Ito", date(2026, 11, 25), "HR-7"),
        EVIL.key: Decision("keep", "Robin Ito", date(2026, 11, 25), "HR-7"),
        GAP.key: Decision("elsewhere", "Robin Ito", date(2026, 11, 25), "HR-7"),
    }


def test_names_from_outside_are_no_formulas_in_the_table() -> None:
    cells = [cell for row in csv.reader(io.StringIO(sheet.write([EVIL], {}).decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def _set(**values: str) -> Callable[[list[Row]], None]:
    return lambda rows: rows[0].update(values)


FAULTS: dict[str, Callable[[list[Row]], None]] = {
    "ana.lopez: console sign-in: the line was removed": lambda rows: rows.pop(0) and None,
    "row 4, ana.lopez: console sign-in: the line stands there twice": lambda rows: rows.append(dict(rows[0])),
    "row 2: 'Eve' is no line of the population: it was added": _set(line="L-123456789012", name="Eve"),
    "mfa was changed from 'yes' to 'no'": _set(mfa="no"),
    "decision is 'maybe'": _set(decision="maybe"),
    "by says nobody": _set(by=" "),
    "on is '11/25/2026'; write the day as 2026-11-26": _set(on="11/25/2026"),
    "on is 2026-11-19, and the population is of 2026-11-20": _set(on="19.11.2026"),
    "on is 2026-11-27": _set(on="2026-11-27"),
    "Ana Lopez decided on their own access": _set(by="Ana Lopez"),
    "elsewhere is for what was not seen": _set(decision="elsewhere"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_altered_or_decided_improperly_is_named(fault: str) -> None:
    rows = sheet.read(filled(ANA, EVIL, then=FAULTS[fault]), "x.csv")
    found = answers((ANA, EVIL), rows, BEGAN, TODAY)
    assert not found.complete
    assert fault in "; ".join((*found.tampered, *found.improper))


def test_what_nobody_saw_cannot_be_kept_and_needs_a_note_that_says_where_it_was_reviewed() -> None:
    for values, fault in (({"decision": "keep"}, "nobody saw who is there"), ({"note": ""}, "needs a note")):
        found = answers((GAP,), sheet.read(filled(GAP, then=_set(**values)), "x.csv"), BEGAN, TODAY)
        assert fault in found.improper[0]


def test_a_line_without_a_decision_is_open() -> None:
    found = answers((ANA, EVIL), sheet.read(filled(ANA, EVIL, then=_set(decision="")), "x.csv"), BEGAN, TODAY)
    assert (found.open, found.complete, list(found.decisions)) == ((ANA,), False, [EVIL.key])


def test_a_file_that_is_no_table_is_refused() -> None:
    for data, message in ((b"\xff\xfe", "UTF-8"), (b"line,by\n", "columns .* are missing"), (b"", "are missing")):
        with pytest.raises(InputError, match=message):
            sheet.read(data, "x.csv")


@pytest.mark.parametrize(
    ("by", "identity", "told"),
    [
        ("Ana Lopez", "ana.lopez", "yes"), ("Ana López", "lopez_ana", "yes"), ("Ana Lopez", "alopez", "yes"),
        ("ana.lopez@x.example", "user:ana.lopez@y.example", "yes"), ("Ana Maria Lopez", "ana.lopez", "yes"),
        ("Ana Lopez <a@x.example>", "arn:aws:iam::1:user/a", "yes"), ("Ana Lopez", "ana.lopez-admin", "maybe"),
        ("Ana Lopez", "carlos.lopez", "maybe"), ("Robin Ito", "ana.lopez", "no"), ("Robin", "", "no"),
    ],
)  # fmt: skip
def test_nobody_decides_on_their_own_access_however_their_name_is_written(by: str, identity: str, told: str) -> None:
    assert same(by, identity) == told


def test_a_campaign_whose_lines_were_altered_is_refused() -> None:
    made = of("q4", Population((ANA, GAP), frozenset()), ("run", 7, "0" * 64, "2026-11-20T01:00:00Z"), (), {})
    assert decode(made.encode(), "x.json") == replace(made, machines={})
    with pytest.raises(InputError, match="it was altered"):
        decode(made.encode().replace(b"ana.lopez", b"eve.lopez"), "x.json")


def test_a_revocation_is_done_only_where_its_place_was_seen_to_the_end() -> None:
    decision = Decision("revoke", "Robin Ito", BEGAN)
    mine = Line(*PLACE, ANA.identity, "not seen", "ana.lopez", unseen="throttled")
    seen = frozenset({PLACE})
    cases = {
        "still_there": Population((ANA,), seen), "gone": Population((EVIL,), seen),
        "unseen": Population((GAP,), frozenset()),
    }  # fmt: skip
    for state, later in cases.items():
        assert [row.state for row in outcomes([(ANA, decision)], later)] == [state]
    (row,) = outcomes([(ANA, decision)], Population((mine,), seen))
    assert (row.state, row.why) == ("unseen", "throttled")
