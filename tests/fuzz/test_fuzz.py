"""What fuzzing found stays found, and a short slice of it runs each time. ``python -m tests.fuzz`` runs it for long."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random

import pytest

from engine.errors import ExpressionError
from engine.expressions import compile
from tests.fuzz import fuzzing
from tests.fuzz.expressions import VARIABLES
from tests.fuzz.fuzzing import Target, Wrong, fuzz, targets, tried
from tests.fuzz.mutations import mutated, smaller
from tests.fuzz.typed import typed

SEED = 20261126
SLICES = {"cel": 300, "checks": 300, "yaml": 24, "plan": 60, "cloudformation": 150, "arm": 150, "bundle": 60}
SLICES |= {"store": 8, "chain": 400, "readers": 80}
"""How many inputs of each target the suite tries: some seconds together."""
CASES = sorted(path for path in (Path(__file__).parent / "cases").rglob("*") if path.is_file())
"""Small inputs by the name of their target; each raised something, or came out wrong, when it was found."""


@cache
def known() -> Mapping[str, Target]:
    return targets()


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_is_answered(path: Path) -> None:
    word, finding = tried(known()[path.parent.name], path.read_bytes())
    assert finding is None, finding
    assert word in ("read", "refused", "erased")


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_finds_nothing(name: str) -> None:
    report = fuzz(known()[name], 600.0, SEED, most=SLICES[name])
    assert report.findings == {}
    # It looked at something: genuine inputs are read, and altered ones are not all.
    assert report.ended.total() == SLICES[name]
    assert len(report.ended) > 1


def test_every_target_has_a_slice() -> None:
    assert SLICES.keys() == known().keys()


# --- that it finds what there is to find ---


def target(name: str = "made") -> Target:
    def judge(data: bytes) -> str:
        if b"!" in data:
            raise Wrong("it holds an exclamation mark")
        if b"?" in data:
            raise KeyError(data)
        if b"slow" in data:
            for _ in endless():
                pass
        return "read"

    return Target(name, lambda: (b'{"a": 1}', b"a: b\n"), judge, tokens=(b"!", b"?"), seconds=0.2)


def endless() -> Iterator[None]:
    while True:
        yield


@pytest.mark.parametrize(
    ("data", "word", "place"),
    [
        (b"a!b", "wrong", "Wrong: it holds an exclamation mark"),
        (b"a?b", "raised", "KeyError in test_fuzz.py:judge"),
        (b"slow", "slow", "Slow"),
    ],
)
def test_it_is_told_when_an_answer_is_wrong_raised_or_slow(data: bytes, word: str, place: str) -> None:
    said, finding = tried(target(), data)
    assert finding is not None
    assert (said, finding.place, finding.data) == (word, place, data)


def test_it_is_told_when_an_answer_takes_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "_peak", iter((100.0, 500.0, 500.0)).__next__)
    said, finding = tried(target(), b"x")
    assert finding is not None
    assert (said, finding.place, finding.what) == ("large", "Large", "took 400 MB")


def test_each_finding_is_kept_once_and_made_small() -> None:
    report = fuzz(target(), 60.0, SEED, most=300)
    found = {place: finding.data for place, finding in report.findings.items()}
    assert found == {"Wrong: it holds an exclamation mark": b"!", "KeyError in test_fuzz.py:judge": b"?"}


def test_equal_seeds_make_equal_inputs() -> None:
    made = [[mutated(Random(number), b'{"a": [1, {"b": 2}]}', (b"x",), (b"y",)) for number in range(200)] for _ in "12"]
    assert made[0] == made[1]
    assert len(set(made[0])) > 100
    read = 0
    for data in made[0]:
        try:
            json.loads(data)
        except ValueError:
            continue
        read += 1
    assert 50 < read < 190


def test_an_input_is_made_smaller_as_long_as_it_still_finds_the_same() -> None:
    assert smaller(b"x" * 500 + b"needle" + b"y" * 500, lambda data: b"needle" in data) == b"needle"


def test_expressions_that_have_a_type_are_read() -> None:
    read = 0
    for number in range(200):
        try:
            compile(typed(number, VARIABLES), VARIABLES, None)
        except ExpressionError:
            continue  # a constant that is none, as timestamp('a') is
        read += 1
    assert read > 170
