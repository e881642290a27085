"""Management's responses to failures: sealed in the chain, and shown beside the failure from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from engine.errors import UsageError
from engine.evidence import canonical, durable, entries, people
from engine.evidence.chain import Reading
from engine.evidence.entries import Link
from engine.evidence.period import failures
from engine.evidence.period.film import Film
from engine.evidence.personal import PrivateObjects
from engine.evidence.seal import Recorder
from engine.periods import Failure, Response

_SHORTEST: Final = 6
"""Characters of an id that may stand for it."""
_NEAR: Final = 3
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What management says of a failure, and who answers for it."""

    cause: str
    effect: str
    correction: str
    by: str


def respond(recorder: Recorder, film: Film, named: str, answer: Answer, now: str) -> tuple[Link, Failure]:
    """Append a response to the failure that ``named`` (its id, or so much of it that it is the only one) names.

    Gives its entry, and the failure. Raises UsageError where there is no such failure, naming the nearest, and where
    something is not said; SealError where the entry cannot be written.
    """
    _refuse_unsaid(answer)
    failure = _failure([row.failure for row in failures.found(film)], named)
    private = PrivateObjects(recorder.keys.secret)
    body = entries.Response(
        failure=failure.digest,
        check=failure.check,
        subject=canonical.neutral_text(failure.subject.id),
        first_bad=film.frames[film.order[failure.first_bad]].placed.link,
        said=people.answer(_texts(answer), private),
    )
    with durable.doing(f"keeping private objects in {recorder.layout.root}"):
        people.keep(private, recorder.layout)
    link = recorder.chain().append("response", body, now)
    recorder.pin(link)
    return link, failure


def responses(reading: Reading, private: Mapping[str, Mapping[str, Any]]) -> Mapping[str, tuple[Response, ...]]:
    """The responses that a chain holds, by the digest of their failure, in its order.

    ``private`` are the private objects that its entries name, by digest.
    """
    found: dict[str, tuple[Response, ...]] = {}
    for placed, body in reading.of_kind("response"):
        texts = people.said(body, private)
        said = Response(**texts, at=placed.entry.recorded_at, sequence=placed.entry.sequence)
        found[body.failure] = (*found.get(body.failure, ()), said)
    return found


def _texts(answer: Answer) -> dict[str, str]:
    return {"by": answer.by, "cause": answer.cause, "effect": answer.effect, "correction": answer.correction}


def _refuse_unsaid(answer: Answer) -> None:
    for name, text in _texts(answer).items():
        longest = 300 if name == "by" else _LONGEST
        if not text.strip() or len(canonical.neutral_text(text)) > longest:
            raise UsageError(f"responding to a failure: --{name} takes text of 1 to {longest:,} characters")


def _failure(known: Sequence[Failure], named: str) -> Failure:
    wanted = named.strip().lower()
    matching = [row for row in known if len(wanted) >= _SHORTEST and row.digest.startswith(wanted)]
    if len(matching) == 1:
        return matching[0]
    if not known:
        raise UsageError(f"responding to {named}: no run of the store saw a failure")
    by_id = {row.id: row for row in known}
    near = [row.id for row in matching] or get_close_matches(wanted[:12], by_id, _NEAR, cutoff=0.0)
    told = "; ".join(f"{id_} ({by_id[id_].check} on {by_id[id_].subject.name})" for id_ in near[:_NEAR])
    said = "more than one failure begins so" if matching else "there is no such failure"
    raise UsageError(f"responding to {named}: {said}; the nearest ids are {told}. Reports show the id of each")
