"""Finds the field's words in a sentence: phrases whose words stand near each other, and how much each tells.

A phrase is words between spaces: "access/account review" is either of two beside a third, in any order, near by.
``*`` is the rest of a word ("terminat*"), ``+`` joins words that follow one another ("soc+2"), and ``...`` lets the
words stand anywhere in the clause. Plurals are taken off both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final, Literal

Tier = Literal["said", "subject", "detail", "example"]
"""Where words stand: in what is asked, in whom it is asked of ("for a sample of new hires"), behind a colon, or in an
example ("e.g."). What stands in a later one counts only where the earlier ones name nothing."""
_TIERS: Final[tuple[Tier, ...]] = ("said", "subject", "detail", "example")

_NEAR: Final = 3
"""Words that may stand between those of a phrase."""
_TRIED: Final = 8
"""Places of one word that are tried, so that a text that repeats itself takes no longer than others."""
_ANYWHERE: Final = "..."
_CONTEXT: Final = re.compile(
    r"\b(in line with|in accordance with|in compliance with|according to|consistent with"
    r"|as (?:required|defined|described|stated) (?:by|in)"
    r"|pursuant to|per the|against the|based on|excluding|except for|other than|not including)"
    r"\b.*?(?=\band\b|,|$)"
)
"""What only says by which rule, or what is left out: nothing of it is asked for."""
_EXAMPLE: Final = re.compile(r"\b(?:e\.g\.,?|eg,|for example,?|such as|i\.e\.,?)(.*)")
_SUBJECT: Final = re.compile(
    r"\bfor (?:a |an |the |all |any |each |every |those |these |both |one |two |three )?.*?(?=,|$)"
)
_WORD: Final = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that was found: the name it stands for, the words as they were said, and where."""

    name: str
    said: str
    clause: int
    places: frozenset[int]
    tier: Tier


class _Clause:
    """Words that belong together: each in its singular, in its tier (None: it does not count), and as it was said."""

    def __init__(self, words: Sequence[str], tiers: Sequence[Tier | None], shown: Sequence[str]) -> None:
        self.words, self.tiers, self.shown = words, tiers, shown
        self._known: dict[str, frozenset[int]] = {}

    def places(self, pattern: str) -> frozenset[int]:
        """Where a word stands; ``pattern`` may end in "*"."""
        if pattern not in self._known:
            self._known[pattern] = frozenset(index for index, word in enumerate(self.words) if _is(pattern, word))
        return self._known[pattern]


def find(text: str, table: Mapping[str, str]) -> tuple[Found, ...]:
    """What a text names of a table (name to phrases, separated by ";"), the longest phrase at each place.

    Only what stands in the first tier that names anything is given.
    """
    found = [
        one
        for number, clause in enumerate(_clauses(text))
        for one in _longest([row for name, phrases in table.items() for row in _of(name, phrases, clause, number)])
    ]
    best = min((_TIERS.index(row.tier) for row in found), default=0)
    return tuple(row for row in found if _TIERS.index(row.tier) == best)


def _longest(found: Sequence[Found]) -> Iterator[Found]:
    for row in found:
        if not any(row.places < other.places for other in found):
            yield row


def _of(name: str, phrases: str, clause: _Clause, number: int) -> Iterator[Found]:
    seen: set[frozenset[int]] = set()
    for phrase in _parsed(phrases):
        for places in _placed(phrase, clause):
            tiers = [tier for place in places if (tier := clause.tiers[place]) is not None]
            if len(tiers) == len(places) and places not in seen:
                seen.add(places)
                said = " ".join(clause.shown[place] for place in sorted(places))
                yield Found(name, said, number, places, min(tiers, key=_TIERS.index))


@dataclass(frozen=True, slots=True)
class _Phrase:
    tokens: tuple[tuple[tuple[str, ...], ...], ...]
    """Each a choice of runs of words."""
    anywhere: bool


@cache
def _parsed(phrases: str) -> tuple[_Phrase, ...]:
    made = []
    for phrase in phrases.split(";"):
        tokens = phrase.split()
        runs = tuple(
            tuple(tuple(map(_pattern, choice.split("+"))) for choice in token.split("/"))
            for token in tokens
            if token != _ANYWHERE
        )
        made.append(_Phrase(runs, _ANYWHERE in tokens))
    return tuple(made)


def _pattern(word: str) -> str:
    return word if word.endswith("*") else singular(word)


def _placed(phrase: _Phrase, clause: _Clause) -> Iterator[frozenset[int]]:
    choices: list[list[frozenset[int]]] = []
    for token in phrase.tokens:
        here = [places for run in token for places in _runs(run, clause)]
        if not here:
            return
        choices.append(here[:_TRIED])
    if len(choices) == 1:
        yield from choices[0]
        return
    used: frozenset[int] = frozenset()
    while nearest := _nearest(phrase, choices, used):
        yield nearest
        used |= nearest


def _nearest(
    phrase: _Phrase, choices: Sequence[Sequence[frozenset[int]]], used: frozenset[int]
) -> frozenset[int] | None:
    """Where the words of a phrase stand nearest to each other, near enough, in places that are not used."""
    nearest: frozenset[int] | None = None
    for chosen in product(*([places for places in token if not places & used] for token in choices)):
        places = frozenset[int]().union(*chosen)
        whole = len(places) == sum(map(len, chosen))
        span = max(places) - min(places)
        near = phrase.anywhere or span < len(places) + _NEAR
        if whole and near and (nearest is None or span < max(nearest) - min(nearest)):
            nearest = places
    return nearest


def _runs(run: Sequence[str], clause: _Clause) -> Iterator[frozenset[int]]:
    """Where words follow one another."""
    first, *others = run
    for start in sorted(clause.places(first)):
        if all(start + index in clause.places(pattern) for index, pattern in enumerate(others, 1)):
            yield frozenset(range(start, start + len(run)))


def _is(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _clauses(text: str) -> Iterator[_Clause]:
    plain = text.lower().replace("\u2019", "'").replace("'s", "").replace("&", " and ")
    # A bracket interrupts: what stands around it belongs together.
    aside = re.findall(r"\(([^()]*)\)", plain)
    around = re.sub(r"\([^()]*\)", " ", plain)
    for part in re.split(r"[.;\n\u2022!?](?:\s|$)|\s[-\u2013\u2014]\s", _dotted(around)):
        head, colon, rest = part.partition(":")
        # "For a sample of leavers:" and "Population:" say of whom, and what is asked follows.
        whom = not head.strip() or head.lstrip().startswith("for ")
        yield _clause(head, "subject" if whom and colon else "said")
        if colon:
            yield _clause(rest, "said" if whom else "detail")
    for part in aside:
        yield _clause(part, "example" if _EXAMPLE.match(part.strip()) else "detail")


def _dotted(text: str) -> str:
    """The text in which no full stop of an abbreviation ends a sentence."""
    return re.sub(r"\b(e\.g|i\.e|etc|incl|approx|no|vs)\.(?=\s)", r"\1.,", text)


def _clause(text: str, tier: Tier) -> _Clause:
    dropped = [match.span() for match in _CONTEXT.finditer(text)]
    examples = [match.span(1) for match in _EXAMPLE.finditer(text)]
    subjects = [match.span() for match in _SUBJECT.finditer(text)] if tier == "said" else []
    words, tiers, shown = [], list[Tier | None](), []
    for match in _WORD.finditer(text):
        at = match.start()
        where: Tier | None = tier
        if _within(at, dropped):
            where = None
        elif _within(at, examples):
            where = "example"
        elif _within(at, subjects):
            where = "subject"
        words.append(singular(match[0]))
        tiers.append(where)
        shown.append(match[0])
    return _Clause(words, tiers, shown)


def _within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def singular(word: str) -> str:
    """A word without the ending of its plural, as far as English spells it regularly."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
