"""What the functions of a template refer to: resources by their logical ids, and the attribute asked for."""

from __future__ import annotations

from collections.abc import Sequence

from providers.terraform.plan import Plan, Planned, Side
from providers.terraform.references import Target, Trail


class LogicalReferences:
    """The references of a template, which are of one side (:class:`providers.terraform.references.Following`)."""

    def __init__(self, plan: Plan, side: Side) -> None:
        self._there = {change.address: change for change in plan.changes if change.values(side) is not None}

    def of(self, change: Planned, references: Sequence[str]) -> Trail:
        """What the references of a property lead to: "Logical" of a Ref, "Logical.Attribute" of a GetAtt."""
        trail = Trail()
        for name in references:
            logical, _, attribute = name.partition(".")
            if logical in self._there:
                trail.targets.append(Target(self._there[logical], attribute))
            else:
                # Its condition is false, or a macro makes it.
                trail.lost = True
        return trail
