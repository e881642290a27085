"""Whether what was to be revoked is gone, by a later population. What was not seen is not gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.reviews.model import Decision, Line, Outcome, Population


def outcomes(revoked: Iterable[tuple[Line, Decision]], later: Population) -> Iterator[Outcome]:
    """What a later population shows of each revocation."""
    there = {line.key for line in later.lines if not line.unseen}
    unread = {(line.place, line.identity): line.unseen for line in later.gaps}
    for line, decision in revoked:
        if line.key in there:
            yield Outcome(line, decision, "still_there")
        elif (line.place, line.identity) in unread:
            yield Outcome(line, decision, "unseen", unread[line.place, line.identity])
        elif line.place not in later.places:
            hidden = next((gap.unseen for gap in later.gaps if gap.place == line.place), "the run did not read it")
            yield Outcome(line, decision, "unseen", hidden)
        else:
            yield Outcome(line, decision, "gone")
