"""What a planned resource refers to, as its mapping asks (:class:`providers.terraform.block.Referring`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from providers.base import Unread
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
        found = self._fold.keyed(type_).get(self._fold.sides.cloud.alike(value), ())
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
        known = [self._fold.sides.cloud.alike(name) for name in known]
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

    def one(self, references: Sequence[str]) -> tuple[str, str] | None:
        """The Terraform type of the one planned resource that the references lead to, and the id that stands for it."""
        trail = self._fold.references.of(self._change, references)
        found = {target.planned.address: target.planned for target in trail.targets}
        if len(found) != 1 or trail.lost:
            return None
        (change,) = found.values()
        return change.type, self._id(change, None)

    def own(self, type_: str) -> str:
        """The id that stands for this resource as one of a cloud type."""
        return self._id(self._change, type_)

    def _id(self, change: Planned, type_: str | None) -> str:
        """The id that stands for a resource, of a type or of the one that is not of its blocks; else its address."""
        rows = self._fold.sides.cloud.mappings.get(change.type, ())
        row = next((row for row in rows if (row.each is None if type_ is None else row.type == type_)), None)
        return change.address if row is None else self._fold.sides.id(change, row)

    def pointing(self, type_: str, attribute: str, keys: Sequence[str]) -> list[Block] | Unread:
        """The planned resources of a Terraform type whose attribute names this one, by one of its ``keys``.

        Where one may or may not, that is an Unread.
        """
        mine = self._fold.block(self._change)
        values = {mine.get(key, None, optional=True, computed=False) for key in keys}
        sides = self._fold.sides
        values |= {sides.id(self._change, row) for row in sides.cloud.mappings.get(self._change.type, ())}
        own = {sides.cloud.alike(value) for value in values - {self._change.address} if isinstance(value, str)}
        found: list[Block] = []
        for change in self._fold.held((type_,))[0].values():
            says = self._names_me(change, attribute, own)
            if isinstance(says, Unread):
                return says
            if says:
                found.append(self._fold.block(change))
        return found

    def _names_me(self, change: Planned, attribute: str, own: set[str]) -> bool | Unread:
        perhaps = False
        for value, references in self._fold.block(change).names(attribute):
            if isinstance(value, str):
                if self._fold.sides.cloud.alike(value) in own:
                    return True
                # What has a key that is known already is named by that, or not at all.
                if own or not references:
                    continue
            elif value is None:
                continue
            trail = self._fold.references.of(change, references)
            if any(target.planned.address == self._change.address for target in trail.targets):
                return True
            perhaps = perhaps or ((trail.lost or not trail.targets) and not (own and isinstance(value, str)))
        return Unread("ambiguous", detail=f"{change.address} may belong to it") if perhaps else False

    def place(self) -> tuple[str | None, str | None]:
        """The account and the region of the resource, as far as the plan tells."""
        where = self._fold.sides.where[self._change.address]
        return where.account, where.region

    def as_of(self) -> str:
        """When the plan is read (RFC 3339 UTC)."""
        return self._fold.sides.collected_at

    def _place(self, change: Planned) -> tuple[object, str | None]:
        return (change.written or {}).get("provider_config_key"), self._fold.sides.where[change.address].region
