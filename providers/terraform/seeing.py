"""What a planned resource refers to, as its mapping asks (:class:`providers.terraform.block.Referring`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from providers.terraform.block import Block
from providers.terraform.plan import Planned

if TYPE_CHECKING:
    from providers.terraform.folding import Fold


class Seen:
    """Follows references for the block of one resource (:class:`providers.terraform.block.Referring`)."""

    def __init__(self, fold: Fold, change: Planned) -> None:
        self._fold, self._change = fold, change

    def id_of(self, references: Sequence[str], type_: str) -> str | None:
        """The id of the one planned resource of a type that the references lead to by its id or ARN, or None."""
        trail = self._fold.references.of(self._change, references)
        found = set()
        for target in trail.targets:
            for row in self._fold.sides.cloud.mappings.get(target.planned.type, ()):
                if row.type == type_ and target.attribute in ("", *row.keys) and row.each is None:
                    found.add(self._fold.sides.id(target.planned, row))
        return found.pop() if len(found) == 1 and not trail.lost and len(trail.targets) == 1 else None

    def id_by(self, value: str, type_: str) -> str | None:
        """The id of the one planned resource of a type that a known id, ARN or name means, or None."""
        found = self._fold.keyed(type_).get(value, ())
        return self._fold.sides.id(*found[0]) if len(found) == 1 else None

    def region_of(self, id_: str, type_: str) -> str | None:
        """The region of the planned resource of a type with this id; None where the plan does not tell."""
        sides = self._fold.sides
        regions = [
            sides.where[change.address].region
            for change in sides.changes
            for row in sides.cloud.mappings.get(change.type, ())
            if row.type == type_ and row.each is None and sides.id(change, row) == id_
        ]
        return regions[0] if len(regions) == 1 else None

    def blocks_of(self, known: Sequence[str], references: Sequence[str], types: Sequence[str]) -> list[Block] | None:
        """The planned resources (Terraform types) that ids and references name; None where one cannot be told."""
        held, by_id = self._fold.held(types)
        found = [by_id.get(name) if isinstance(name, str) else None for name in known]
        if known and all(found):
            return [self._fold.block(change) for change in found if change is not None]
        if len(known) > 1 and any(isinstance(name, str) and name not in by_id for name in known):
            # One of them is elsewhere, whatever the others are.
            return None
        trail = self._fold.references.of(self._change, references)
        targets = [target.planned for target in trail.targets if target.planned.address in held]
        if not references:
            return [] if not known else None
        if trail.lost or not targets or len(targets) != len(trail.targets):
            return None
        return [self._fold.block(change) for change in targets]

    def beside(self, types: Sequence[str]) -> list[Block]:
        """The planned resources (Terraform types) of the same provider configuration and region."""
        mine = self._place(self._change)
        found = [change for change in self._fold.held(types)[0].values() if self._place(change) == mine]
        return [self._fold.block(change) for change in found] if mine[1] is not None else []

    def place(self) -> tuple[str | None, str | None]:
        """The account and the region of the resource, as far as the plan tells."""
        where = self._fold.sides.where[self._change.address]
        return where.account, where.region

    def as_of(self) -> str:
        """When the plan is read (RFC 3339 UTC)."""
        return self._fold.sides.collected_at

    def _place(self, change: Planned) -> tuple[object, str | None]:
        return (change.written or {}).get("provider_config_key"), self._fold.sides.where[change.address].region
