"""``auditreel sample``: the population is frozen before the nonce is known, and the recipe draws the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import store_in
from tests.unit.evidence.test_drawn_samples import SAMPLE

PERIOD = ("--from", "2026-06-01", "--to", "2026-06-04")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = store_in(tmp_path)
    for day in (1, 2, 4):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": "fail", f"night-{day}": "pass"}})
    return tmp_path


def sample(folder: Path, *arguments: str) -> tuple[int, list[str], str]:
    done = auditreel(folder, "sample", *arguments)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


def entry(said: str) -> str:
    """The entry that a freeze names."""
    return said.partition("frozen in entry ")[2].splitlines()[0]


def problems(folder: Path) -> list[str]:
    report = verify(folder / "store", read_trust(folder / "config" / "trust.json"))
    return [str(fault) for fault in report.problems]


def test_items_are_all_that_any_night_saw_and_the_recipe_draws_the_same(folder: Path) -> None:
    code, units, said = sample(folder, "freeze", "--check", ENCRYPTED, *PERIOD)
    assert code == 0
    assert [unit.rpartition(":")[2] for unit in units] == ["a", "b", "night-1", "night-2", "night-4"]

    code, drawn, told = sample(folder, "draw", entry(said), "--size", "2", "--nonce", "seven of hearts")

    assert (code, drawn) == (0, SAMPLE(units, "seven of hearts", 2))
    assert (
        f"Replacements, in this order, each with a reason: {', '.join(SAMPLE(units, 'seven of hearts', 4)[2:])}" in told
    )
    assert problems(folder) == []


def test_nights_are_those_that_were_expected(folder: Path) -> None:
    code, units, _ = sample(folder, "freeze", "--nights", *PERIOD)
    assert (code, units) == (0, ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"])


def test_a_population_is_drawn_from_by_one_nonce(folder: Path) -> None:
    frozen = entry(sample(folder, "freeze", "--nights", *PERIOD)[2])
    first = sample(folder, "draw", frozen, "--size", "2", "--nonce", "one")
    assert sample(folder, "draw", frozen, "--size", "2", "--nonce", "one") == first
    code, drawn, said = sample(folder, "draw", frozen, "--size", "2", "--nonce", "two")
    assert (code, drawn) == (2, [])
    assert "was drawn from already, by another nonce" in said


def test_a_draw_without_a_nonce_says_that_it_is_internal(folder: Path) -> None:
    frozen = entry(sample(folder, "freeze", "--nights", *PERIOD)[2])
    code, drawn, said = sample(folder, "draw", frozen, "--size", "1")
    assert (code, len(drawn)) == (0, 1)
    assert "an internal draw: whoever drew could have drawn again" in said


def test_a_list_that_was_altered_is_no_population(folder: Path) -> None:
    code, _, said = sample(folder, "freeze", "--nights", *PERIOD)
    path = folder / "store" / "content" / said.partition("digest ")[2].partition(",")[0]
    path.write_bytes(path.read_bytes().replace(b"2026-06-03", b"2026-06-05"))
    assert problems(folder) == [f"content/{path.name}: its bytes are not those of its name"]
    code, drawn, told = sample(folder, "draw", entry(said), "--size", "1", "--nonce", "dice")
    assert (code, drawn) == (5, [])
    assert "it is not the list that was frozen" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("freeze", *PERIOD), "name --check ID or --nights"),
        (("freeze", "--check", ENCRYPTED, "--nights", *PERIOD), "name --check ID or --nights"),
        (("freeze", "--check", "aws.s3.other", *PERIOD), "no run of the period judged anything by aws.s3.other"),
        (("draw", "1", "--size", "1"), "entry 1 freezes no population"),
        (("draw", "99", "--size", "1"), "entry 99 freezes no population"),
    ],
)
def test_what_cannot_be_sampled_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, drawn, told = sample(folder, *arguments)
    assert (code, drawn) == (2, [])
    assert said in told
