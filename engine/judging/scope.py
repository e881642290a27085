"""What a report is about: the categories that an organisation chose, their criteria, and the controls that serve these.

Pure. Security is in every SOC 2 report; the other categories are chosen by what the organisation promises.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Final

from engine.model import Control, Criterion, Organization

PRESETS: Final[Mapping[str, tuple[str, ...]]] = {
    "security": ("security",),
    "availability": ("security", "availability"),
    "confidentiality": ("security", "availability", "confidentiality"),
    "all": ("security", "availability", "confidentiality", "processing_integrity", "privacy"),
}
"""The usual choices of categories, by name, in the order of what they ask."""


def applying(
    controls: Iterable[Control], criteria: Mapping[str, Criterion], categories: Container[str]
) -> tuple[Control, ...]:
    """The controls of a report on ``categories``: those that serve a criterion of one of them, in the order given."""
    return tuple(control for control in controls if applies(control, criteria, categories))


def applies(control: Control, criteria: Mapping[str, Criterion], categories: Container[str]) -> bool:
    """Whether a control serves a criterion of one of ``categories``: the others burden nobody."""
    return any(id_ in criteria and criteria[id_].category in categories for id_ in control.criteria)


def kinds(controls: Iterable[Control]) -> frozenset[str]:
    """The kinds of evidence that controls name: beside their checks, or as alternatives to them."""
    named: set[str] = set()
    for control in controls:
        named.update(control.evidence)
        named.update(name for group in control.alternatives for name in group if "." not in name)
    return frozenset(named)


def not_chosen(criterion: Criterion, organization: Organization, categories: Collection[str]) -> str | None:
    """Why a criterion is not part of a report on ``categories``, in words; None where it is."""
    if criterion.category in categories:
        return None
    return f"{criterion.category.replace('_', ' ')} is not among the categories of {organization.name}"
