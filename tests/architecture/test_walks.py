"""The three walks of engine/README.md are true: each is walked, and the functions are called in its order."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_GENERATOR
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
import pytest

from engine.cli import group, main
from engine.custody.upkeep import initialise
from tests.emulators.aws_wire import AwsWire
from tests.plans import PlanBuilder
from tests.unit.evidence.nightly import ENCRYPTED, a_check, begun, judged
from tests.unit.evidence.synthetic_runs import store_in

README = Path(__file__).resolve().parents[2] / "engine" / "README.md"


def walks() -> dict[str, list[str]]:
    """The functions of each walk, by the line above it."""
    _, _, below = README.read_text("utf-8").partition("## Three walks\n")
    text = below.partition("\n## ")[0]
    found = re.findall(r"^(\S[^\n]*):\n\n((?: {4}[^\n]+\n)+)", text, re.MULTILINE)
    return {title: [line.split()[0] for line in lines.splitlines()] for title, lines in found}


BUCKET, PLAN, NIGHT = walks()


@dataclass(frozen=True)
class Trace:
    """The calls of a walk's functions in their order, and which of them were made ``within`` which."""

    calls: list[str] = field(default_factory=list)
    within: set[tuple[str, str]] = field(default_factory=set)


@contextmanager
def tracing(walk: str) -> Iterator[Trace]:
    """The calls, in any thread, of the functions that a walk names."""
    wanted, found = frozenset(walks()[walk]), Trace()
    begun = set[FrameType]()
    names = {name.rpartition(".")[2] for name in wanted}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name in names and (name := called(frame)) in wanted:
            if frame.f_code.co_flags & CO_GENERATOR:
                # Going on with a generator is told as a call, too.
                if frame in begun:
                    return
                begun.add(frame)
            found.calls.append(name)
            outer = frame.f_back
            while outer is not None:
                if outer.f_code.co_name in names and (other := called(outer)) in wanted:
                    found.within.add((name, other))
                outer = outer.f_back

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


def called(frame: FrameType) -> str:
    """The function of a frame, as a walk names it."""
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"


def fits(walk: Sequence[str], calls: Sequence[str]) -> bool:
    """Whether the calls hold the walk, in its order."""
    left = iter(calls)
    return all(step in left for step in walk)


def held(walk: str, trace: Trace) -> None:
    """The calls follow the walk, and no two neighbours of it could as well be exchanged."""
    steps, calls = walks()[walk], trace.calls
    assert [step for step in steps if step not in calls] == []
    reached = next((number for number in range(len(steps)) if not fits(steps[: number + 1], calls)), None)
    assert reached is None, f"{steps[reached]} is not called after {steps[reached - 1]}"
    for number, (first, second) in enumerate(pairwise(steps)):
        nested = (second, first) in trace.within and (first, second) not in trace.within
        turned = [*steps[:number], second, first, *steps[number + 2 :]]
        assert nested or not fits(turned, calls), f"{first} and {second} may as well stand the other way round"


def test_a_buckets_encryption_goes_from_the_answer_to_its_record(
    aws_env: AwsWire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("s3").create_bucket(Bucket="logs")
    initialise(str(tmp_path / "store"), tmp_path / "config")
    place = ("--store", str(tmp_path / "store"), "--config", str(tmp_path / "config"))
    asked = ("--check", "aws.s3.bucket_default_encryption", "--region", "us-east-1", "--format", "json", *place)

    with tracing(BUCKET) as trace:
        code = main(group, ["run", *asked], "auditreel")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["record"]["records"] == 1
    held(BUCKET, trace)


def test_a_value_of_a_plan_goes_to_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = (
        PlanBuilder()
        .create("aws_kinesis_stream.clicks", name="clicks", encryption_type="NONE")
        .write(tmp_path / "plan")
    )

    with tracing(PLAN) as trace:
        code = main(group, ["gate", str(plan), "--check", "aws.kinesis.stream_encrypted", "--format", "sarif"], "x")

    assert code == 3
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "aws.kinesis.stream_encrypted"
    held(PLAN, trace)


def test_a_sealed_night_goes_to_a_failure_that_an_auditor_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = store_in(tmp_path)
    at, check = "2026-06-02T01:00:00Z", a_check(ENCRYPTED)
    night, found = begun(store, at, [check]), judged(at, {ENCRYPTED: {"b": "fail"}}, [check])
    night.add(found.snapshot, found.findings)
    place = ("--store", str(tmp_path / "store"), "--config", str(tmp_path / "config"))
    asked = ("--from", "2026-06-02", "--to", "2026-06-02", "--format", "html", *place)

    with tracing(NIGHT) as trace:
        night.seal(found, at)
        code = main(group, ["report", "type2", *asked], "auditreel")

    assert code == 0
    assert "F-001" in capsys.readouterr().out
    held(NIGHT, trace)
