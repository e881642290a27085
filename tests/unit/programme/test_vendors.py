"""Subservice organisations: what their reports miss, and the controls that rest on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.judging.conclude import conclude
from engine.programme.model import EntityControl, Programme, Recurrence, Subservice, VendorReport
from engine.programme.vendors import missed, standings
from engine.report.vendors import told
from tests.unit.verdicts import control, policy, selection, snapshot

JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 31)
WINDOW = (JANUARY, DECEMBER)
ON = date(2026, 11, 24)
REPORT = VendorReport(
    "SOC 2 Type II", date(2025, 10, 1), date(2026, 9, 30), "unqualified", (), DECEMBER, date(2026, 11, 2), "Robin"
)
CLOUD = Subservice(
    "cloud",
    "Example Cloud",
    "carve_out",
    "Hosting.",
    "VN-02",
    assumed=(("Data centres are guarded.", ("CC6.4",)),),
    duties=(("Users turn encryption on.", "AC-01"),),
    report=REPORT,
)


@pytest.mark.parametrize(
    ("changes", "window", "days"),
    [
        ({}, WINDOW, []),
        ({"bridge_until": None}, WINDOW, [("2026-10-01", "2026-11-24")]),
        ({"bridge_until": date(2026, 10, 31)}, WINDOW, [("2026-11-01", "2026-11-24")]),
        ({"starts": date(2026, 3, 1)}, WINDOW, [("2026-01-01", "2026-02-28")]),
        # A photograph speaks for its day, whatever it says of its beginning.
        ({"type": "SOC 2 Type I"}, WINDOW, [("2026-01-01", "2026-09-29")]),
        # What is still to come is no gap yet, and without a window nobody can say what is missed.
        ({"bridge_until": None}, (JANUARY, date(2026, 9, 30)), []),
        ({"bridge_until": None}, (date(2026, 12, 1), DECEMBER), []),
        ({"bridge_until": None}, None, []),
        ({"ends": date(2025, 12, 31), "bridge_until": None}, WINDOW, [("2026-01-01", "2026-11-24")]),
    ],
)  # fmt: skip
def test_days_of_the_window_that_nothing_speaks_for_are_listed(
    changes: dict[str, Any], window: Any, days: list[tuple[str, str]]
) -> None:
    found = missed(replace(REPORT, **changes), window, ON)
    assert [(str(starts), str(ends)) for starts, ends in found] == days


def test_nothing_of_a_report_is_good_by_default() -> None:
    def shown(report: VendorReport | None, method: Any = "carve_out") -> tuple[str, tuple[str, ...]]:
        [row] = standings(Programme(subservices=(replace(CLOUD, report=report, method=method),)), WINDOW, ON)
        return row.state, row.concerns

    assert shown(REPORT) == ("current", ())
    assert shown(None) == ("absent", ("there is no report of it",))
    assert shown(None, "inclusive") == ("absent", ())
    assert shown(replace(REPORT, reviewed_on=None)) == ("unreviewed", ("nobody reviewed its report",))
    assert shown(replace(REPORT, reviewed_on=date(2026, 11, 25))) == ("unreviewed", ("nobody reviewed its report",))
    assert shown(replace(REPORT, reviewed_on=date(2026, 2, 1))) == (
        "unreviewed",
        ("its report was reviewed on 2026-02-01, before it ended on 2026-09-30",),
    )
    assert shown(replace(REPORT, bridge_until=date(2027, 3, 31)))[1] == (
        "the bridge letter to 2027-03-31 spans more than the usual three months after 2026-09-30",
    )
    assert shown(replace(REPORT, starts=DECEMBER, ends=DECEMBER, bridge_until=None))[1][0] == (
        "its report speaks from 2026-12-31 on"
    )
    assert shown(replace(REPORT, opinion="qualified", deviations=("Two leavers kept access.",))) == (
        "current",
        ("opinion qualified", "deviation: Two leavers kept access."),
    )
    assert shown(replace(REPORT, bridge_until=None)) == (
        "expired",
        ("its report speaks until 2026-09-30, and nothing after 2026-09-30",),
    )


YEARLY = Recurrence("year", 30, JANUARY)
VN = control("VN-02", (), ("CC9.2",), evidence=("vendor_report",), operation="recurring", occurs=YEARLY)
PH = control("PH-01", (), ("CC6.4",), alternatives=(("physical_access_review", "vendor_report"),))


def concluded(*vendors: Subservice, controls: Any = (VN, PH), on: str = "2026-11-24", **organization: Any) -> Any:
    fields = {"window": WINDOW, "programme": Programme(subservices=vendors), **organization}
    shot = replace(snapshot("Test::Bucket"), as_of=f"{on}T02:00:00Z")
    return conclude((), selection(), shot, policy(controls, **fields))


def words(found: Any) -> dict[str, tuple[str, str]]:
    return {row.control.id: (row.word, row.reason) for row in found.controls}


def test_controls_that_rest_on_reports_stand_as_the_worst_of_them() -> None:
    other = replace(CLOUD, id="mail", name="Example Mail")
    good = words(concluded(CLOUD, other))
    assert good["PH-01"][0] == good["VN-02"][0] == "no_failures_observed"
    # One of two is past its end, and was not reviewed this year: the other does not stand for it.
    old = replace(other, report=replace(REPORT, ends=date(2026, 3, 31), bridge_until=None, reviewed_on=None))
    bad = words(concluded(CLOUD, old))
    none = "No evidence recorded: physical access review"
    assert bad == {
        "PH-01": ("no_evidence", f"{none}; vendor report expired after 2026-03-31 (mail)."),
        "VN-02": ("no_evidence", "Expected 1: 1 open (2026)."),
    }
    late = words(concluded(CLOUD, old, on="2027-02-15"))
    assert late["VN-02"] == ("failures_observed", "Expected 1: 1 absent (2026).")
    lacking = words(concluded(CLOUD, replace(other, report=None)))
    assert lacking["PH-01"] == ("no_evidence", f"{none}; no evidence recorded: vendor report (mail).")


def test_a_carved_out_criterion_shows_who_watches_over_it() -> None:
    stated = concluded(CLOUD, controls=(VN,), stated={"CC6.4": ("subservice", "The cloud locks its doors.")})
    assumed = concluded(CLOUD, controls=(VN,))
    for found in (stated, assumed):
        [row] = [row for row in found.criteria if row.criterion.id == "CC6.4"]
        assert (row.state, [one.control.id for one in row.controls]) == ("subservice", ["VN-02"])
    # Where a control of ours serves it too, it is ours.
    [own] = [row for row in concluded(CLOUD).criteria if row.criterion.id == "CC6.4"]
    assert own.state == "controls"


def test_what_each_owes_the_other_is_told_with_how_it_stands() -> None:
    vendor = replace(CLOUD, report=replace(REPORT, bridge_until=date(2026, 10, 31), opinion="qualified"))
    rows = standings(Programme(subservices=(vendor,)), WINDOW, ON)
    customers = (EntityControl("UE-1", "Customers keep their keys.", ("CC6.1",), "AC-01"),)
    assert list(told(rows, customers, {"AC-01": "failures observed"})) == [
        (
            "Example Cloud",
            "carved out; SOC 2 Type II, 2025-10-01 to 2026-09-30, bridge letter to 2026-10-31; "
            "its report speaks until 2026-09-30, and nothing after 2026-10-31; opinion qualified; "
            "nothing speaks for 24 days of the window: 2026-11-01 to 2026-11-24; watched by VN-02 (not judged)",
        ),
        ("Example Cloud", "asks of us: Users turn encryption on - AC-01 (failures observed)"),
        ("UE-1", "customers: Customers keep their keys - AC-01 (failures observed) depends on it"),
    ]


def test_a_recurring_control_that_began_within_the_window_says_so() -> None:
    late = replace(VN, occurs=Recurrence("year", 30, date(2026, 6, 1)))
    assert words(concluded(CLOUD, controls=(late, PH)))["VN-02"][1].endswith(
        "expected since 2026-06-01 only, and the window begins on 2026-01-01."
    )
