"""What is said of sealed runs in the chain must be about sealed runs, and be said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.evidence import canonical, chain
from engine.evidence.entries import (
    Close,
    Compact,
    FileFact,
    Link,
    Nonce,
    Population,
    Removed,
    Replacement,
    Response,
    Span,
    Tombstone,
    Tree,
    Verdicts,
)
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.unit.evidence.synthetic_runs import END, copied, record, reopened, store_in

LISTED = b'["a","b","c"]'
DIGEST = canonical.digest(b"x")
NOWHERE = Link(sequence=2, digest="0" * 64)


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    made = store_in(folder)
    record(made)
    record(made)
    return folder


@pytest.fixture
def recorder(filled_once: Path, tmp_path: Path) -> Recorder:
    return reopened(copied(filled_once, tmp_path))


def seals(recorder: Recorder) -> tuple[Link, ...]:
    return tuple(placed.link for placed, _ in chain.read(recorder.layout, recorder.trust).of_kind("seal"))


def said(recorder: Recorder, *bodies: tuple[str, Any]) -> list[str]:
    """What verifying says of further entries; a callable is told the link of the one before."""
    link: Link | None = None
    for kind, body in bodies:
        if kind == "population":
            recorder.layout.content(canonical.digest(LISTED)).write_bytes(LISTED)
        elif kind == "close":
            recorder.layout.content(DIGEST).write_bytes(b"x")
        link = recorder.chain().append(kind, body(link) if callable(body) else body, END)
    return [
        fault.message for fault in verify(recorder.layout.root, read_trust(recorder.trust_file), None, True).problems
    ]


def population(frames: tuple[Link, ...]) -> Population:
    digest = canonical.digest(LISTED)
    return Population(query="s3:ListBuckets", unit="items", digest=digest, count=3, frames=frames, check="aws.made.x")


def closing(seals: tuple[Link, ...], starts: str = "2026-11-01", ends: str = "2026-11-30") -> Close:
    span = Span(starts=starts, ends=ends, timezone="UTC")
    return Close(period=span, seals=seals, inputs=DIGEST, open_failures=DIGEST)


def drawn(nonce: str | None = "4711", internal: bool = False) -> Callable[[Link], Nonce]:
    return lambda link: Nonce(population=link, nonce=nonce, internal=internal)


def test_a_population_its_draw_and_a_closed_period_verify(recorder: Recorder) -> None:
    frames = seals(recorder)
    assert (
        said(
            recorder,
            ("population", population(frames)),
            ("nonce", drawn()),
            ("population", population(frames[:1])),
            ("nonce", drawn(None, True)),
            ("close", closing(frames[:1])),
            ("close", closing(frames[1:], "2026-12-01", "2026-12-31")),
        )
        == []
    )


@pytest.mark.parametrize("frame", [NOWHERE, Link(sequence=99, digest=DIGEST)])
def test_a_population_of_what_was_never_sealed_is_a_fault(recorder: Recorder, frame: Link) -> None:
    assert said(recorder, ("population", population((frame,)))) == ["names a frame that is no seal before it"]


@pytest.mark.parametrize(("nonce", "internal"), [(None, False), ("4711", True)])
def test_a_draw_is_the_auditors_or_internal_and_never_both(
    recorder: Recorder, nonce: str | None, internal: bool
) -> None:
    found = said(recorder, ("population", population(seals(recorder))), ("nonce", drawn(nonce, internal)))
    assert found == ["is neither an auditor's draw nor marked as internal"]


def test_a_population_is_drawn_from_once_and_frozen_before(recorder: Recorder) -> None:
    recorder.layout.content(canonical.digest(LISTED)).write_bytes(LISTED)
    frozen = recorder.chain().append("population", population(seals(recorder)), END)
    once = Nonce(population=frozen, nonce="1", internal=False)
    assert said(recorder, ("nonce", once)) == []
    again = msgspec.structs.replace(once, nonce="2")
    assert said(recorder, ("nonce", again)) == ["draws from a population a second time"]
    foreign = msgspec.structs.replace(once, population=seals(recorder)[0])
    assert "draws from no population that was frozen before it" in said(recorder, ("nonce", foreign))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: closing((NOWHERE,)), "closes a period with what is no seal before it"),
        (lambda found: closing(found[::-1]), "does not name its seals in their order, each once"),
        (lambda found: closing((found[0], found[0])), "does not name its seals in their order, each once"),
        (lambda found: closing(found, "2026-11-30", "2026-11-01"), "closes no period: it ends before it starts"),
        (lambda found: closing(found, "2026-11-31", "2026-12-01"), "closes no period: it ends before it starts"),
    ],
)
def test_a_period_closes_with_its_own_seals(recorder: Recorder, change: Any, message: str) -> None:
    assert said(recorder, ("close", change(seals(recorder)))) == [message]


def test_a_period_is_closed_once(recorder: Recorder) -> None:
    found = said(recorder, ("close", closing(seals(recorder))), ("close", closing((), "2026-11-30", "2026-12-31")))
    assert found == ["closes a period that begins before the end of one closed earlier"]


FACT = FileFact(digest=DIGEST, size=1)


def together(*runs: Link) -> Compact:
    return Compact(runs=runs, findings=FACT, ledger=FACT)


def stone(recorder: Recorder, *runs: int, **changes: Any) -> Tombstone:
    sealed = [placed for placed, _ in chain.read(recorder.layout, recorder.trust).of_kind("seal")]
    gone = tuple(_removed(sealed[number], **changes) for number in runs)
    return Tombstone(rule="retention of 1 days", runs=gone, summaries=DIGEST)


def _removed(placed: chain.Placed, **changes: Any) -> Removed:
    seal = placed.entry.body
    plain = Removed(
        seal=placed.link, run=seal.asked.run, verdicts=seal.verdicts, records=seal.records, ledger=seal.ledger
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ((0, 0), "merges a run that was merged or removed before"),
        ((0, None), "merges what is no seal before it"),
    ],
)
def test_only_sealed_runs_are_merged_and_once(recorder: Recorder, runs: tuple[int | None, ...], message: str) -> None:
    links = seals(recorder)
    assert message in said(recorder, ("compact", together(*(NOWHERE if n is None else links[n] for n in runs))))


def test_a_run_is_not_merged_a_second_time_nor_after_it_was_removed(recorder: Recorder) -> None:
    first, second = seals(recorder)
    message = "merges a run that was merged or removed before"
    assert message in said(
        recorder, ("tombstone", stone(recorder, 0)), ("compact", together(second)), ("compact", together(first, second))
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": "20261123T020000Z-00000000"}, "does not repeat what was sealed of run 20261123T020000Z-00000000"),
        ({"records": Tree(count=1, root=DIGEST)}, "does not repeat what was sealed of run "),
        ({"ledger": Tree(count=1, root=DIGEST)}, "does not repeat what was sealed of run "),
        ({"verdicts": Verdicts(passed=1, failed=0, unknown=0, not_applicable=0, waived=0)}, "does not repeat what was"),
        ({"seal": NOWHERE}, "which was not sealed before it"),
    ],
)
def test_a_tombstone_repeats_what_was_sealed(recorder: Recorder, changes: dict[str, Any], message: str) -> None:
    assert any(message in text for text in said(recorder, ("tombstone", stone(recorder, 1, **changes))))


def test_a_run_is_removed_once(recorder: Recorder) -> None:
    message = "removes a run a second time"
    assert message in said(recorder, ("tombstone", stone(recorder, 0, 0)))
    assert message in said(recorder, ("tombstone", stone(recorder, 1)), ("tombstone", stone(recorder, 1)))


def test_a_response_is_to_a_failure_that_a_run_before_it_saw(recorder: Recorder) -> None:
    known, unknown = (
        Response(failure=DIGEST, check="aws.made.x", subject="x", first_bad=link, said="d" * 64)
        for link in (seals(recorder)[0], NOWHERE)
    )
    assert said(recorder, ("response", known)) == []
    assert said(recorder, ("response", unknown)) == ["responds to a failure that no run before it saw"]


def test_a_unit_of_a_sample_is_replaced_once(recorder: Recorder) -> None:
    assert said(recorder, ("replacement", Replacement(draw=NOWHERE, unit="a", by="b", reason="c" * 64))) == [
        "replaces a unit of no sample that was drawn before it"
    ]


def test_a_unit_that_was_replaced_is_not_replaced_again(recorder: Recorder) -> None:
    drawings: list[Link] = []

    def replaced(link: Link) -> Replacement:
        drawings.append(link)
        return Replacement(draw=drawings[0], unit="a", by="b", reason="c" * 64)

    draw = (("population", population(seals(recorder))), ("nonce", drawn()))
    assert said(recorder, *draw, ("replacement", replaced), ("replacement", replaced)) == [
        "replaces a unit a second time"
    ]
