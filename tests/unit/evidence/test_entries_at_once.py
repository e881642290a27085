"""What only one entry may say is not said twice by two who look at the chain at once: it would be a fault for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.content.strictness import is_weaker
from engine.errors import SealError
from engine.evidence import closing, sampling
from engine.evidence.period.keeping import verified_chain
from engine.evidence.period.made import Asked, filmed, shown
from engine.evidence.seal import Recorder
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.unit.evidence.nightly import ENCRYPTED, policy_of, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in

NIGHTS, LATER, WINDOW = ("2026-06-01T01:00:00Z", "2026-06-02T01:00:00Z"), "2026-06-10T09:00:00Z", (1, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store_in(tmp_path)
    for night in NIGHTS:
        night_of(tmp_path, night)
    return tmp_path


def night_of(folder: Path, night: str) -> None:
    recorded(reopened(folder), night, {ENCRYPTED: dict.fromkeys("abcd", "pass")})


def asked() -> Asked:
    return Asked(*(date(2026, 6, day) for day in WINDOW))


def film_of(recorder: Recorder) -> Any:
    return filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked(), policy_of)


def sound(folder: Path) -> None:
    report = verify(folder / "store", read_trust(folder / "config" / "trust.json"))
    assert report.problems == ()


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something as soon as a verb has looked at the chain."""

    def looked(*arguments: Any) -> Any:
        found = verified_chain(*arguments)
        monkeypatch.setattr(sampling, "verified_chain", verified_chain)
        act()
        return found

    monkeypatch.setattr(sampling, "verified_chain", looked)


def test_two_who_draw_from_a_population_at_once_are_one_draw(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = reopened(folder)
    film, reading = film_of(recorder)
    sequence = sampling.freeze(recorder, film, reading, ENCRYPTED, LATER)[0].sequence
    meanwhile(monkeypatch, lambda: sampling.drawn(reopened(folder), sequence, 2, "dice", LATER))
    with pytest.raises(SealError, match="something else was recorded meanwhile; run it again"):
        sampling.drawn(reopened(folder), sequence, 2, "other dice", LATER)
    sound(folder)
    units = sampling.drawn(reopened(folder), sequence, 2, "dice", LATER)[2].drawn
    meanwhile(monkeypatch, lambda: sampling.replace(reopened(folder), sequence, units[0], "it is gone", LATER))
    with pytest.raises(SealError, match="something else was recorded meanwhile; run it again"):
        sampling.replace(reopened(folder), sequence, units[1], "it is gone too", LATER)
    sound(folder)


def test_a_period_is_closed_with_every_run_before_its_entry_or_not_at_all(folder: Path) -> None:
    recorder = reopened(folder)
    film, reading = film_of(recorder)
    found = shown(film, reading, recorder.trust, asked(), is_weaker)
    night_of(folder, "2026-06-03T01:00:00Z")
    with pytest.raises(SealError, match="something else was recorded meanwhile; run it again"):
        closing.close(reopened(folder), film, reading, found, LATER)
    sound(folder)
