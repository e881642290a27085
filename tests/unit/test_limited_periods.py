"""A period as somebody sees it who was let see some criteria: nothing in it names what is of others."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from engine.diffs import Diff, Listed, Side, Turned, Uncovered, WaiverEnd
from engine.evidence.period.limited import limited, limited_diff
from engine.model import Scope, Subject
from engine.periods import Change, NotRetained, Period, Tally
from engine.report import PERIOD_FORMATS, Options
from tests.golden.periods import every_state

FORMS = ("text", "markdown", "html", "oscal", "ocsf", "csv")


def checks_of(period: Period, criteria: tuple[str, ...]) -> set[str]:
    rows = [row.control for row in period.controls if set(criteria).intersection(row.control.criteria)]
    return {id_ for row in rows for id_ in (*row.checks, *(one for group in row.alternatives for one in group))}


@pytest.mark.parametrize("criterion", [row.criterion.id for row in every_state().criteria])
def test_no_control_check_or_resource_of_others_is_named(criterion: str) -> None:
    whole = every_state()
    checks = checks_of(whole, (criterion,))
    found = limited(whole, (criterion,), checks)
    said = msgspec.json.encode(found, enc_hook=str).decode()
    own = {row.control.id for row in whole.controls if criterion in row.control.criteria}
    others = {row.control.id for row in whole.controls} - own
    others |= {row.check for row in (*whole.populations, *whole.failures, *whole.coverage)} - checks
    others |= {row.criterion.id for row in whole.criteria} - {criterion}
    shown = {row.subject.id for row in whole.failures if row.check in checks}
    others |= {row.subject.id for row in whole.failures} - shown
    assert {name for name in others if f'"{name}"' in said} == set()
    assert {row.control.id for row in found.controls} == own
    assert [row.check for row in found.failures] == [row.check for row in whole.failures if row.check in checks]


def test_every_form_says_first_what_it_is_limited_to() -> None:
    whole = every_state()
    found = limited(whole, ("CC6.1",), checks_of(whole, ("CC6.1",)))
    for form in FORMS:
        data = PERIOD_FORMATS[form]
        texts = [data.render(found, Options()), *data.files(found, Options()).values()]
        assert any("imited to CC6.1" in " ".join(text.decode().replace("`", "").split()) for text in texts), form


def test_counts_of_a_removed_run_are_those_of_what_is_shown() -> None:
    whole = every_state()
    kept = {"mine": Tally(1, 2, 3, 4), "other": Tally(10, 20, 30, 40)}
    at = whole.frames[0].moment
    row = NotRetained(
        at, "2026-08-01", at.as_of, 9, "rule", "0" * 64, 11, 22, 33, 44, 5, kept, {"DP-00": kept["other"]}
    )
    found = limited(replace(whole, not_retained=(row,)), ("CC6.1",), {"mine"}).not_retained[0]
    assert (found.passed, found.failed, found.unknown, found.not_applicable) == (1, 2, 3, 4)
    assert (found.checks, found.controls) == ({"mine": Tally(1, 2, 3, 4)}, {})


def test_two_runs_are_compared_by_what_is_of_the_criteria_alone() -> None:
    whole = every_state()
    checks = checks_of(whole, ("CC6.1",))
    period = limited(whole, ("CC6.1",), checks)
    mine, at = sorted(checks)[0], whole.frames[0].moment
    type_ = next(row.resource_type for row in period.populations)
    owner, scope = period.controls[0].control.owner, Scope("aws", "1", "eu-west-1")
    waiver = next(iter(period.waivers), None)
    side = Side("run", "scheduled", at.as_of, None, 1, "live", False, "2026-06-01")

    def turned(check: str, subject: str) -> Turned:
        about = Subject("resource", type_, subject, subject)
        return Turned("fixed", check, check, "high", scope, about, "fail", "pass", (owner, "other owner"))

    found = Diff(
        organization="Example Ltd",
        anchored="NOT ANCHORED",
        demonstration=False,
        before=side,
        after=side,
        turned=(turned(mine, "mine"), turned("other.check", "other subject")),
        new=(Listed(type_, scope, "mine"), Listed("Other::Type", scope, "other subject")),
        gone=(Listed("Other::Type", scope, "other subject"),),
        changes=(Change("check", mine, at, at, "1", "2"), Change("check", "other.check", at, at, "1", "2")),
        waivers=(WaiverEnd("other waiver", "other.check", "other owner", "2026-07-01", 9),),
        uncovered=(Uncovered("check", "other.check", 1, "why"), Uncovered("account", "1", 77, "it was not asked")),
    )
    shown = limited_diff(found, period, checks)
    said = msgspec.json.encode(shown, enc_hook=str).decode()
    assert "other" not in said.replace("everything else", "")
    assert shown == replace(
        found,
        anchored="NOT ANCHORED. Limited to CC6.1: of everything else nothing is said here",
        turned=(replace(found.turned[0], owners=(owner,)),),
        new=found.new[:1],
        gone=(),
        changes=found.changes[:1],
        waivers=(),
        uncovered=(replace(found.uncovered[1], checks=0),),
    )
    if waiver is not None:
        ends = WaiverEnd(waiver.id, waiver.check, "owner", "2026-07-01", 9)
        assert limited_diff(replace(found, waivers=(ends,)), period, checks).waivers == (ends,)
