"""Ties a request to what would answer it: by the field's words, and by the organisation's own control ids.

Nothing is claimed on a feeling: a tie says by which words it was made, and a line that names nothing stays open. A
criterion alone ties nothing, since many controls serve it; it tells whom to ask.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from engine.model import NIGHTLY_SCANS, Control
from engine.programme.phrases import Found, find, singular
from engine.programme.requests import Asks, Request, Sure, Tie
from engine.programme.sentences import named
from engine.programme.vocabulary import BESIDE, NOTHING, PHRASES, TAKES_IN, TOPICS

_CRITERION: Final = re.compile(r"\b(CC|PI|[ACP])\s?(\d)\.(\d)(?![0-9])")
_CONTROL: Final = re.compile(r"\b[A-Z]{2,4}-\d{2,3}\b")
_MEETING: Final = re.compile(r"\b(walk-?\s?throughs?|interviews?|schedule a|kick-?off)\b")
_POPULATION: Final = re.compile(
    r"\bpopulation\b|\b(complete|full|system[- ]generated) (list|listing)\b|\blist(ing)? of all\b"
)
_SAMPLE: Final = re.compile(r"\b(a|the|each|of) samples?\b|\bsampled?\b|\bselect(ed|ions?)\b")


class Known:
    """What a request may be tied to: controls that apply, without the checks of clouds that are not used."""

    def __init__(self, controls: tuple[Control, ...]) -> None:
        self.controls = controls
        self._checks = sorted({id_ for control in controls for id_ in _checks(control)})
        self._matched: dict[str, tuple[str, ...]] = {}

    def checks(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """The checks that controls rest on and that a pattern means, sorted."""
        return tuple(sorted({id_ for pattern in patterns for id_ in self._matching(pattern)}))

    def _matching(self, pattern: str) -> tuple[str, ...]:
        if pattern not in self._matched:
            self._matched[pattern] = tuple(id_ for id_ in self._checks if fnmatchcase(id_, pattern))
        return self._matched[pattern]

    def serving(self, tie: Tie) -> tuple[Control, ...]:
        """The controls that ask for what a tie names, or rest on its checks."""
        if tie.control is not None:
            return tuple(control for control in self.controls if control.id == tie.control)
        checks = set(self.checks(tie.checks))
        by_kind = tuple(control for control in self.controls if tie.kind is not None and tie.kind in _kinds(control))
        return by_kind or tuple(control for control in self.controls if checks.intersection(_checks(control)))


def _kinds(control: Control) -> set[str]:
    return {*control.evidence, *(name for group in control.alternatives for name in group if "." not in name)}


def _checks(control: Control) -> set[str]:
    return {*control.checks, *(name for group in control.alternatives for name in group if "." in name)}


def references(texts: Iterable[str], criteria: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The criteria and control ids that texts name, each once, in their order. Points of focus name their criterion."""
    said = " ".join(texts)
    found = (f"{series}{first}.{second}" for series, first, second in _CRITERION.findall(said))
    return tuple(dict.fromkeys(id_ for id_ in found if id_ in criteria)), tuple(dict.fromkeys(_CONTROL.findall(said)))


def asks(text: str, said: Iterable[str] = ()) -> Asks:
    """What is asked for: a meeting, a population, a sample, or some evidence; ``said`` is what its column says."""
    column = " ".join(said).lower()
    plain = text.lower()
    if _MEETING.search(plain):
        return "meeting"
    if "sample" in column or _SAMPLE.search(plain):
        return "sample"
    return "population" if "population" in column or _POPULATION.search(plain) else "evidence"


def tied(requests: Sequence[Request], known: Known) -> tuple[Request, ...]:
    """The requests, each tied to what its words name; where they name nothing, to the control that it cites.

    Control ids count only where the list's are the organisation's: auditors have ids of their own that look alike.
    """
    spoken = [replace(row, ties=() if row.asks == "meeting" else _by_words(row, known)) for row in requests]
    ours = theirs_are_ours(spoken, known)
    return tuple(_with_control(row, known) if ours else _unconfirmed(row, known) for row in spoken)


def theirs_are_ours(requests: Iterable[Request], known: Known) -> bool:
    """Whether the control ids of a list are the organisation's.

    Most of them are known, and where words tied a line, most of the controls that it cites ask for that.
    """
    rows = [row for row in requests if row.controls]
    ids = {control.id for control in known.controls}
    cited = {id_ for row in rows for id_ in row.controls}
    agreed = Counter(
        bool({control.id for tie in row.ties for control in known.serving(tie)}.intersection(row.controls))
        for row in rows
        if row.ties and ids.intersection(row.controls)
    )
    return bool(cited) and 2 * len(cited & ids) >= len(cited) and agreed[True] >= agreed[False]


def _by_words(request: Request, known: Known) -> tuple[Tie, ...]:
    found = find(request.text, PHRASES)
    rows = [row for row in found if not any(_takes_in(other, row) for other in found)]
    ties: dict[str, Tie] = {}
    for row in rows:
        if row.name != NOTHING and row.name not in ties:
            made = _tie(row, known)
            if made is not None:
                ties[row.name] = made
    return tuple(ties.values())


def _takes_in(other: Found, row: Found) -> bool:
    return other.clause == row.clause and row.name in TAKES_IN.get(other.name, ())


def _tie(found: Found, known: Known) -> Tie | None:
    why = f'its words: "{found.said}"'
    # A word alone, and what only stands behind a colon or in an example, may mean another thing.
    sure: Sure = "certain" if found.tier == "said" and len(found.places) > 1 else "likely"
    if found.name.startswith("#"):
        return Tie(why, sure, part=found.name[1:])
    if found.name.startswith("@"):
        patterns = _in_use(TOPICS[found.name[1:]], known)
        return Tie(why, sure, checks=patterns) if patterns else None
    return Tie(why, sure, kind=found.name, checks=_in_use(BESIDE.get(found.name, ()), known))


def _in_use(patterns: Sequence[str], known: Known) -> tuple[str, ...]:
    """The patterns that mean a check on which a control rests; what no cloud in use shows is left out."""
    return tuple(pattern for pattern in patterns if known.checks((pattern,)))


def _with_control(request: Request, known: Known) -> Request:
    """A request of a list whose control ids are ours: they confirm what words tied, or tie what these did not."""
    by_id = {control.id: control for control in known.controls}
    cited = [by_id[id_] for id_ in request.controls if id_ in by_id]
    if request.ties:
        return replace(
            request, ties=tuple(_confirmed(tie, request, known, {row.id for row in cited}) for tie in request.ties)
        )
    if request.asks == "meeting":
        return request
    return replace(request, ties=tuple(_of_control(control) for control in cited))


def _of_control(control: Control) -> Tie:
    names = [named(kind) for kind in sorted(_kinds(control) - {NIGHTLY_SCANS})]
    what = ", ".join([*names, *(["what runs show"] if _checks(control) or NIGHTLY_SCANS in control.evidence else [])])
    return Tie(f"it cites {control.id}, whose evidence is {what}", "likely", control=control.id)


def _unconfirmed(request: Request, known: Known) -> Request:
    return replace(request, ties=tuple(_confirmed(tie, request, known, set()) for tie in request.ties))


def _confirmed(tie: Tie, request: Request, known: Known, cited: Collection[str]) -> Tie:
    """A tie made by words, with what else speaks for it or against it."""
    serving = known.serving(tie)
    ids = {control.id for control in serving}
    if cited:
        if ids.intersection(cited):
            return replace(
                tie, sure="certain", why=f"{tie.why}; {', '.join(sorted(ids.intersection(cited)))} asks for it"
            )
        told = f"{tie.why}; {', '.join(sorted(cited))}, which it cites, does not ask for it"
        return replace(tie, sure="likely", why=told)
    criteria = {id_ for control in serving for id_ in control.criteria}
    if request.criteria and serving and not criteria.intersection(request.criteria):
        told = f"{tie.why}; no control of {', '.join(request.criteria)}, which it cites, asks for it"
        return replace(tie, sure="likely", why=told)
    return tie


def whose(request: Request, known: Known, people: Mapping[str, Sequence[str]]) -> str | None:
    """Who has to answer: whom people set, or the list names and organization.yaml knows; else the control's owner.

    A control is that of the ties, else one that the request cites, else the one that owns most of what serves its
    criteria. None where nobody is found. ``people`` are the roles, and who holds each.
    """
    if request.owner is not None:
        return request.owner
    holders = {*people, *(name for names in people.values() for name in names)}
    if request.contact is not None and request.contact in holders:
        return request.contact
    return next(_owners(request, known), request.contact)


def _owners(request: Request, known: Known) -> Iterator[str]:
    for tie in request.ties:
        yield from (control.owner for control in _preferred(known.serving(tie), request))
    yield from (control.owner for control in known.controls if control.id in request.controls)
    counted = Counter(
        control.owner for control in known.controls if set(control.criteria).intersection(request.criteria)
    )
    yield from (owner for owner, _ in sorted(counted.items(), key=lambda row: (-row[1], row[0])))


def _preferred(controls: Iterable[Control], request: Request) -> list[Control]:
    """Controls, those first that serve a criterion of the request."""
    return sorted(controls, key=lambda control: not set(control.criteria).intersection(request.criteria))


def slug(text: str) -> str:
    """A text as an id: "2026 PBC List" is "2026-pbc-list"."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60].rstrip("-")


def same_words(one: str, other: str) -> bool:
    """Whether two texts ask the same: equal but for case, spaces, punctuation and plurals."""
    return one == other or (_words(one) == _words(other) != [])


def _words(text: str) -> list[str]:
    return [singular(word) for word in re.findall(r"\w+", text.casefold())]
