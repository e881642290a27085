"""Waivers that stood beside failures of the period, with their facts as sealed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

import msgspec

from engine.evidence import canonical
from engine.evidence.period.film import Film
from engine.model import Waiver
from engine.periods import WaiverInPeriod


def waivers(film: Film) -> tuple[WaiverInPeriod, ...]:
    """The waivers, by id. One whose file was changed is told as it stood last; its frames count all."""
    index, window = film.index, film.window
    frames: dict[str, set[int]] = {}
    subjects: dict[str, set[str]] = {}
    for stream, waiver, first, last in zip(
        index.beside, index.beside_waiver, index.beside_first, index.beside_last, strict=True
    ):
        if first >= window.count or last < window.begin:
            continue
        track = film.tracks[film.pair(stream)].frames
        low, high = bisect_left(track, max(first, window.begin)), bisect_right(track, min(last, window.count - 1))
        if low < high:
            row: dict[str, Any] = msgspec.json.decode(index.waivers.values[waiver])
            id_ = canonical.original_text(row["id"])
            frames.setdefault(id_, set()).update(track[low:high])
            subjects.setdefault(id_, set()).add(film.subjects[index.streams.values[stream][2]].id)
    return tuple(_waiver(film, id_, frames[id_], subjects[id_]) for id_ in sorted(frames))


def _waiver(film: Film, id_: str, frames: set[int], subjects: set[str]) -> WaiverInPeriod:
    first, last = min(frames), max(frames)
    row, waiver = _sealed(film, id_, last), film.bases[last].policy.waivers.get(id_)
    return WaiverInPeriod(
        id=id_,
        kind=str(row["kind"]),
        check=waiver.check if waiver else "",
        owner=waiver.owner if waiver else "",
        approver=waiver.approval.approver if waiver else "",
        # Earlier versions did not seal what git said of the approval; without it nothing corroborates.
        standing=str(row.get("standing", "asserted")),
        reason=waiver.reason if waiver else "",
        starts=_starts(waiver),
        expires=str(row["expires"]),
        first=film.looks[first].moment,
        last=film.looks[last].moment,
        frames=len(frames),
        subjects=tuple(sorted(subjects)),
    )


def _starts(waiver: Waiver | None) -> str:
    return waiver.start.isoformat() if waiver else ""


def _sealed(film: Film, id_: str, frame: int) -> Mapping[str, Any]:
    """What the ledger says of a waiver in a frame."""
    index = film.index
    for waiver, first, last in zip(index.beside_waiver, index.beside_first, index.beside_last, strict=True):
        row: dict[str, Any] = canonical.original(msgspec.json.decode(index.waivers.values[waiver]))
        if row["id"] == id_ and first <= frame <= last:
            return row
    raise LookupError(f"waiver {id_} in frame {frame}")
