"""Folds the resources of a plan into resources of a cloud, for the side before the change and the one after.

A part of its own (a bucket's encryption, a rule of a security group) belongs to the owner that its link names by value,
else to the one that the configuration's references lead to. Where two may be meant, the properties concerned are
unread, ``ambiguous``, of every owner that may be meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from providers.base import MISSING, Resource, Scope, Unread
from providers.terraform import mapping as declared
from providers.terraform.block import COMPUTED, KNOWN_AFTER_APPLY, REQUIRED, Block, overlaid
from providers.terraform.catalogue import Catalogue
from providers.terraform.linking import Links
from providers.terraform.making import NOT_HELD, NOT_TOLD, added_up, assembled, given, hidden, nested, text
from providers.terraform.mapping import TAGS, UNKNOWN, Attribute, Given, Part, Split, Where
from providers.terraform.plan import Plan, Planned, Side
from providers.terraform.reading import about
from providers.terraform.references import Following, References
from providers.terraform.seeing import Seen

TOUCHED: Final = Unread("ambiguous", detail="the plan changes it, and does not hold all of it")
"""Of what a run read, nothing stands for it any more."""
NOT_THERE_YET: Final = Unread("known_after_apply", detail="it does not exist yet")


Same = tuple[tuple[str, str], ...]
"""What a part and its owner have in common beside the link."""


class Sides:
    """What both sides of a plan share: where each resource is, and the id that stands for it on either side."""

    def __init__(
        self,
        plan: Plan,
        cloud: Catalogue,
        where: Mapping[str, Where],
        collected_at: str,
        references: Callable[[Plan, Side], Following] = References,
    ) -> None:
        self.references = references
        self.plan, self.cloud, self.where, self.collected_at = plan, cloud, where, collected_at
        self.changes = [change for change in plan.changes if change.address in where and not change.deposed]
        self.before, self.after = Fold(self, "before"), Fold(self, "after")
        self._ids: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, str | None, str | None, str]] = set()

    def id(self, change: Planned, row: declared.Mapping) -> str:
        """What stands for a resource on both sides: the live adapter's id, else its address."""
        known = self._ids.get((change.address, row.type))
        if known is None:
            # Where finding the id asks for it, the address stands for it.
            self._ids[change.address, row.type] = change.address
            place = self.where[change.address]
            known = self._identity(change, row, place)
            key = (row.type, place.account, place.region, known)
            if row.each is None and key in self._taken:
                known = change.address
            self._taken.add(key)
            self._ids[change.address, row.type] = known
        return known

    def _identity(self, change: Planned, row: declared.Mapping, where: Where) -> str:
        for fold in (self.before, self.after):
            if change.values(fold.side) is not None:
                try:
                    known = row.identity(fold.block(change), where)
                except (AttributeError, KeyError, LookupError, TypeError, ValueError):
                    continue
                if isinstance(known, str) and known:
                    return known
        return change.address

    def item(self, change: Planned, made: Resource) -> str | None:
        """The name of a resource that is one of several of its block, or elsewhere; null of the block's own."""
        rows = [row for row in self.cloud.mappings.get(change.type, ()) if row.type == made.type and row.each is None]
        return None if any(self.id(change, row) == made.id for row in rows) else made.name

    def other(self, side: Side) -> Fold:
        """The fold of the other side."""
        return self.after if side == "before" else self.before


class Fold:
    """One side of a plan, folded."""

    def __init__(self, sides: Sides, side: Side) -> None:
        self.sides, self.side = sides, side
        self.references = sides.references(sides.plan, side)
        self._blocks: dict[str, Block] = {}
        self.assumed: set[str] = set()
        self._links: Links | None = None
        self._keyed: dict[str, dict[str, list[tuple[Planned, declared.Mapping]]]] = {}
        self._held: dict[tuple[str, ...], tuple[Mapping[str, Planned], Mapping[str, Planned]]] = {}

    def block(self, change: Planned) -> Block:
        """The values of a resource on this side."""
        known = self._blocks.get(change.address)
        if known is None:
            written = change.written
            expressions = (written.get("expressions") or {}) if written is not None else None
            unknown = change.unknown if self.side == "after" else {}
            values = overlaid(change.values(self.side) or {}, unknown, change.sensitive[self.side], expressions)
            known = self._blocks[change.address] = Block(
                values, expressions, Seen(self, change), self.sides.cloud.sparse
            )
        return known

    def parts_of(self, change: Planned) -> Iterator[str]:
        """The addresses of the parts of a resource, those that may be among them."""
        parts = [part for row in self.sides.cloud.mappings.get(change.type, ()) for part in row.parts]
        for index in (self.links.certain, self.links.possible):
            yield from (item.address for part in parts for item in index.get((change.address, part), ()))

    def keyed(self, type_: str) -> Mapping[str, list[tuple[Planned, declared.Mapping]]]:
        """The planned resources of a cloud type on this side, by everything that others name them by."""
        known = self._keyed.get(type_)
        if known is None:
            known = self._keyed[type_] = {}
            for change in self.sides.changes:
                for row in self.sides.cloud.mappings.get(change.type, ()):
                    if row.type == type_ and row.each is None and change.values(self.side) is not None:
                        block = self.block(change)
                        values = {block.get(key, None, optional=True, computed=False) for key in row.keys}
                        for value in {*values, *row.aliases(block)}:
                            if isinstance(value, str):
                                known.setdefault(self.sides.cloud.alike(value), []).append((change, row))
        return known

    def held(self, types: Sequence[str]) -> tuple[Mapping[str, Planned], Mapping[str, Planned]]:
        """The planned resources of Terraform types on this side: by address, and by id and ARN where known."""
        key = tuple(types)
        known = self._held.get(key)
        if known is None:
            mine = [item for item in self.sides.changes if item.type in types and item.values(self.side) is not None]
            by_id = {
                self.sides.cloud.alike(value): change
                for change in mine
                for name in ("id", "arn", "name")
                if isinstance(value := self.block(change).get(name, None, optional=True, computed=False), str)
            }
            known = self._held[key] = ({change.address: change for change in mine}, by_id)
        return known

    @property
    def links(self) -> Links:
        """Which part belongs to which owner."""
        if self._links is None:
            self._links = Links(self)
        return self._links

    def resources(self) -> Iterator[tuple[Planned, Resource]]:
        """Every resource that the plan holds on this side, with the entry that it comes from."""
        for change in self.sides.changes:
            if change.values(self.side) is None:
                continue
            with about(change.address):
                yield from self._made(change)

    def _made(self, change: Planned) -> Iterator[tuple[Planned, Resource]]:
        for row in self.sides.cloud.mappings.get(change.type, ()):
            block = self.block(change)
            if row.each is None:
                if row.applies is None or given(row.applies, block) is not False:
                    yield change, self._resource(change, row, block, self.sides.id(change, row))
                continue
            inner = block.blocks(row.each, optional=True)
            if inner is COMPUTED:
                self.assumed.add(change.address)
                continue
            base = self.sides.id(change, row)
            rows = [replace(block, values={}, written=None)] if isinstance(inner, Unread) else inner
            for item in rows:
                both = replace(item, values={**item.values, "owner": block.values})
                if row.applies is None or given(row.applies, both) is not False:
                    made = self._each(change, row, both, base)
                    yield change, hidden(made, inner) if isinstance(inner, Unread) else made

    def _each(self, change: Planned, row: declared.Mapping, both: Block, base: str) -> Resource:
        where = self.sides.where[change.address]
        own = text(given(lambda block: row.identity(block, where), both))
        name = text(given(row.name.read, both))
        return self._resource(change, row, both, own or f"{base}/{row.each}/{name or 'unnamed'}")

    def _resource(self, change: Planned, row: declared.Mapping, block: Block, id_: str) -> Resource:
        properties = {name: self._property(change, row, block, name, spec) for name, spec in row.properties.items()}
        if row.finish is not None:
            properties = row.finish(properties)
        properties = nested(properties)
        told = given(row.name.read, block)
        name = text(told) or change.at.name
        where = self.sides.where[change.address]
        region = row.where if row.where == "global" else where.region
        scope = Scope(self.sides.cloud.provider, where.account or UNKNOWN, region or UNKNOWN)
        if "tags" not in properties:
            properties["tags"] = given(TAGS.read, block) if "tags" in block.values else {}
        made = assembled(row.type, id_, name, scope, properties, self.sides.collected_at)
        unsure = {"/account": NOT_TOLD} if where.account is None else {}
        if region is None:
            unsure["/region"] = NOT_TOLD
        if id_ == change.address or id_.startswith(f"{change.address}/"):
            unsure["/id"] = NOT_TOLD if change.before is not None else NOT_THERE_YET
        if not text(told):
            unsure["/name"] = NOT_TOLD if change.before is not None else NOT_THERE_YET
        return replace(made, unread={**made.unread, **unsure})

    def owners_elsewhere(self) -> Iterator[tuple[Planned, Resource]]:
        """The owners that this plan does not hold, of parts that add up: what it adds, and that there is more."""
        parts: dict[tuple[declared.Mapping, str, Same], list[tuple[Planned, Part]]] = defaultdict(list)
        for change, part in self.links.apart:
            block = self.block(change)
            value = block.get(part.link, None, optional=True, computed=False)
            row = next(row for rows in self.sides.cloud.mappings.values() for row in rows if part in row.parts)
            if isinstance(value, str):
                same = tuple((name, text(block.get(name, None, optional=True))) for name in part.same)
                parts[row, value.removesuffix(part.below), same].append((change, part))
        for (row, value, same), items in parts.items():
            properties = {
                name: added_up(spec, [*self._adding(items, name), NOT_HELD])
                for name, spec in row.properties.items()
                if isinstance(spec, Split) and spec.element
            }
            if not properties:
                continue
            first = items[0][0]
            where = self.sides.where[first.address]
            block = Block({"id": value, "arn": None, **dict(same)}, None, Seen(self, first), self.sides.cloud.sparse)
            id_ = text(row.identity(block, where)) or value
            scope = Scope(self.sides.cloud.provider, where.account or UNKNOWN, where.region or UNKNOWN)
            made = assembled(row.type, id_, value, scope, properties, self.sides.collected_at)
            untold = ["/name", "/tags", *([] if id_ != value else ["/id"])]
            untold += [f"/{name}" for name in ("account", "region") if getattr(where, name) is None]
            yield first, replace(made, unread={**made.unread, **dict.fromkeys(untold, NOT_TOLD)})

    def _adding(self, items: Iterable[tuple[Planned, Part]], name: str) -> Iterator[Any]:
        for change, part in items:
            if name in part.fills:
                yield self._filled(change, part, name)

    def _filled(self, change: Planned, part: Part, name: str) -> Any:
        """What a part says of a property of its owner: nothing that is known, where it may not be made at all."""
        return change.unsure or given(part.fills[name].read, self.block(change))

    # --- properties --------------------------------------------------------------------------------------------------

    def _property(self, change: Planned, row: declared.Mapping, block: Block, name: str, spec: Given | Split) -> Any:
        if not isinstance(spec, Split):
            return given(spec.read, block)
        links, mine = self.links, [part for part in row.parts if name in part.fills]
        perhaps = next((item for part in mine for item in links.possible.get((change.address, part), ())), None)
        doubt = Unread("ambiguous", detail=f"{perhaps.address} may belong to it") if perhaps is not None else None
        if doubt is not None and spec.group is None:
            return doubt
        certain = self.told(change, name, mine)
        if spec.group is not None:
            whole = doubt is None and any(part.whole and links.certain.get((change.address, part)) for part in mine)
            added = certain if doubt is None else [*certain, doubt]
            return self._together(change, block, name, spec, mine, added, whole)
        if certain:
            same = all(value == certain[0] for value in certain)
            return certain[0] if same else Unread("ambiguous", detail="several resources set it")
        return self._alone(change, block, spec, mine)

    def _alone(self, change: Planned, block: Block, spec: Split, parts: Sequence[Part]) -> Any:
        """A split property of which no part is there on this side."""
        elsewhere = self.sides.other(self.side).links
        taken_away = any(elsewhere.certain.get((change.address, part)) for part in parts)
        if self.side == "after" and taken_away and not self._new(change):
            return spec.created if spec.removed is REQUIRED else spec.removed
        inline = self._inline(block, spec)
        if inline not in (None, []) and inline is not COMPUTED:
            return inline
        if self._new(change):
            return spec.created
        # What the provider read back from the cloud is what is there; what no attribute holds may be set elsewhere.
        return NOT_HELD if inline is COMPUTED else inline

    @staticmethod
    def _inline(block: Block, spec: Split) -> Any:
        """What the owner itself says; nothing where its provider version has no such attribute."""
        if spec.inline is None:
            return COMPUTED
        if not any(path.partition(".")[0] in block.values for path in spec.inline.paths):
            return COMPUTED if spec.optional or block.sparse else MISSING
        return given(spec.inline.read, block)

    def _together(
        self,
        change: Planned,
        block: Block,
        name: str,
        spec: Split,
        parts: Sequence[Part],
        certain: list[Any],
        whole: bool,
    ) -> Any:
        """A split property whose parts add up, with what the owner has inline."""
        inline = [] if whole else self._inline(block, spec)
        if inline is COMPUTED:
            inline = self._unwritten(change, block, spec, bool(certain)) if self._new(change) else NOT_HELD
        elif isinstance(inline, int) and not isinstance(inline, bool):
            # A number that the provider read back counts the parts of that moment.
            held = sum(1 for _ in self.sides.before.atoms(change, name, parts))
            inline = [None] * max(0, inline - held)
        elif isinstance(inline, list) and not self._writes(block, spec) and not self._new(change):
            # Read back from the cloud: the parts of either side are in it, and count where they are now.
            known = [item for fold in (self.sides.before, self.sides.after) for item in fold.atoms(change, name, parts)]
            inline = [item for item in inline if item not in known]
        summed = added_up(spec, [inline if inline is not None else [], *certain])
        told = [side.told(change, name, parts) for side in (self.sides.before, self.sides.after)]
        # A list with an object for what is not held is put together with what a run read (engine.gate.partial_lists).
        return TOUCHED if summed is NOT_HELD and not spec.element and told[0] != told[1] else summed

    def _unwritten(self, change: Planned, block: Block, spec: Split, apart: bool) -> Any:
        """What a new owner has inline that its configuration does not show: nothing, or what nobody knows yet.

        A plan shows no dynamic blocks ("JSON Output Format" leaves them out), so that blocks which are not known may be
        such. Where there are resources beside them, there are none: providers allow one or the other.
        """
        inline = spec.inline
        if inline is None or apart or not any(path.partition(".")[0] in block.values for path in inline.paths):
            return []
        if isinstance(inline, Attribute) and "." not in inline.path:
            return []
        self.assumed.add(change.address)
        return KNOWN_AFTER_APPLY if spec.element else []

    def told(self, change: Planned, name: str, parts: Sequence[Part]) -> list[Any]:
        """What each part of an owner says of a property on this side."""
        return [
            self._filled(item, part, name)
            for part in parts
            for item in self.links.certain.get((change.address, part), ())
        ]

    def atoms(self, change: Planned, name: str, parts: Sequence[Part]) -> Iterator[Any]:
        """What the parts of an owner add to a property on this side."""
        for value in self.told(change, name, parts):
            if isinstance(value, list):
                yield from value

    def _writes(self, block: Block, spec: Split) -> bool:
        """Whether the configuration writes the inline attributes itself, so that they are all there is."""
        if block.written is None or spec.inline is None:
            return True
        return any(path.partition(".")[0] in block.written for path in spec.inline.paths)

    def _new(self, change: Planned) -> bool:
        """Whether the resource is made by this change, and so has on this side what it is made with."""
        return self.side == "after" and (change.new or change.created)
