"""What changed in how was judged stands where it was first seen; what a filtered run lacks is no change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.evidence.period.changes import Facts, Key, changes
from engine.periods import Change, Moment

A, B, C, D = (Moment(f"2026-06-0{day}T01:00:00Z", f"run-{day}") for day in range(1, 5))
ONE: Mapping[Key, str] = {("check", "a"): "version 1", ("selection", "a"): "selected", ("engine", "auditreel"): "1"}


def facts(*rows: tuple[Moment, bool, Mapping[Key, str]]) -> list[Facts]:
    return [Facts(*row) for row in rows]


def test_nothing_changes_in_the_first_frame_nor_in_equal_ones() -> None:
    assert list(changes(facts((A, False, ONE), (B, False, ONE), (C, False, dict(ONE))), 0)) == []


def test_a_change_is_told_with_the_last_frame_before_it() -> None:
    newer = {**ONE, ("check", "a"): "version 2"}

    assert list(changes(facts((A, False, ONE), (B, False, ONE), (C, False, newer), (D, False, newer)), 0)) == [
        Change("check", "a", B, C, "version 1", "version 2")
    ]


def test_a_change_before_the_period_is_not_of_it() -> None:
    newer = {**ONE, ("engine", "auditreel"): "2"}
    rows = facts((A, False, ONE), (B, False, newer), (C, False, ONE))

    assert list(changes(rows, 2)) == [Change("engine", "auditreel", B, C, "2", "1")]


def test_what_comes_and_goes_is_told_once_as_selection() -> None:
    two = {**ONE, ("check", "b"): "version 1", ("selection", "b"): "selected", ("parameter", "b.days"): "30"}

    assert list(changes(facts((A, False, ONE), (B, False, two), (C, False, ONE)), 0)) == [
        Change("selection", "b", A, B, None, "selected"),
        Change("selection", "b", B, C, "selected", None),
    ]


def test_a_check_that_comes_back_otherwise_is_compared_with_what_it_was() -> None:
    gone = {("engine", "auditreel"): "1"}
    rows = facts((A, False, ONE), (B, False, gone), (C, False, {**ONE, ("check", "a"): "version 2"}))

    assert list(changes(rows, 0)) == [
        Change("selection", "a", A, B, "selected", None),
        Change("check", "a", A, C, "version 1", "version 2"),
        Change("selection", "a", B, C, None, "selected"),
    ]


@pytest.mark.parametrize("kind", ["check", "parameter"])
def test_a_filtered_run_shows_what_it_judged_and_nothing_by_what_it_lacks(kind: str) -> None:
    both = {(kind, "a"): "1", (kind, "b"): "1", ("selection", "a"): "selected", ("boundary", "aws/x"): "asked"}
    part = {(kind, "a"): "2"}

    assert list(changes(facts((A, False, both), (B, True, part), (C, False, {**both, (kind, "a"): "2"})), 0)) == [  # type: ignore[dict-item]
        Change(kind, "a", A, B, "1", "2")  # type: ignore[arg-type]
    ]


def test_a_control_or_a_policy_file_that_is_new_or_gone_is_told_even_by_a_filtered_run() -> None:
    more = {**ONE, ("control", "AC-01"): "d1", ("policy", "waivers/a.yaml"): "d2"}

    assert list(changes(facts((A, False, ONE), (B, True, more), (C, False, ONE)), 0)) == [
        Change("control", "AC-01", A, B, None, "d1"),
        Change("policy", "waivers/a.yaml", A, B, None, "d2"),
        Change("control", "AC-01", B, C, "d1", None),
        Change("policy", "waivers/a.yaml", B, C, "d2", None),
    ]
