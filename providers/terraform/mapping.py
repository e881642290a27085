"""How a service's Terraform resources become resources of a cloud: declarations, one module a service.

A :class:`Mapping` says which properties of a resource type the attributes of a Terraform type give, a :class:`Part`
which of them stand in a Terraform resource of its own that names its owner, and a :class:`Setting` what a resource says
of its account or region. Property names and types are those of the live adapter and of ``schemas/resources``. Templates
(:mod:`providers.cloudformation`) are mapped by the same declarations, with their own types in Terraform's place.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from providers.base import Unread
from providers.terraform.block import REQUIRED, Block

UNKNOWN: str = "unknown"
"""The account or region of a resource whose plan does not tell it; the resource's ``unread`` says so."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a planned resource will be; None where the plan does not tell."""

    account: str | None
    region: str | None
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property that one attribute gives. ``path`` names it with dots through nested blocks, of which there is one.

    ``default`` is what holds where it is not set; ``source`` says who documents that, and is needed where the default
    is not null. ``convert`` turns a known value into the property's. ``names``: the value is the id of a resource of
    that type. ``computed=False``: what the provider will choose is not the default, but unknown. ``optional``: versions
    of the provider that lack it behave as if it were not set.
    """

    path: str
    default: Any = REQUIRED
    source: str = ""
    convert: Callable[[Any], Any] | None = None
    names: str | None = None
    computed: bool = True
    optional: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The attributes that are read."""
        return (self.path,)

    def read(self, block: Block) -> Any:
        """The property, or an Unread."""
        if self.names is not None:
            value = block.id(self.path, self.names, self.default, optional=self.optional)
        else:
            value = block.get(self.path, self.default, optional=self.optional, computed=self.computed)
        if self.convert is None or value is None or isinstance(value, Unread):
            return value
        return self.convert(value)


@dataclass(frozen=True, slots=True)
class Derived:
    """A property that several attributes give together. ``paths`` are all attributes that ``read`` reads."""

    paths: tuple[str, ...]
    read: Callable[[Block], Any]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A property that every resource of the Terraform type has. ``source`` says who documents that."""

    value: Any
    source: str
    paths: tuple[str, ...] = ()

    def read(self, block: Block) -> Any:
        """The value."""
        return self.value


Given = Attribute | Derived | Constant


@dataclass(frozen=True, slots=True)
class Split:
    """A property that a :class:`Part` gives, or that the owner has ``inline``, as older provider versions do.

    ``created`` is what a new owner has without either, ``removed`` what the deletion of the part leaves behind (the
    same where it is not given); ``source`` says who documents that. ``group``: the parts and the inline value are lists
    that add up, and it makes the property of them; an inline list that the configuration does not write is what the
    provider read back, with the parts in it. ``element`` are the keys of such a list's objects: where there may be
    more of them than can be told, one more stands for these, of which nothing is read. ``optional``: there are versions
    of the provider without the inline attributes.
    """

    created: Any
    source: str
    inline: Given | None = None
    removed: Any = REQUIRED
    group: Callable[[Sequence[Any]], Any] | None = None
    element: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A Terraform type whose resources belong to an owner, which its attribute ``link`` names by id, ARN or name.

    Where the attribute is a list, each that it names is an owner.

    ``fills`` are split properties of the owner. ``applies``: whether a resource of the type is such a part at all.
    ``elsewhere``: that the owner is not in the plan is usual, and takes nothing from what is judged. ``same``: further
    attributes that the part and its owner have in common, where ``link`` alone names several. ``several``: the link is
    a list, and each that it names is an owner. ``below``: what stands behind the owner's id where the link names
    something that lies below the owner. ``whole``: what it says of a split property that adds up is all there is,
    whatever the owner had besides.
    """

    terraform: str
    link: str
    fills: collections.abc.Mapping[str, Given]
    applies: Callable[[Block], Any] | None = None
    elsewhere: bool = False
    same: tuple[str, ...] = ()
    several: bool = False
    below: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """How a Terraform type becomes a resource type.

    ``keys`` are the attributes by which other resources name it, ``aliases`` further names that follow from them.
    ``name`` gives the resource's name, ``identity`` the id that the live adapter gives it (None, or an Unread: not
    known yet; its address stands for it then). ``where``:
    the region is the resource's own, or "global". ``control``: deleting it is deleting a control. ``applies`` is false
    for what the live adapter does not list under the type. ``each`` makes a resource of every block at that path
    instead (the resource's own values are at "owner" then, and ``identity`` and ``applies`` are asked of both);
    ``finish`` sets the properties ``follows``, and may change others, from those that were read. A property "a.b" is
    the key b of the object a, whose keys stand in resources of their own.
    """

    type: str
    terraform: str
    properties: collections.abc.Mapping[str, Given | Split]
    parts: tuple[Part, ...] = ()
    keys: tuple[str, ...] = ("id", "arn")
    aliases: Callable[[Block], collections.abc.Iterable[str]] = lambda block: ()
    name: Given = Attribute("name", None)
    identity: Callable[[Block, Where], Any] = lambda block, where: block.get("arn", None, computed=False)
    where: Literal["region", "global"] = "region"
    control: bool = False
    applies: Callable[[Block], Any] | None = None
    each: str | None = None
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    follows: tuple[str, ...] = ()

    @property
    def fills(self) -> frozenset[str]:
        """Every property that it can give."""
        return frozenset(name.partition(".")[0] for name in (*self.properties, *self.follows))


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A Terraform type that says how an account or a region is set, by their types ("AWS::Account", "AWS::Region").

    ``type`` may be another of which an account has one (:class:`providers.terraform.catalogue.Catalogue`).

    ``removed`` are the properties that its deletion leaves behind, where that is documented in ``source``. ``applies``:
    whether a resource of the type says it at all; ``where``: properties that are of its :class:`Where`. ``group``:
    the properties are lists that add up, as of a :class:`Split`. Where there is always more than a plan holds of them,
    an object stands for it that has the keys of ``element``, unread; else the group says what stands for the rest.
    """

    type: str
    terraform: str
    fills: collections.abc.Mapping[str, Given]
    removed: collections.abc.Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    applies: Callable[[Block], Any] | None = None
    where: tuple[str, ...] = ()
    group: Callable[[Sequence[Any]], Any] | None = None
    element: tuple[str, ...] = ()


def tags(block: Block) -> Any:
    """The tags with those that the provider's configuration adds to every resource.

    The provider tells both together while planning; where it leaves tags_all to the apply, it adds none.
    """
    both = block.get("tags_all", None, optional=True, computed=False)
    if isinstance(both, dict) or (isinstance(both, Unread) and both.reason != "known_after_apply"):
        return both
    own = block.get("tags", {}, optional=True)
    if not isinstance(own, (dict, Unread)):
        raise TypeError("tags are no map")
    return own


TAGS = Derived(("tags", "tags_all"), tags)
