"""What a plan says of the accounts and regions that it touches, and of what an account has one of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from providers.base import Resource, Scope, Unread
from providers.terraform.making import NOT_HELD, NOT_TOLD, added_up, assembled, given
from providers.terraform.mapping import UNKNOWN, Setting, Where
from providers.terraform.plan import Planned
from providers.terraform.reading import about

if TYPE_CHECKING:
    from providers.terraform.folding import Fold


def settings(fold: Fold) -> Iterator[Resource]:
    """The accounts and regions that the plan touches, with what it says of them."""
    cloud = fold.sides.cloud
    said: dict[tuple[str, Where], dict[str, Any]] = {}
    sums: dict[tuple[str, Where, str], tuple[Setting, list[Any]]] = {}
    for change in fold.sides.changes:
        where = fold.sides.where[change.address]
        whole = replace(where, region=None)
        said.setdefault((cloud.account, whole), {})
        if cloud.region is not None and where.region is not None:
            said.setdefault((cloud.region, where), {})
        for setting in cloud.settings.get(change.type, ()):
            place = where if setting.type == cloud.region else whole
            with about(change.address):
                told = _set(fold, change, setting)
            if not told and setting.type not in (cloud.account, cloud.region):
                continue
            known = said.setdefault((setting.type, place), {})
            for name, value in told.items():
                if setting.group is not None:
                    sums.setdefault((setting.type, place, name), (setting, []))[1].append(value)
                    continue
                other = known.get(name, value)
                known[name] = value if other == value else Unread("ambiguous", detail="several resources set it")
    for (type_, place, name), (setting, lists) in sums.items():
        said[type_, place][name] = added_up(setting, [*lists, NOT_HELD] if setting.element else lists)
    for (type_, where), properties in said.items():
        yield _place(fold, type_, where, properties)


def _place(fold: Fold, type_: str, where: Where, properties: Mapping[str, Any]) -> Resource:
    """An account, a region, or what an account has one of."""
    cloud = fold.sides.cloud
    account, region = where.account or UNKNOWN, where.region or UNKNOWN
    whole_account = type_ != cloud.region
    scope = Scope(cloud.provider, account, "global" if whole_account else region)
    name = account if whole_account else region
    id_ = cloud.accounts[type_](account) if whole_account else region
    made = assembled(type_, id_ or account, name, scope, properties, fold.sides.collected_at)
    unsure = ["/account", *(["/id"] if whole_account else [])] if where.account is None else []
    if id_ is None:
        unsure.append("/id")
    return replace(made, unread={**made.unread, **dict.fromkeys(unsure, NOT_TOLD)})


def _set(fold: Fold, change: Planned, setting: Setting) -> Mapping[str, Any]:
    there = change.values(fold.side) is not None
    held = fold.block(change) if there else fold.sides.other(fold.side).block(change)
    if setting.applies is not None and given(setting.applies, held) is False:
        return {}
    if there:
        told = {name: given(spec.read, held) for name, spec in setting.fills.items()}
    else:
        nothing = dict.fromkeys(setting.fills, ()) if setting.group is not None else {}
        told = {**nothing, **setting.removed} if fold.side == "after" else {}
    where = fold.sides.where[change.address]
    # What a place is called by is told where the plan tells the place.
    place = {name: getattr(where, name) if where.region is not None else NOT_TOLD for name in setting.where}
    return {**told, **place} if told else {}
