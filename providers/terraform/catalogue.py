"""The mappings of a cloud, indexed by Terraform type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers.terraform import mapping as declared
from providers.terraform.mapping import Part, Setting

Named = Callable[[str], str | None]
"""The id of what an account has one of, from the account's; None where it does not follow from that."""

AWS_ACCOUNT: Final[Mapping[str, Named]] = {"AWS::Account": lambda account: account}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The mappings of one cloud, by Terraform type. ``sparse`` as of :class:`providers.terraform.block.Block`.

    ``accounts`` are the types of which an account has one, the account's own first; ``region`` is that of a region,
    where the cloud judges them. ``caseless``: ids and names mean the same in whichever case they are written.
    """

    provider: str
    mappings: Mapping[str, tuple[declared.Mapping, ...]]
    parts: Mapping[str, tuple[Part, ...]]
    settings: Mapping[str, tuple[Setting, ...]]
    also: frozenset[str] = frozenset()
    sparse: bool = False
    accounts: Mapping[str, Named] = field(default_factory=lambda: AWS_ACCOUNT)
    region: str | None = "AWS::Region"
    caseless: bool = False

    @property
    def account(self) -> str:
        """The type of an account."""
        return next(iter(self.accounts))

    def alike(self, value: Any) -> Any:
        """An id or a name in the form in which the cloud compares it."""
        return value.lower() if self.caseless and isinstance(value, str) else value

    @property
    def partial(self) -> dict[str, frozenset[str]]:
        """Lists of which a plan tells what it adds to an account, and never all, by resource type."""
        found: dict[str, set[str]] = defaultdict(set)
        for settings in self.settings.values():
            for setting in settings:
                if setting.group is not None:
                    found[setting.type] |= set(setting.fills)
        return {type_: frozenset(names) for type_, names in found.items()}

    @property
    def types(self) -> frozenset[str]:
        """Every Terraform type that something is read of, for others too."""
        return frozenset({*self.mappings, *self.parts, *self.settings, *self.also})

    @property
    def fills(self) -> dict[str, frozenset[str]]:
        """The properties that can be given, by resource type."""
        found: dict[str, set[str]] = defaultdict(set)
        for rows in self.mappings.values():
            for row in rows:
                found[row.type] |= {*row.fills, "tags"}
        for settings in self.settings.values():
            for setting in settings:
                found[setting.type] |= {*setting.fills, *setting.where}
        return {type_: frozenset(names) for type_, names in found.items()}


def catalogue(
    provider: str,
    mappings: Iterable[declared.Mapping],
    settings: Iterable[Setting],
    also: Iterable[str] = (),
    *,
    sparse: bool = False,
    accounts: Mapping[str, Named] = AWS_ACCOUNT,
    region: str | None = "AWS::Region",
    caseless: bool = False,
) -> Catalogue:
    """The mappings and settings of a cloud's services, indexed; ``also`` are Terraform types read for others only."""
    by_type: dict[str, list[declared.Mapping]] = defaultdict(list)
    parts: dict[str, list[Part]] = defaultdict(list)
    for row in mappings:
        by_type[row.terraform].append(row)
        for part in row.parts:
            if part not in parts[part.terraform]:
                parts[part.terraform].append(part)
    set_by: dict[str, list[Setting]] = defaultdict(list)
    for setting in settings:
        set_by[setting.terraform].append(setting)
    return Catalogue(
        provider,
        {key: tuple(rows) for key, rows in by_type.items()},
        {key: tuple(rows) for key, rows in parts.items()},
        {key: tuple(rows) for key, rows in set_by.items()},
        frozenset(also),
        sparse,
        accounts,
        region,
        caseless,
    )
