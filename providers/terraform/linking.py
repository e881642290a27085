"""Which part belongs to which owner on one side of a plan: by value, else by the configuration's references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.catalogue import Catalogue
from providers.terraform.making import given
from providers.terraform.mapping import Part
from providers.terraform.plan import Planned
from providers.terraform.reading import about

if TYPE_CHECKING:
    from providers.terraform.folding import Fold


class Links:
    """Which parts belong to which owner on one side: for certain, or perhaps. ``orphans`` have none in the plan."""

    def __init__(self, fold: Fold) -> None:
        self.certain: dict[tuple[str, Part], list[Planned]] = defaultdict(list)
        self.possible: dict[tuple[str, Part], list[Planned]] = defaultdict(list)
        self.orphans: list[Planned] = []
        self.apart: list[tuple[Planned, Part]] = []
        self._fold = fold
        cloud, side = fold.sides.cloud, fold.side
        there = [change for change in fold.sides.changes if change.values(side) is not None]
        by_type: dict[str, list[Planned]] = defaultdict(list)
        for change in there:
            by_type[change.type].append(change)
        owners = {
            part: Owners(fold, part, [item for type_ in _owning(cloud, part) for item in by_type.get(type_, ())])
            for parts in cloud.parts.values()
            for part in parts
            if part.terraform in by_type
        }
        for change in there:
            with about(change.address):
                for part in cloud.parts.get(change.type, ()):
                    if part.applies is None or given(part.applies, fold.block(change)) is not False:
                        self._link(change, part, owners[part])

    def _link(self, change: Planned, part: Part, owners: Owners) -> None:
        names = self._fold.block(change).names(part.link)
        if part.several:
            # A list that is not set names nobody.
            names = [(value, references) for value, references in names if value is not None]
        elif not names:
            self._orphan(change, part)
        for value, references in names:
            found, sure = self._candidates(change, part, owners, value, references)
            if not found:
                self._orphan(change, part)
            index = self.certain if sure and len(found) == 1 else self.possible
            for owner in found:
                if change not in index[owner.address, part]:
                    index[owner.address, part].append(change)

    def _orphan(self, change: Planned, part: Part) -> None:
        if not part.elsewhere:
            self.apart.append((change, part))
            if change not in self.orphans:
                self.orphans.append(change)

    def _candidates(
        self, change: Planned, part: Part, owners: Owners, value: Any, references: Sequence[str]
    ) -> tuple[Sequence[Planned], bool]:
        """The owners that a part may belong to, and whether there can be no other."""
        known = value is not None and not isinstance(value, Unread)
        named_by = owners.by_value.get(self._named(part, value), []) if known else []
        alike = self._alike(self._fold.block(change), part, named_by)
        if known and len(alike) < 2 and (alike or not owners.unnamed):
            return alike, True
        trail = self._fold.references.of(change, references)
        named = {target.planned.address for target in trail.targets}
        if alike:
            meant = [owner for owner in alike if owner.address in named]
            return (meant if meant and not trail.lost else alike), True
        found = [owners.by_address[address] for address in sorted(named) if address in owners.by_address]
        if found and not trail.lost:
            return found, True
        # A value that is known names an owner with a known key, or none of these.
        return ([], True) if known else (owners.all, False)

    def _named(self, part: Part, value: Any) -> Any:
        """The key of the owner that a link names; what does not lie below an owner as the part says names none."""
        key = _hashable(self._fold.sides.cloud.alike(value))
        if not part.below:
            return key
        return key.removesuffix(part.below) if isinstance(key, str) and key.endswith(part.below) else None

    def _alike(self, block: Block, part: Part, owners: Sequence[Planned]) -> list[Planned]:
        """The owners that differ from a part in nothing that they have in common."""
        like = self._fold.sides.cloud.alike
        return [
            owner
            for owner in owners
            if not any(_differ(like, block, self._fold.block(owner), name) for name in part.same)
        ]


def _owning(cloud: Catalogue, part: Part) -> list[str]:
    """The Terraform types of which a part is a part."""
    return sorted({row.terraform for rows in cloud.mappings.values() for row in rows if part in row.parts})


class Owners:
    """The resources that may own parts of a kind, by what names them. ``unnamed``: one has no name that is known."""

    def __init__(self, fold: Fold, part: Part, owners: list[Planned]) -> None:
        self.all = owners
        self.by_address = {owner.address: owner for owner in owners}
        self.by_value: dict[Any, list[Planned]] = {}
        self.unnamed = False
        for owner in owners:
            values = set(self._keys(fold, part, owner))
            self.unnamed = self.unnamed or not values
            for value in values | set(self._made_up(fold, part, owner)):
                self.by_value.setdefault(value, []).append(owner)

    @staticmethod
    def _keys(fold: Fold, part: Part, owner: Planned) -> Iterator[Any]:
        block = fold.block(owner)
        for row in fold.sides.cloud.mappings[owner.type]:
            if part in row.parts:
                for key in row.keys:
                    value = block.get(key, None, optional=True, computed=False)
                    if value is not None and not isinstance(value, Unread):
                        yield _hashable(fold.sides.cloud.alike(value))
                yield from row.aliases(block)

    @staticmethod
    def _made_up(fold: Fold, part: Part, owner: Planned) -> Iterator[Any]:
        """The ids that follow from the names of an owner that does not exist yet, for whoever writes them out."""
        for row in fold.sides.cloud.mappings[owner.type]:
            if part in row.parts and row.each is None and (id_ := fold.sides.id(owner, row)) != owner.address:
                yield fold.sides.cloud.alike(id_)


def _differ(like: Callable[[Any], Any], one: Block, other: Block, name: str) -> bool:
    """Whether an attribute is known in both blocks and not the same."""
    values = [like(block.get(name, None, optional=True, computed=False)) for block in (one, other)]
    return not any(isinstance(value, Unread) for value in values) and values[0] != values[1]


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool)) else repr(value)
