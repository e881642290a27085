"""What the controls of a policy folder ask of people.

Pure: between the organisation's side (:mod:`engine.content.policy`) and the rules of :mod:`engine.programme`.
"""

from __future__ import annotations

from engine.content.policy import Policy
from engine.judging.scope import applying, kinds
from engine.model import NIGHTLY_SCANS, Control
from engine.programme.needs import Demand


def kinds_of(control: Control) -> frozenset[str]:
    """The kinds of people's evidence that a control names, beside its checks or as alternatives to them."""
    return kinds([control]) - {NIGHTLY_SCANS}


def demands(policy: Policy) -> tuple[Demand, ...]:
    """Every kind of evidence that an applying control names, once a control."""
    found = []
    clouds = policy.organization.providers
    for control in applying(policy.controls, policy.criteria, policy.organization.categories):
        control = control.within(clouds)
        wanted = [kind for kind in control.evidence if kind != NIGHTLY_SCANS]
        found += [Demand(kind, control.id, control.owner, control.occurs) for kind in wanted]
        for group in control.alternatives:
            found += [
                Demand(kind, control.id, control.owner, None, tuple(other for other in group if other != kind))
                for kind in group
                if "." not in kind and kind not in wanted
            ]
    return tuple(found)
