"""``auditreel diff``: what changed between two sealed runs, and what was not looked at is never called fixed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.evidence.seal import Judged, Recorder, Sealed
from engine.model import Collection, LeftOut, Scope
from tests.unit.evidence.nightly import (
    ENCRYPTED,
    VERSIONED,
    WAIVER,
    a_check,
    accepted,
    begun,
    judged,
    plan,
    recorded,
)
from tests.unit.evidence.synthetic_runs import BUCKET, SCOPE, finding, store_in

FIRST, SECOND = "2026-06-01T01:00:00Z", "2026-06-02T01:00:00Z"
CHECK = a_check(ENCRYPTED)
Diff = Callable[..., tuple[int, Any]]


@pytest.fixture
def store(tmp_path: Path) -> Recorder:
    return store_in(tmp_path)


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Diff:
    """``auditreel diff`` on the store: the exit code, and what it printed (of JSON the value)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))

    def called(*arguments: str, form: str = "json") -> tuple[int, Any]:
        words = ["diff", *arguments, "--store", str(tmp_path / "store"), "--format", form]
        code = cli.main(cli.group, words, "auditreel")
        out = capsys.readouterr()
        return code, json.loads(out.out) if form == "json" and out.out else out.out + out.err

    return called


def night(store: Recorder, at: str, buckets: dict[str, str], **more: Any) -> Sealed:
    return recorded(store, at, {ENCRYPTED: buckets}, checks=more.pop("checks", [CHECK]), **more)


def turns(found: Any) -> list[tuple[str, str, str | None, str | None]]:
    return [(row["turn"], row["subject"]["name"], row["before"], row["after"]) for row in found["turned"]]


MOVES = {
    "a new failure": ("pass", "fail", [("new_failure", "b", "pass", "fail")], 3),
    "fixed": ("fail", "pass", [("fixed", "b", "fail", "pass")], 0),
    "does not apply any more": ("fail", "not_applicable", [("fixed", "b", "fail", "not_applicable")], 0),
    "failing still": ("fail", "fail", [], 0),
    "unreadable after a failure": ("fail", "unknown", [("unreadable", "b", "fail", "unknown")], 4),
    "unreadable": ("pass", "unknown", [("unreadable", "b", "pass", "unknown")], 4),
    "readable again": ("unknown", "pass", [("readable", "b", "unknown", "pass")], 0),
    "readable again and failing": ("unknown", "fail", [("found_failing", "b", "unknown", "fail")], 3),
    "unreadable still": ("unknown", "unknown", [], 0),
}


@pytest.mark.parametrize(("before", "after", "told", "code"), MOVES.values(), ids=MOVES)
def test_each_move_of_a_verdict_has_its_name(
    store: Recorder, diff: Diff, before: str, after: str, told: list[Any], code: int
) -> None:
    night(store, FIRST, {"a": "pass", "b": before})
    night(store, SECOND, {"a": "pass", "b": after})

    exit_code, found = diff()

    assert (exit_code, turns(found), found["quiet"]) == (code, told, not told)
    assert found["exit"]["code"] == code


def test_a_changed_test_is_told_apart_and_fixes_nothing(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "fail", "b": "pass"})
    night(store, SECOND, {"a": "pass", "b": "fail"}, parameters={ENCRYPTED: {"max_days": 90}})

    code, found = diff()

    assert turns(found) == [("test_changed", "a", "fail", "pass"), ("test_changed", "b", "pass", "fail")]
    assert [(row["kind"], row["name"], row["before"], row["now"], row["weaker"]) for row in found["changes"]] == [
        ("parameter", f"{ENCRYPTED}.max_days", "30", "90", True)
    ]
    assert code == 3


def test_what_is_unreadable_is_so_by_any_test(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "fail"})
    night(store, SECOND, {"a": "unknown"}, parameters={ENCRYPTED: {"max_days": 90}})

    code, found = diff()

    assert (code, turns(found)) == (4, [("unreadable", "a", "fail", "unknown")])


def test_what_is_gone_was_listed_and_what_was_not_listed_is_not_gone(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "fail", "b": "pass"})
    gone = night(store, SECOND, {"c": "pass"})
    unlisted = night(store, "2026-06-03T01:00:00Z", {}, listing="failed")

    code, found = diff(oldest(store), gone.run)
    assert (code, turns(found)) == (0, [("gone", "a", "fail", None)])
    assert [row["id"] for row in found["gone"]] == ["arn:aws:s3:::a", "arn:aws:s3:::b"]
    assert [row["id"] for row in found["new"]] == ["arn:aws:s3:::c"]

    code, found = diff(oldest(store), unlisted.run)
    assert (code, [row["turn"] for row in found["turned"]]) == (4, ["unreadable", "unseen"])
    assert (found["gone"], found["new"]) == ([], [])

    code, found = diff(unlisted.run, gone.run)
    assert (code, turns(found)) == (0, [("readable", str(SCOPE), "unknown", None)])
    assert found["new"] == []


def oldest(store: Recorder) -> str:
    """The id of the first run."""
    return next(path.name for path in sorted((store.layout.root / "runs").iterdir()))


def test_an_account_or_a_check_that_is_judged_no_more_is_coverage_lost(store: Recorder, diff: Diff) -> None:
    other = Scope("aws", "210987654321", "eu-west-1")
    both = judged(FIRST, {ENCRYPTED: {"a": "pass"}, VERSIONED: {"a": "pass"}}, [CHECK, a_check(VERSIONED)])
    there = replace(both.snapshot.resources[0], id="arn:aws:s3:::z", name="z", account=other.account)
    snapshot = replace(
        both.snapshot,
        scopes=(SCOPE, other),
        collections=(*both.snapshot.collections, Collection(BUCKET, other, "complete", 1)),
        resources=(*both.snapshot.resources, there),
    )
    added = [finding(CHECK, there, "fail", message="It is too old.")]
    seal(
        store, FIRST, Judged(snapshot, [*both.findings, *added], both.populations[:0], {}), [CHECK, a_check(VERSIONED)]
    )
    one = judged(SECOND, {ENCRYPTED: {"a": "pass"}}, [CHECK])
    left = LeftOut(Scope("aws", other.account, "*"), "sandbox", "excluded by the policy")
    seal(store, SECOND, replace(one, snapshot=replace(one.snapshot, left_out=(left,))), [CHECK])

    code, found = diff()

    assert found["uncovered"] == [
        {"kind": "account", "name": other.account, "checks": 1, "why": "left out: excluded by the policy"},
        {"kind": "check", "name": VERSIONED, "checks": 1, "why": "it is not selected any more"},
    ]
    assert turns(found) == [("unseen", "z", "fail", None)]
    assert (code, found["gone"]) == (4, [])
    assert diff("--allow-incomplete")[0] == 0


def seal(store: Recorder, at: str, what: Judged, checks: list[Any]) -> Sealed:
    run = begun(store, at, checks)
    findings = sorted(what.findings, key=lambda row: row.order)
    run.add(what.snapshot, findings)
    return run.seal(replace(what, findings=findings), at)


def test_waivers_that_end_and_failures_that_lose_theirs_are_told(store: Recorder, diff: Diff) -> None:
    near = ("expires: 2027-01-01", "expires: 2026-06-01")
    waived = {"b": replace(accepted("b", CHECK), expires=date(2026, 6, 1))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.unit.evidence.nightly.WAIVER", WAIVER.replace(*near))
        first = night(store, FIRST, {"b": "fail"}, accepted=waived)
        second = night(store, SECOND, {"b": "fail"})

    code, found = diff()
    assert (code, turns(found)) == (3, [("no_longer_waived", "b", "fail", "fail")])
    assert [(row["id"], row["owner"], row["days"]) for row in found["waivers"]] == [("2026-014", "Ops", -1)]
    code, found = diff(second.run, first.run)
    assert (code, turns(found), found["turned"][0]["waiver"]) == (0, [("waived", "b", "fail", "fail")], "2026-014")
    assert [row["days"] for row in found["waivers"]] == [0]


def test_nights_without_a_run_and_runs_without_a_seal_stand_between(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "pass"})
    died = begun(store, "2026-06-02T01:00:00Z", [CHECK]).id
    night(store, "2026-06-04T01:00:00Z", {"a": "pass"})

    code, found = diff()

    assert (found["missed"], found["unsealed"]) == (["2026-06-02", "2026-06-03"], [[died, "never sealed"]])
    assert (code, found["quiet"]) == (0, False)


def test_runs_are_chosen_that_were_asked_the_same(store: Recorder, diff: Diff) -> None:
    first = night(store, FIRST, {"a": "fail"})
    part = night(store, "2026-06-01T09:00:00Z", {"a": "pass"}, planned=plan("adhoc", checks=[ENCRYPTED]))
    second = night(store, SECOND, {"a": "pass"})

    def compared(*runs: str) -> list[str]:
        found = diff(*runs)[1]
        return [found[name]["run"] for name in ("before", "after")]

    assert compared() == [first.run, second.run]
    assert compared(part.run) == [part.run, second.run]
    assert compared(second.run, first.run) == [second.run, first.run]


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((), "has none before it that read the clouds and was asked the same"),
        (("20260601T010000Z-00000000",), "holds no sealed run 20260601T010000Z-00000000"),
        (("a", "b", "c"), "3 runs are named; two are compared"),
        (("a", "a"), "a is named twice"),
    ],
)
def test_what_cannot_be_compared_is_said(store: Recorder, diff: Diff, runs: tuple[str, ...], said: str) -> None:
    night(store, FIRST, {"a": "pass"})
    code, told = diff(*runs, form="text")
    assert code == 2
    assert said in " ".join(told.split())


def test_a_run_that_does_not_verify_is_not_compared(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "fail"})
    sealed = night(store, SECOND, {"a": "pass"})
    path = store.layout.findings(sealed.run)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    code, told = diff(form="text")

    assert code == 5
    assert "does not verify" in told


def test_people_read_the_same_on_a_screen_and_on_a_page(store: Recorder, diff: Diff) -> None:
    night(store, FIRST, {"a": "pass", "b": "fail"})
    night(store, SECOND, {"a": "fail", "b": "pass", "c\x1b[2J`@everyone`": "fail"})

    code, text = diff(form="text")
    _, page = diff(form="markdown")

    assert code == 3
    assert text.startswith("NOT ANCHORED: ")
    flat = " ".join(text.split())
    assert f"high {ENCRYPTED} arn:aws:s3:::a in 123456789012/eu-west-1: pass, now fail" in flat
    assert "exit 3: new failures at or above low: 2" in flat
    for told in (text, page):
        assert "\x1b" not in told
        for heading in ("New failures", "Fixed", "New resources"):
            assert heading in told
