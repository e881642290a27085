"""What the controls of a policy folder ask of people.

Pure: between the organisation's side (:mod:`engine.content.policy`) and the rules of :mod:`engine.programme`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.content.policy import Policy
from engine.model import NIGHTLY_SCANS, Control
from engine.programme.needs import Demand


def kinds_of(control: Control) -> frozenset[str]:
    """The kinds of people's evidence that a control names, beside its checks or as alternatives to them."""
    among = {name for group in control.alternatives for name in group if "." not in name}
    return frozenset({*control.evidence, *among} - {NIGHTLY_SCANS})


def applying(policy: Policy) -> Iterator[Control]:
    """The controls that serve a criterion of the categories, without the checks of clouds that are not used."""
    chosen = policy.organization.categories
    for control in policy.controls:
        if any(policy.criteria[id_].category in chosen for id_ in control.criteria if id_ in policy.criteria):
            yield control.within(policy.organization.providers)


def demands(policy: Policy) -> tuple[Demand, ...]:
    """Every kind of evidence that an applying control names, once a control."""
    found = []
    for control in applying(policy):
        wanted = [kind for kind in control.evidence if kind != NIGHTLY_SCANS]
        found += [Demand(kind, control.id, control.owner, control.occurs) for kind in wanted]
        for group in control.alternatives:
            found += [
                Demand(kind, control.id, control.owner, None, tuple(other for other in group if other != kind))
                for kind in group
                if "." not in kind and kind not in wanted
            ]
    return tuple(found)
