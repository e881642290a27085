"""A period, judged by another version of a check: every verdict that the two do not share, and what was not tested."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.collection import snapshot as snapshots
from engine.content.load import Content
from engine.content.root import find
from engine.content.stored import parse_stored
from engine.custody.rejudging import retest
from engine.custody.upkeep import initialise
from engine.custody.verification import Verdict
from engine.errors import UsageError, VerificationError
from engine.model import Clock, Snapshot
from engine.run import request
from engine.run.observing import DEMO
from engine.run.pipeline import run
from engine.run.request import RunRequest

CHECK = "aws.ec2.ebs_volume_encrypted"
OTHER = "aws.iam.root_mfa_enabled"
NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")
Seal = Callable[..., str]


def stricter(content: Content) -> Content:
    """The check in a version 2 that no volume passes."""
    source = content.checks[CHECK].source.replace(b"version: 1", b"version: 2", 1)
    rewritten = source.replace(b"expression: resource.encrypted", b"expression: resource.encrypted && false", 1)
    (other,) = parse_stored({CHECK: rewritten}, find())
    return replace(content, checks={**content.checks, CHECK: other})


@pytest.fixture
def seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seal:
    """Seals a run on the fictional company's snapshot as of a night; gives its id."""
    initialise(str(tmp_path / "store"), tmp_path / "config")
    load = request.load

    def sealed(
        night: str,
        check: str = CHECK,
        content: Callable[[Content], Content] = lambda content: content,
        snapshot: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
    ) -> str:
        path = tmp_path / f"{night}.json"
        path.write_bytes(snapshots.written(snapshot(replace(snapshots.read(DEMO), as_of=f"{night}T02:00:00Z"))))
        asked = RunRequest(tmp_path / "config", store=str(tmp_path / "store"), snapshot=str(path), checks=(check,))
        with monkeypatch.context() as patched:
            patched.setattr(request, "load", lambda root, clouds: content(load(root, clouds=clouds)))
            found = run(asked, Clock(lambda: f"{night}T02:00:00Z", lambda: 0.0, lambda seconds: None))
        assert found.run_id is not None
        return found.run_id

    return sealed


def judged(folder: Path, version: int, first: str = NIGHTS[0], last: str = NIGHTS[-1], check: str = CHECK) -> Verdict:
    return retest(check, version, (first, last), str(folder / "store"), folder / "config")


def differing(verdict: Verdict) -> list[tuple[str, str]]:
    """(night, "before -> after") of each difference."""
    return [
        (line[:10], line.rpartition(": ")[2])
        for line in verdict.lines
        if re.search(r": [a-z_ ()]+ -> [a-z_ ()]+$", line)
    ]


def test_a_stricter_version_differs_where_the_old_one_passed_and_only_before_it_came(
    tmp_path: Path, seal: Seal
) -> None:
    for night in NIGHTS[:2]:
        seal(night)
    seal(NIGHTS[2], content=stricter)

    verdict = judged(tmp_path, 2)

    assert verdict.exit_code == 0
    passed = [(night, "pass -> fail") for night in NIGHTS[:2]]
    assert sorted(set(differing(verdict))) == passed
    assert verdict.lines[-1].startswith("3 runs, 3 judged by it: ")


def test_the_old_version_judges_what_came_after_it(tmp_path: Path, seal: Seal) -> None:
    seal(NIGHTS[0])
    seal(NIGHTS[1], content=stricter)
    assert set(differing(judged(tmp_path, 1))) == {(NIGHTS[1], "fail -> pass")}


def test_a_period_ends_with_its_last_day(tmp_path: Path, seal: Seal) -> None:
    for night in NIGHTS[:2]:
        seal(night)
    seal(NIGHTS[2], content=stricter)
    assert {night for night, _ in differing(judged(tmp_path, 2, NIGHTS[1], NIGHTS[1]))} == {NIGHTS[1]}


def test_what_was_not_listed_then_was_not_tested(tmp_path: Path, seal: Seal) -> None:
    def without_volumes(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            collections=tuple(row for row in snapshot.collections if row.type != "AWS::EC2::Volume"),
            resources=tuple(item for item in snapshot.resources if item.type != "AWS::EC2::Volume"),
        )

    run_id = seal(NIGHTS[0], check=OTHER, snapshot=without_volumes)
    seal(NIGHTS[1], check=OTHER)

    verdict = judged(tmp_path, 1)

    assert verdict.exit_code == 4
    assert f"{NIGHTS[0]}T02:00:00Z run {run_id}: not tested: AWS::EC2::Volume was not listed then" in verdict.lines
    # On the second night they were: it is judged back.
    assert {night for night, _ in differing(verdict)} == {NIGHTS[1]}
    assert verdict.lines[-1].endswith(f"; first on {NIGHTS[1]}T02:00:00Z")


def test_what_was_not_read_then_was_not_tested(tmp_path: Path, seal: Seal) -> None:
    def unread(snapshot: Snapshot) -> Snapshot:
        kept = [
            replace(item, properties={name: value for name, value in item.properties.items() if name != "encrypted"})
            if item.type == "AWS::EC2::Volume"
            else item
            for item in snapshot.resources
        ]
        return replace(snapshot, resources=tuple(kept))

    run_id = seal(NIGHTS[0], check=OTHER, snapshot=unread)

    verdict = judged(tmp_path, 1)

    assert verdict.exit_code == 4
    assert f"{NIGHTS[0]}T02:00:00Z run {run_id}: not tested: resource.encrypted was not read then" in verdict.lines


def test_a_check_of_people_finds_them_under_the_names_that_evidence_hides(tmp_path: Path, seal: Seal) -> None:
    check = "aws.iam.user_console_mfa_enabled"
    seal(NIGHTS[0], check=check)
    verdict = judged(tmp_path, 1, check=check)
    assert (verdict.exit_code, differing(verdict)) == (0, [])
    assert re.fullmatch(r"1 runs, 1 judged by it: [1-9]\d* verdicts, 0 differ", verdict.lines[-1])


@pytest.mark.parametrize(("check", "version"), [(CHECK, 7), ("aws.ec2.no_such_check", 1)])
def test_a_version_that_nobody_has_is_named(tmp_path: Path, seal: Seal, check: str, version: int) -> None:
    seal(NIGHTS[0])
    with pytest.raises(VerificationError, match=f"{check}@{version}"):
        judged(tmp_path, version, check=check)


def test_an_altered_run_is_not_judged(tmp_path: Path, seal: Seal) -> None:
    run_id = seal(NIGHTS[0])
    path = tmp_path / "store" / "runs" / run_id / "findings.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(VerificationError, match="does not verify"):
        judged(tmp_path, 1)


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path, seal: Seal) -> None:
    with pytest.raises(UsageError, match="before it begins"):
        judged(tmp_path, 1, NIGHTS[1], NIGHTS[0])
