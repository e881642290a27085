"""What changed in how was judged: checks, parameters, controls, policy, schemas, engine, boundary, selection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.evidence import canonical
from engine.evidence.period.film import Basis, Film
from engine.model import Check, Control
from engine.periods import Change, ChangeKind, Failure, Moment
from engine.programme.model import BoundaryRule

Weaker = Callable[[Check, str, Any], bool]
"""Whether a value of a check's parameter lets more pass than its default, or may do so."""
Key = tuple[ChangeKind, str]

_PARTIAL: Final = frozenset(("check", "parameter", "selection", "boundary"))
"""Kinds of which a filtered run shows only what it was asked for: what it lacks says nothing."""
_QUIET: Final = frozenset(("check", "parameter"))
"""Kinds whose coming and going is told as selection."""
_SHOWN: Final = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """What a frame was judged by, as text, by kind and name."""

    moment: Moment
    filtered: bool
    values: Mapping[Key, str]


def changes(facts: Sequence[Facts], begin: int) -> Iterator[Change]:
    """The changes that first show in a frame from ``begin`` on, in the order of frames."""
    known: dict[Key, tuple[str, Moment]] = {}
    whole: Moment | None = None
    previous: Facts | None = None
    for number, fact in enumerate(facts):
        if previous is not None and previous.values is fact.values and previous.filtered == fact.filtered:
            previous = fact
            whole = whole if fact.filtered else fact.moment
            continue
        if previous is not None:
            known.update((key, (value, previous.moment)) for key, value in previous.values.items())
        for change in _between(known, fact, whole, previous):
            if number >= begin:
                yield change
        for key in [key for key in known if _removed(key, fact)]:
            del known[key]
        known.update((key, (value, fact.moment)) for key, value in fact.values.items())
        whole = whole if fact.filtered else fact.moment
        previous = fact


def _between(
    known: Mapping[Key, tuple[str, Moment]], fact: Facts, whole: Moment | None, previous: Facts | None
) -> Iterator[Change]:
    for key in sorted({*known, *fact.values}):
        kind, name = key
        value = fact.values.get(key)
        if key not in known:
            # Nothing is new in what was never looked at before.
            after = whole if _is_partial(key) else previous.moment if previous else None
            if after is not None and kind not in _QUIET:
                yield Change(kind, name, after, fact.moment, None, value)
        elif value is None:
            if _removed(key, fact):
                yield Change(kind, name, known[key][1], fact.moment, known[key][0], None)
        elif known[key][0] != value:
            yield Change(kind, name, known[key][1], fact.moment, known[key][0], value)


def _removed(key: Key, fact: Facts) -> bool:
    """Whether a frame shows that something is no more there."""
    kind = key[0]
    return key not in fact.values and kind not in _QUIET and not (fact.filtered and _is_partial(key))


def _is_partial(key: Key) -> bool:
    """Whether a filtered run may lack something that is still there: of the boundary what it asks, not what is written.

    Scopes are named with slashes, rules and the boundary itself are not.
    """
    return key[0] in _PARTIAL and not (key[0] == "boundary" and "/" not in key[1])


# --- of a film ---


def of_film(film: Film, weaker: Weaker, failures: Iterable[Failure] = (), standing: bool = True) -> tuple[Change, ...]:
    """The changes in a period; with ``standing`` also the parameters that were weaker than their default before.

    What left the boundary after it failed (of ``failures``) is a change for each resource, whoever moved it.
    """
    begin = film.window.begin
    found = [_judged(change, film, weaker) for change in changes(_facts(film), begin)]
    found += dict.fromkeys(_moved_out(failures, film))
    if standing and begin < len(film.frames):
        found += _weak_from_the_start(film, begin, weaker, {(row.name, row.at) for row in found})
    return tuple(sorted(found, key=lambda row: (film.order[row.at], row.kind, row.name)))


def _judged(change: Change, film: Film, weaker: Weaker) -> Change:
    if change.kind != "parameter" or change.now is None:
        return change
    check, _, name = change.name.rpartition(".")
    policy = film.bases[film.order[change.at]].policy
    is_weaker = weaker(policy.checks[check], name, policy.parameters[check][name])
    return Change(change.kind, change.name, change.after, change.at, change.before, change.now, is_weaker)


def _moved_out(failures: Iterable[Failure], film: Film) -> Iterator[Change]:
    for row in failures:
        at = row.first_good
        if row.ended == "out_of_boundary" and at is not None and film.order[at] >= film.window.begin:
            name = f"{row.scope}: {row.subject.id}"
            yield Change("boundary", name, row.last_bad, at, "in the boundary", "out of the boundary after it failed")


def _weak_from_the_start(film: Film, begin: int, weaker: Weaker, told: set[tuple[str, Moment]]) -> Iterator[Change]:
    policy, at = film.bases[begin].policy, film.looks[begin].moment
    for id_, check in sorted(policy.checks.items()):
        for name, parameter in sorted(check.parameters.items()):
            value = policy.parameters.get(id_, {}).get(name, parameter.default)
            if (f"{id_}.{name}", at) not in told and value != parameter.default and weaker(check, name, value):
                yield Change("parameter", f"{id_}.{name}", None, at, _text(parameter.default), _text(value), True)


def _facts(film: Film) -> list[Facts]:
    made: dict[tuple[Any, ...], Mapping[Key, str]] = {}
    rows = []
    for number, (frame, basis, look) in enumerate(zip(film.frames, film.bases, film.looks, strict=True)):
        asked = frame.seal.asked
        key = (id(basis), id(look.view), asked.engine, asked.dependencies, asked.boundary)
        if key not in made:
            values: dict[Key, str] = dict(_content(basis))
            values["engine", "auditreel"] = asked.engine
            values["engine", "dependencies"] = asked.dependencies[:_SHOWN]
            if asked.boundary is not None:
                rules = basis.policy.organization.programme.boundary
                values["boundary", "boundary"] = (
                    f"{asked.boundary[:_SHOWN]}, rules: {', '.join(rule.id for rule in rules)}"
                )
                values.update((("boundary", f"rule {rule.id}"), _said(rule)) for rule in rules)
            if not frame.filtered:
                values.update((("selection", id_), "selected") for id_ in basis.policy.checks)
                values.update((("boundary", str(scope)), "asked") for scope in look.view.asked)
                values.update((("boundary", str(scope)), "left out") for scope in look.view.left)
            made[key] = values
        rows.append(Facts(film.looks[number].moment, frame.filtered, made[key]))
    return rows


def _content(basis: Basis) -> Iterator[tuple[Key, str]]:
    policy, members = basis.policy, basis.content.members
    for id_, check in policy.checks.items():
        yield ("check", id_), f"version {check.version}, {check.digest[:_SHOWN]}"
        for name, value in policy.parameters.get(id_, {}).items():
            yield ("parameter", f"{id_}.{name}"), _text(value)
    for control in policy.controls:
        yield ("control", control.id), _digest(control)
    for name, digest in members["policies"].items():
        yield ("policy", name), digest[:_SHOWN]
    for name, digest in members["schemas"].items():
        yield ("schema", name), digest[:_SHOWN]


def _said(rule: BoundaryRule) -> str:
    """A rule of the boundary: what it does, who approved it, and the digest of all that it says."""
    said = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(rule).items()}
    said["tags"] = {name: sorted(values) for name, values in rule.tags.items()}
    digest = canonical.digest(json.dumps(said, sort_keys=True, default=str).encode())
    return f"{rule.state.replace('_', ' ')}, approved by {rule.approver} on {rule.approved_on}, {digest[:_SHOWN]}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _digest(control: Control) -> str:
    """What a control says, whatever file it stands in."""
    said = {name: value for name, value in asdict(control).items() if name not in ("path", "digest")}
    # Of a recurrence the first day is a date, which stands as it is written.
    return canonical.digest(json.dumps(said, sort_keys=True, default=str).encode())[:_SHOWN]
