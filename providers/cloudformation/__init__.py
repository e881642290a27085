"""Planned infrastructure as a source: CloudFormation templates, folded into the types of the live adapters.

A template is read into the same :class:`providers.terraform.plan.Plan` as a Terraform plan, whose resources are all to
be made, and folded by the same mechanism; the mappings are in ``aws``. A template has no "before".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from providers.base import Place, Resource
from providers.cloudformation.loading import LARGEST, Document, document
from providers.cloudformation.parameters import NotParameters, given, hidden, values
from providers.cloudformation.references import LogicalReferences
from providers.cloudformation.template import plan_of
from providers.templates import NotATemplate
from providers.terraform import ControlResource, Folded
from providers.terraform.folding import Sides
from providers.terraform.mapping import Where
from providers.terraform.plan import Planned
from providers.terraform.reading import about
from providers.terraform.settings import settings

__all__ = ["NotATemplate", "NotParameters", "fills", "folded", "given", "is_template", "public"]

_SECTION: Final = re.compile(rb"""^[ \t]*["']?(AWSTemplateFormatVersion|Resources)["']?[ \t]*:""", re.MULTILINE)
_INLINE: Final = re.compile(rb"""[{,]\s*["'](AWSTemplateFormatVersion|Resources)["']\s*:""")
_PLAN: Final = re.compile(rb'"(format_version|resource_changes|planned_values)"\s*:')


def is_template(data: bytes) -> bool:
    """Whether a file's bytes have the sections of a template and none of a plan's; whether it is one, reading says."""
    start = data[: LARGEST + 1]
    if b"\0" in start[:64]:
        start = start.replace(b"\0", b"")
    if not start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"{"):
        return _SECTION.search(start) is not None
    return _PLAN.search(start) is None and (_SECTION.search(start) or _INLINE.search(start)) is not None


def folded(data: bytes, collected_at: str, chosen: Mapping[str, str], base: bool = False) -> Folded:
    """The template in a file's bytes, folded as of ``collected_at`` (RFC 3339 UTC). Raises NotATemplate.

    ``chosen`` are the values given for its parameters and pseudo parameters; ``base``: some may be of others.
    """
    found = document(data)
    with about("the template"):
        return _folded(found, values(found, chosen, others=base), collected_at)


def _folded(found: Document, parameters: Mapping[str, Any], collected_at: str) -> Folded:
    from providers.cloudformation.aws import CATALOGUE, NAMING, PUBLISHED

    plan = plan_of(found, parameters, NAMING, PUBLISHED)
    account, region, partition = (_told(parameters[f"AWS::{name}"]) for name in ("AccountId", "Region", "Partition"))
    where = Where(account, region, partition or "aws")
    mine = {change.address: where for change in plan.changes if change.type in CATALOGUE.types}
    sides = Sides(plan, CATALOGUE, mine, collected_at, LogicalReferences)
    fold = sides.after
    made = [*fold.resources(), *fold.owners_elsewhere()]
    places = {(item.type, item.scope, item.id): _place(found, change, item, sides) for change, item in made}
    kept = {change.address for change in plan.changes if _retained(found, change)}
    controls = {row.type for rows in CATALOGUE.mappings.values() for row in rows if row.control}
    return Folded(
        plan=plan,
        before=(),
        after=tuple(
            sorted(
                (*(item for _, item in made), *(settings(fold) if mine else ())),
                key=lambda item: (item.type, item.account, item.region, item.id),
            )
        ),
        places=places,
        deleted=(),
        actions=dict(Counter("+".join(change.actions) for change in plan.changes)),
        unmapped=dict(sorted(Counter(change.type for change in plan.changes if change.address not in mine).items())),
        orphans={change.address: True for change in fold.links.orphans},
        controls=tuple(
            ControlResource(item.type, item.id, item.name, item.scope, places[item.type, item.scope, item.id])
            for change, item in made
            if item.type in controls and change.address not in kept
        ),
    )


def fills() -> dict[str, frozenset[str]]:
    """The properties that templates can give, by resource type."""
    from providers.cloudformation.aws import CATALOGUE

    # No template sets it, and a bucket that blocks by itself is judged without it.
    return {**CATALOGUE.fills, "AWS::Account": frozenset({"s3_public_access_block"})}


def public(data: bytes, chosen: Mapping[str, str]) -> dict[str, str | None]:
    """The given parameter values, without those that are nobody's to print (null). Raises NotATemplate."""
    secret = hidden(document(data))
    return {name: None if name in secret else value for name, value in sorted(chosen.items())}


def _told(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _place(found: Document, change: Planned, item: Resource, sides: Sides) -> Place:
    return Place(
        address=change.address,
        type=change.type,
        name=change.address,
        actions=change.actions,
        parts=tuple(sorted(set(sides.after.parts_of(change)))),
        line=found.line(("Resources", change.address)),
        item=sides.item(change, item),
    )


def _retained(found: Document, change: Planned) -> bool:
    """Whether CloudFormation leaves the resource where it is when it goes from the template."""
    row = found.value["Resources"][change.address]
    return row.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
