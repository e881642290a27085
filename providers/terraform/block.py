"""The values of a planned resource or of a block in it, read by attribute; what is not known is an :class:`Unread`.

``after_unknown`` and the sensitivity masks mirror the shape of the values ("JSON Output Format", change
representation): a leaf ``true`` marks the value there, or all below it. Both are laid over the values before anything
is read, so that a sensitive value is gone from here on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from providers.base import MISSING, Unread
from providers.terraform.masks import marks
from providers.terraform.references import longest

KNOWN_AFTER_APPLY: Final = Unread("known_after_apply")
COMPUTED: Final = Unread("known_after_apply", detail="not set in the configuration")
"""Of an attribute that the configuration leaves to the provider: the default holds where one is documented."""
SENSITIVE: Final = Unread("sensitive")
SEVERAL: Final = Unread("ambiguous", detail="several blocks where one was expected")


class Unset:
    """The mark of an attribute without a documented default."""


REQUIRED: Final = Unset()


class Referring(Protocol):
    """Follows references of the configuration; made for one resource and one side of a plan."""

    def id_of(self, references: Sequence[str], type_: str) -> str | None:
        """The id of the one planned resource of a type that the references lead to by its id or ARN, or None."""
        ...

    def id_by(self, value: str, type_: str) -> str | None:
        """The id of the one planned resource of a type that a known id, ARN or name means, or None."""
        ...

    def region_of(self, id_: str, type_: str) -> str | None:
        """The region of the planned resource of a type with this id; None where the plan does not tell."""
        ...

    def blocks_of(self, known: Sequence[str], references: Sequence[str], types: Sequence[str]) -> list[Block] | None:
        """The planned resources (Terraform types) that ids and references name; None where one cannot be told."""
        ...

    def beside(self, types: Sequence[str]) -> list[Block]:
        """The planned resources (Terraform types) of the same provider configuration and region."""
        ...

    def one(self, references: Sequence[str]) -> tuple[str, str] | None:
        """The Terraform type of the one planned resource that the references lead to, and the id that stands for it."""
        ...

    def own(self, type_: str) -> str:
        """The id that stands for this resource as one of a cloud type."""
        ...

    def pointing(self, type_: str, attribute: str, keys: Sequence[str]) -> list[Block] | Unread:
        """The planned resources of a Terraform type whose attribute names this one, by one of its ``keys``."""
        ...

    def place(self) -> tuple[str | None, str | None]:
        """The account and the region of the resource, as far as the plan tells."""
        ...

    def as_of(self) -> str:
        """When the plan is read (RFC 3339 UTC): what it makes is made later."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A resource's or a nested block's values. ``written`` is what the configuration says of it, where it does.

    Paths are attribute names with dots: each step but the last is a nested block of which there is one or none.
    ``sparse``: what is not set is not there (a template), instead of being there as null (a plan).
    """

    values: Mapping[str, Any]
    written: Mapping[str, Any] | None
    referring: Referring
    sparse: bool = False

    def get(self, path: str, default: Any = REQUIRED, *, optional: bool = False, computed: bool = True) -> Any:
        """The value at ``path``, or an Unread.

        ``default`` is what the provider or the API documents for an attribute that is not set (null, or left to the
        provider); without it null is missing. ``computed=False``: what is left to the provider stays unknown all the
        same. ``optional``: provider versions without the attribute behave as if it were not set.
        """
        holder, name = self._holder(path, optional)
        if isinstance(holder, Unread):
            return default if holder is COMPUTED and computed and not isinstance(default, Unset) else holder
        if holder is None:
            return MISSING if isinstance(default, Unset) else default
        if name not in holder.values:
            # Terraform writes every attribute of a resource and of a block, as null where it is not set.
            return default if (optional or self.sparse) and not isinstance(default, Unset) else MISSING
        value = holder.values[name]
        if value is KNOWN_AFTER_APPLY and not self.sparse and holder.written is not None and name not in holder.written:
            value = COMPUTED
        if value is None or (value is COMPUTED and computed):
            if not isinstance(default, Unset):
                return default
            return MISSING if value is None else value
        return value

    def blocks(self, path: str, *, optional: bool = False) -> list[Block] | Unread:
        """The nested blocks at ``path``; none where it is null, and where it is left to the provider that is unknown.

        ``optional`` as for :meth:`get`. A map in their place is one block.
        """
        found = self.rows(path, optional=optional)
        if isinstance(found, Unread):
            return found
        known = [row for row in found if isinstance(row, Block)]
        return known if len(known) == len(found) else next(row for row in found if isinstance(row, Unread))

    def rows(self, path: str, *, optional: bool = False) -> list[Block | Unread] | Unread:
        """The nested blocks at ``path`` as :meth:`blocks` has them, with an Unread in the place of each unknown one."""
        value = self.get(path, None, optional=optional, computed=False)
        if isinstance(value, Unread):
            return value
        if isinstance(value, Mapping):
            value = [value]
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            return Unread("malformed_response", detail="no blocks")
        written = self._written(path)
        if isinstance(written, Mapping) and "references" not in written:
            written = [written]
        rows = _rows(written) if isinstance(written, list) and len(written) == len(value) else [None] * len(value)
        if not all(isinstance(item, (Mapping, Unread)) for item in value):
            return Unread("malformed_response", detail="no blocks")
        return [
            item
            if isinstance(item, Unread)
            else replace(self, values=item, written=row if isinstance(row, Mapping) else None)
            for item, row in zip(value, rows, strict=True)
        ]

    def block(self, path: str, *, optional: bool = False) -> Block | Unread | None:
        """The one nested block at ``path``; None where there is none."""
        found = self.blocks(path, optional=optional)
        if isinstance(found, Unread):
            return found
        return SEVERAL if len(found) > 1 else next(iter(found), None)

    def only(self, paths: Iterable[str], *, optional: bool = False) -> Block | Unread:
        """The nested block at the only one of some paths that has one; an Unread where that is not known or not so."""
        found = [held for path in paths if (held := self.block(path, optional=optional)) is not None]
        unread = next((held for held in found if isinstance(held, Unread)), None)
        return unread or (MISSING if not found else SEVERAL if len(found) > 1 else found[0])

    def id(self, path: str, type_: str, default: Any = REQUIRED, *, optional: bool = False) -> Any:
        """The value at ``path``, which is the id of a resource of a cloud type.

        Where it is known only after apply and the configuration takes it from one planned resource, it is that one's
        id: that the two belong together is known, though not how the id will read.
        """
        value = self.get(path, default, optional=optional)
        if isinstance(value, Unread) and value.reason == "known_after_apply":
            return self.referring.id_of(self.references(path), type_) or value
        return value

    def ids(self, path: str, type_: str) -> Any:
        """The set of ids at ``path``, in which planned resources of a cloud type stand for what is not known yet.

        A set with one unknown element is unknown as a whole. It is told where the configuration takes it from planned
        resources of the type and from nothing else.
        """
        values = self.get(path, [])
        known = [] if isinstance(values, Unread) else [value for value in values if not isinstance(value, Unread)]
        unread = values if isinstance(values, Unread) else next((v for v in values if isinstance(v, Unread)), None)
        if unread is None or unread.reason != "known_after_apply":
            return values
        found = {self.referring.id_of((name,), type_) for name in longest(self.references(path))}
        if not found or None in found or len(known) + len(found) < (1 if values is unread else len(values)):
            return values
        return sorted({*known, *(name for name in found if name is not None)})

    def owner(self, path: str, type_: str) -> Any:
        """The id of the planned resource of a cloud type that the value at ``path`` names by id, ARN or name.

        What is not in the plan is not collected.
        """
        value = self.get(path, None, computed=False)
        known = self.referring.id_by(value, type_) if isinstance(value, str) else None
        found = known or self.referring.id_of(self.references(path), type_)
        if found is not None:
            return found
        return value if isinstance(value, Unread) else Unread("not_collected", detail="not in this plan")

    def named(self, path: str, *types: str) -> list[Block] | Unread:
        """The planned resources (Terraform types) whose ids a list of ids at ``path`` holds."""
        value = self.get(path, [])
        if isinstance(value, Unread) and not self.references(path):
            # Something is named, and nobody can tell what.
            return value
        known = [] if isinstance(value, Unread) else value if isinstance(value, list) else [value]
        found = self.referring.blocks_of(known, self.references(path), types)
        if found is not None:
            return found
        return value if isinstance(value, Unread) else Unread("not_collected", detail="not in this plan")

    def names(self, path: str) -> list[tuple[Any, tuple[str, ...]]]:
        """What an attribute names, one thing or each of a list: the value, and what its expression refers to.

        Of a path through nested blocks, what it names in each of them.
        """
        head, _, rest = path.partition(".")
        if rest:
            rows = self.rows(head, optional=True)
            inner = [rows] if isinstance(rows, Unread) else rows
            return [
                pair
                for row in inner
                for pair in (row.names(rest) if isinstance(row, Block) else [(row, self.references(path))])
            ]
        value = self.get(path, None, optional=True, computed=False)
        if not isinstance(value, list):
            return [(value, self.references(path))]
        written = self._written(path)
        if not isinstance(written, list) or len(written) != len(value):
            return [(item, self.references(path)) for item in value]
        return [(item, _referred(node)) for item, node in zip(value, written, strict=True)]

    def references(self, path: str) -> tuple[str, ...]:
        """What the expression at ``path`` refers to, as the configuration writes it."""
        node = self._written(path)
        if isinstance(node, list):
            node = node[0] if len(node) == 1 else None
        return _referred(node)

    def _holder(self, path: str, optional: bool) -> tuple[Block | Unread | None, str]:
        *steps, name = path.split(".")
        holder: Block | Unread | None = self
        for step in steps:
            if holder is None or isinstance(holder, Unread):
                break
            holder = holder.block(step, optional=optional)
        return holder, name

    def _written(self, path: str) -> Any:
        node: Any = self.written
        for step in path.split("."):
            if isinstance(node, list):
                node = node[0] if len(node) == 1 else None
            node = node.get(step) if isinstance(node, Mapping) else None
        return node


def _rows(written: Sequence[Any]) -> Sequence[Any]:
    """What is written of each of several blocks, which a set has in an order of its own.

    What any of them writes may be written of each: it is not left to the provider then.
    """
    if len(written) < 2 or not all(isinstance(row, Mapping) for row in written):
        return written
    names: dict[str, Any] = {name: {} for row in written for name in row}
    return [{**names, **row} for row in written]


def _referred(node: Any) -> tuple[str, ...]:
    found = node.get("references") if isinstance(node, Mapping) else None
    return tuple(name for name in found or () if isinstance(name, str))


# --- laying masks over values ----------------------------------------------------------------------------------------


def overlaid(
    values: Mapping[str, Any], unknown: Any, sensitive: Any, written: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The values of a resource with an Unread wherever they are unknown or sensitive.

    ``written`` are the expressions of its configuration; null where there is no configuration to ask. What is unknown
    and not written there is :data:`COMPUTED`.
    """
    laid: Any = _overlaid(values, unknown, sensitive)
    result: dict[str, Any] = dict.fromkeys(values, laid) if isinstance(laid, Unread) else laid
    if written is not None:
        for name, value in result.items():
            if value is KNOWN_AFTER_APPLY and name not in written:
                result[name] = COMPUTED
    return result


def _overlaid(value: Any, unknown: Any, sensitive: Any) -> Any:
    if sensitive is True:
        return SENSITIVE
    if unknown is True:
        return KNOWN_AFTER_APPLY
    if isinstance(value, (str, int)) or (value is None and not unknown):
        return value
    if isinstance(value, Mapping) or (value is None and isinstance(unknown, Mapping) and marks(unknown)):
        return _overlaid_object(value or {}, unknown, sensitive)
    if isinstance(value, list) or (value is None and isinstance(unknown, list) and marks(unknown)):
        return _overlaid_list(value or [], unknown, sensitive)
    return value


def _overlaid_object(value: Mapping[str, Any], unknown: Any, sensitive: Any) -> Any:
    theirs = unknown if isinstance(unknown, Mapping) else {}
    masks = sensitive if isinstance(sensitive, Mapping) else {}
    hidden = {key for key, marked in (*theirs.items(), *masks.items()) if marks(marked)}
    return {
        key: _overlaid(value.get(key), theirs.get(key), masks.get(key))
        for key in (*value, *sorted(hidden - value.keys()))
    }


def _overlaid_list(value: list[Any], unknown: Any, sensitive: Any) -> Any:
    theirs = unknown if isinstance(unknown, list) else []
    masks = sensitive if isinstance(sensitive, list) else []
    if len(theirs) > len(value) and any(marks(mark) for mark in theirs[len(value) :]):
        value = [*value, *([None] * (len(theirs) - len(value)))]
    if len(masks) > len(value) and any(marks(mark) for mark in masks[len(value) :]):
        # More marks than values: which of them are sensitive cannot be told.
        return SENSITIVE
    return [
        _overlaid(item, theirs[at] if at < len(theirs) else None, masks[at] if at < len(masks) else None)
        for at, item in enumerate(value)
    ]
