"""``auditreel sample``: the population is frozen before the nonce is known, and the recipe draws the same."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from engine.evidence import chain
from engine.evidence.entries import Replacement
from engine.evidence.layout import Layout
from engine.evidence.trust import Trust, read_trust
from engine.evidence.verify import verify
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import CONTROLS, ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in
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


def opened(folder: Path) -> tuple[Layout, Trust]:
    """The store of ``folder``, to read its chain."""
    return Layout(folder / "store"), read_trust(folder / "config" / "trust.json")


def problems(folder: Path) -> list[str]:
    report = verify(folder / "store", read_trust(folder / "config" / "trust.json"))
    return [str(fault) for fault in report.problems]


def test_items_are_all_that_any_night_saw_and_the_recipe_draws_the_same(folder: Path) -> None:
    code, units, said = sample(folder, "freeze", ENCRYPTED, *PERIOD)
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


def test_what_a_control_by_event_rests_on_is_a_population_of_events(tmp_path: Path) -> None:
    was, now = (f"operation: {how}\n    checks: [aws.s3.encrypted]" for how in ("continuous", "per_event"))
    controls = CONTROLS.replace(was, now)
    for day in (1, 2):
        recorded(
            reopened(tmp_path) if day > 1 else store_in(tmp_path),
            f"2026-06-0{day}T01:00:00Z",
            {ENCRYPTED: {f"restore-{day}": "pass"}},
            controls=controls,
        )
    code, units, _ = sample(tmp_path, "freeze", ENCRYPTED, *PERIOD)
    assert (code, [unit.rpartition(":")[2] for unit in units]) == (0, ["restore-1", "restore-2"])
    (frozen,) = (body for _, body in chain.read(*opened(tmp_path)).of_kind("population"))
    assert frozen.unit == "events"


def test_a_replacement_is_the_next_in_the_order_with_its_reason_and_every_format_shows_it(folder: Path) -> None:
    _, units, said = sample(folder, "freeze", ENCRYPTED, *PERIOD)
    of = entry(said)
    order = SAMPLE(units, "seven of hearts", len(units))
    assert sample(folder, "replace", of, order[0], "--reason", "x")[0] == 2  # nothing was drawn yet
    assert sample(folder, "draw", of, "--size", "2", "--nonce", "seven of hearts")[1] == order[:2]
    code, _, told = sample(folder, "draw", of, "--size", "3", "--nonce", "seven of hearts")
    assert (code, f"2 were drawn from entry {of} already" in told) == (2, True)

    first = sample(folder, "replace", of, order[0], "--reason", "Its owner has left the company.")
    second = sample(folder, "replace", of, order[2], "--reason", "Deleted before the test.")
    assert (first[:2], second[:2]) == ((0, [order[2]]), (0, [order[3]]))
    for unit, reason, message in (
        (order[0], "Again.", "is not in the sample of entry"),
        (order[4], "Never drawn.", "is not in the sample of entry"),
        (order[1], " ", "--reason takes text of 1 to 4,000 characters"),
    ):
        code, drawn, told = sample(folder, "replace", of, unit, "--reason", reason)
        assert (code, drawn, message in told) == (2, [], True)
    assert sample(folder, "replace", of, order[1], "--reason", "Cannot be read.")[:2] == (0, [order[4]])
    code, _, told = sample(folder, "replace", of, order[3], "--reason", "The last.")
    assert (code, "all 5 units" in told) == (2, True)
    assert problems(folder) == []

    for form in ("text", "markdown", "html", "oscal", "ocsf"):
        done = auditreel(folder, "report", "type2", *PERIOD, "--format", form)
        assert (done.returncode, done.stderr) == (0, b"")
        text = html.unescape(done.stdout.decode()).replace("`", "").replace('\\"', '"')
        for part in ("Its owner has left the company.", "Deleted before the test.", "seven of hearts"):
            assert part in " ".join(text.split()), form


def test_a_replacement_that_somebody_chose_is_not_reported(folder: Path) -> None:
    """The holder of the key puts another unit than the next in the place of one."""
    of = entry(sample(folder, "freeze", "--nights", *PERIOD)[2])
    _, drawn, _ = sample(folder, "draw", of, "--size", "1", "--nonce", "dice")
    order = SAMPLE([f"2026-06-0{day}" for day in range(1, 5)], "dice", 4)
    assert drawn == order[:1]
    store = reopened(folder)
    (nonce,) = (placed.link for placed, _ in chain.read(*opened(folder)).of_kind("nonce"))
    body = Replacement(draw=nonce, unit=order[0], by=order[2], reason="0" * 64)
    store.chain().append("replacement", body, "2026-06-10T09:00:00Z")
    done = auditreel(folder, "report", "type2", *PERIOD)
    assert (done.returncode, done.stdout) == (5, b"")
    assert "by another than the next in the order of the draw" in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("freeze", *PERIOD), "name a CHECK or --nights"),
        (("freeze", ENCRYPTED, "--nights", *PERIOD), "name a CHECK or --nights"),
        (("freeze", "aws.s3.other", *PERIOD), "no run of the period judged anything by aws.s3.other"),
        (("draw", "1", "--size", "1"), "entry 1 freezes no population"),
        (("draw", "99", "--size", "1"), "entry 99 freezes no population"),
    ],
)
def test_what_cannot_be_sampled_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, drawn, told = sample(folder, *arguments)
    assert (code, drawn) == (2, [])
    assert said in told
