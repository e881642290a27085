"""Controls: from the files of ``policies/controls``, and what they may not say."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from engine.content.files import Document, Key
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.model import Control, Criterion
from engine.programme.model import Recurrence

_GRACE: Final = 30
"""Days after an occurrence's last until which evidence of it is late and not absent, where the control does not say."""


def controls_of(document: Document) -> list[tuple[Control, tuple[Key, ...]]]:
    """The controls of a file that its schema accepts, each with where it stands in it."""
    digest = hashlib.sha256(document.source).hexdigest()
    return [
        (_control(value, document, digest), ("controls", index))
        for index, value in enumerate(document.value["controls"])
    ]


def _control(value: Mapping[str, Any], document: Document, digest: str) -> Control:
    deviation = value.get("deviation", "any_failure")
    occurs = value.get("occurs")
    return Control(
        id=value["id"],
        statement=value["statement"].strip(),
        owner=value["owner"],
        criteria=tuple(value["criteria"]),
        operation=value["operation"],
        path=document.path,
        digest=digest,
        aspects=tuple(value["aspects"]),
        checks=tuple(value.get("checks", ())),
        alternatives=_groups(value.get("satisfied_by", ())),
        evidence=tuple(value.get("evidence", ())),
        deviation=deviation if isinstance(deviation, str) else deviation["not_corrected_within"],
        occurs=None if occurs is None else _recurrence(occurs),
    )


def _groups(said: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """The groups of alternatives of a control: one, or a list of them."""
    groups = (said,) if isinstance(said, Mapping) else said
    return tuple(tuple(group["any"]) for group in groups)


def _recurrence(value: Mapping[str, Any]) -> Recurrence:
    since = value.get("since")
    return Recurrence(
        every=value["every"],
        grace_days=value.get("grace_days", _GRACE),
        since=None if since is None else date.fromisoformat(since),
    )


def control_problems(
    control: Control,
    document: Document,
    keys: tuple[Key, ...],
    criteria: Mapping[str, Criterion],
    known: Collection[str],
) -> Iterator[Problem]:
    """What a control refers to and is not there, and what it claims without saying how."""
    if not (control.checks or control.alternatives or control.evidence):
        yield document.problem(
            keys, "names no checks, no satisfied_by and no evidence: nothing could show that it operates"
        )
    if (control.operation == "recurring") != (control.occurs is not None):
        message = "says when it occurs, and is not recurring" if control.occurs else "is recurring: say when it occurs"
        yield document.problem((*keys, "occurs") if control.occurs else keys, message)
    if control.occurs is not None and not control.evidence:
        yield document.problem(keys, "is recurring, and names no evidence: nothing could show that it occurred")
    for index, id_ in enumerate(control.criteria):
        if id_ not in criteria:
            yield document.problem((*keys, "criteria", index), f"there is no criterion {id_}")
        elif not any(aspect.startswith(f"{id_}.") for aspect in control.aspects):
            yield document.problem((*keys, "criteria", index), f"no aspect of {id_} is named")
    for index, aspect in enumerate(control.aspects):
        criterion, _, name = aspect.rpartition(".")
        aspects = criteria[criterion].aspects if criterion in criteria else {}
        if criterion not in control.criteria:
            yield document.problem((*keys, "aspects", index), f"{criterion} is not among the control's criteria")
        elif criterion in criteria and name not in aspects:
            hint = suggestion(name, aspects)
            yield document.problem((*keys, "aspects", index), f"{criterion} has no aspect {name}{hint}")
    named: list[tuple[tuple[Key, ...], str]] = [(("checks", index), id_) for index, id_ in enumerate(control.checks)]
    several = len(control.alternatives) > 1
    for number, group in enumerate(control.alternatives):
        at: tuple[Key, ...] = ("satisfied_by", number, "any") if several else ("satisfied_by", "any")
        named += [((*at, index), id_) for index, id_ in enumerate(group)]
    for place, id_ in named:
        if "." in id_ and id_ not in known:
            yield document.problem((*keys, *place), f"there is no check {id_}{suggestion(id_, known)}")
        if place[0] != "checks" and id_ in control.checks:
            yield document.problem((*keys, *place), f"{id_} is among the checks already: it is no alternative")
