"""Planned infrastructure as snapshots: what stands before the change and what will stand after it.

Both are judged by :func:`engine.judging.evaluate.evaluate` like what is read live. A plan holds what one state manages:
it has no listings, so that a relation is complete only where ids make it so (:mod:`engine.judging.joins`). Laid over
the snapshot of a sealed run, it takes the listings, and every property that a plan cannot tell, from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from engine.content.resources import TAGS, ResourceSchema
from engine.errors import InputError, UsageError
from engine.gate.model import Source
from engine.gate.partial_lists import summed
from engine.model import Collection, Resource, Scope, Snapshot, Unread
from providers import arm, cloudformation, declared
from providers.base import GLOBAL, Place
from providers.terraform import ControlResource, Folded, NotAPlan, fills, folded, partial

Conform = Callable[[Resource], Resource]
Key = tuple[str, Scope, str]
"""Type, scope and id: what no two resources share."""

Kind = Literal["arm", "cloudformation"]


class Language(Protocol):
    """A template language: a package that reads its files."""

    def is_template(self, data: bytes) -> bool:
        """Whether a file's bytes are meant to be one of its templates."""
        ...

    def given(self, arguments: Iterable[str]) -> Mapping[str, Any]:
        """Values for parameters, of arguments KEY=VALUE or files. Raises cloudformation.NotParameters."""
        ...

    def folded(self, data: bytes, collected_at: str, chosen: Mapping[str, Any], base: bool = False) -> Folded:
        """A template, folded. Raises NotAPlan."""
        ...

    def public(self, data: bytes, chosen: Mapping[str, Any]) -> dict[str, str | None]:
        """The values given, without those that are secret. Raises NotAPlan."""
        ...

    def fills(self) -> dict[str, frozenset[str]]:
        """The properties that templates can give, by resource type."""
        ...


LANGUAGES: Final[Mapping[Kind, Language]] = {"arm": arm, "cloudformation": cloudformation}
"""The template languages; a file that none of them takes for its own is a plan."""
UNKNOWN: Final = "unknown"
NOT_THERE_YET: Final = Unread("known_after_apply", detail="it does not exist yet")
LARGEST: Final = 2**30
"""Bytes of a plan file that are read at the most."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan file, read: its two sides as snapshots, where each resource is written, and facts for the report.

    ``places`` maps (type, scope, id) to where it is written. ``deleted`` are controls that the plan deletes,
    ``controls`` those that stand after it. ``fills`` are the properties that its source can tell, by resource type,
    ``partial`` the lists of accounts to which it only adds.
    """

    before: Snapshot
    after: Snapshot
    source: Source
    places: Mapping[tuple[str, Scope, str], Place]
    deleted: tuple[ControlResource, ...]
    orphans_changed: tuple[str, ...] = ()
    controls: tuple[ControlResource, ...] = ()
    fills: Mapping[str, frozenset[str]] = field(default_factory=dict)
    partial: Mapping[str, frozenset[str]] = field(default_factory=dict)


def planned(path: Path, as_of: str, conform: Conform, parameters: Sequence[str] = (), *, base: bool = False) -> Planned:
    """The plan or template in a file, as of a moment (RFC 3339 UTC); what it is, its content tells.

    ``parameters`` are values for those of a template, KEY=VALUE or files; ``base``: it may lack some of them, which
    came with what is compared with it. Raises InputError for what is neither or cannot be judged, and UsageError.
    """
    doing = f"reading the plan {path}"
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{doing}: it is larger than {LARGEST} bytes")
        data = path.read_bytes()
        kind = next((name for name, language in LANGUAGES.items() if language.is_template(data)), None)
        if parameters and kind is None:
            raise InputError(f"{doing}: parameters are given, and it is no template")
        chosen = _parameters(kind, parameters)
        found = folded(data, as_of) if kind is None else LANGUAGES[kind].folded(data, as_of, chosen, base)
        given = None if kind is None else LANGUAGES[kind].public(data, chosen)
    except OSError as error:
        raise InputError(f"{doing}: {error.strerror or error}") from error
    except NotAPlan as error:
        raise InputError(f"{doing}: {error}") from error
    before, after = (_snapshot(tuple(map(conform, resources)), as_of) for resources in (found.before, found.after))
    return Planned(
        before=before,
        after=after,
        source=_source(path, data, found, kind, given or {}),
        places=found.places if kind is None else _in_file(found.places, path),
        deleted=found.deleted,
        orphans_changed=tuple(sorted(address for address, changed in found.orphans.items() if changed)),
        controls=found.controls,
        fills=fills() if kind is None else LANGUAGES[kind].fills(),
        partial=partial() if kind is None else {},
    )


def _in_file(places: Mapping[Key, Place], path: Path) -> Mapping[Key, Place]:
    """Places of a template, each with the file, as a repository names it where it was named so."""
    named = path.name if path.is_absolute() else path.as_posix()
    return {key: replace(place, path=named) for key, place in places.items()}


def _parameters(kind: Kind | None, arguments: Sequence[str]) -> Mapping[str, Any]:
    """Values for the parameters of a template, of arguments KEY=VALUE or files. Raises UsageError."""
    try:
        return {} if kind is None else LANGUAGES[kind].given(arguments)
    except cloudformation.NotParameters as error:
        raise UsageError(f"reading --parameters: {error}") from error


def _snapshot(resources: tuple[Resource, ...], as_of: str) -> Snapshot:
    """A snapshot without listings but those of accounts and regions, of which it has every one that it touches."""
    scopes = tuple(sorted({item.scope for item in resources}))
    context = {name for provider in {scope.provider for scope in scopes} for name in declared(provider).discovered}
    listed: dict[tuple[str, Scope], int] = {}
    for item in resources:
        if item.type in context:
            listed[item.type, item.scope] = listed.get((item.type, item.scope), 0) + 1
    rows = tuple(Collection(type_, scope, "complete", count) for (type_, scope), count in sorted(listed.items()))
    return Snapshot(as_of, "planned", {}, scopes, rows, resources, finished_at=as_of)


def _source(path: Path, data: bytes, found: Folded, kind: Kind | None, given: Mapping[str, str | None]) -> Source:
    context = {name for provider in {item.provider for item in found.after} for name in declared(provider).discovered}
    return Source(
        kind=kind or "terraform",
        path=str(path),
        digest=hashlib.sha256(data).hexdigest(),
        format_version=found.plan.format_version,
        tool=found.plan.tool,
        resources=len(found.plan.changes),
        judged=len({place.address for place in found.places.values()}),
        actions=found.actions,
        unmapped=found.unmapped,
        orphans=tuple(sorted(found.orphans)),
        incomplete=found.plan.incomplete,
        statements=(*_statements(found, context), *_told(given)),
        parameters=given,
    )


def _statements(found: Folded, context: set[str]) -> list[str]:
    statements = list(found.plan.statements)
    deposed = [change.address for change in found.plan.changes if change.deposed]
    if deposed:
        statements.append(f"{len(deposed)} objects left over by earlier replacements are not judged")
    forgotten = [change.address for change in found.plan.changes if "forget" in change.actions]
    if forgotten:
        statements.append(f"{len(forgotten)} resources are only forgotten by the plan and stay, such as {forgotten[0]}")
    if found.assumed:
        first = min(found.assumed)
        statements.append(
            f"a plan does not show dynamic blocks: of {len(found.assumed)} resources, such as {first}, "
            "blocks that are not known yet could be such"
        )
    if any(item.account == UNKNOWN for item in found.after if item.type not in context):
        statements.append("it does not tell the account of every resource")
    return statements


def _told(given: Mapping[str, str | None]) -> list[str]:
    return [f"values are given for its parameters {', '.join(given)}"] if given else []


# --- over a snapshot -------------------------------------------------------------------------------------------------


def laid_over(live: Snapshot, plan: Planned, types: Mapping[str, ResourceSchema]) -> Planned:
    """The plan laid over what a sealed run read: both sides hold the account as it was, with the plan's changes.

    Before the change a resource is what the run read, else what the plan says was there; after it what the plan gives
    replaces what the run read. What the plan does not tell of a resource that it makes, or makes anew, is known after
    apply.
    """
    accounts = {scope.account for scope in live.scopes}
    only = accounts.pop() if len(accounts) == 1 else None
    there = {_key(item): item for item in live.resources}
    regions = _regions(live.resources)
    names: dict[tuple[str, str, str], list[Resource]] = {}
    for found in live.resources:
        names.setdefault((found.type, found.account, found.name), []).append(found)

    def settled(item: Resource) -> Resource:
        return _met(_named(_settled(item, only), names), there, regions)

    def placed(scope: Scope) -> Scope:
        return replace(scope, account=_account(scope.account, only))

    if any("{" in item.id for item in plan.after.resources if item.provider == "azure" and item.account == UNKNOWN):
        raise InputError(
            "laying the template over a run: it does not tell where it is deployed to, so that nothing of it would be "
            "found there; give subscription().subscriptionId and resourceGroup().name with --parameters"
        )
    before, after = (tuple(map(settled, side.resources)) for side in (plan.before, plan.after))
    sides = zip((*plan.before.resources, *plan.after.resources), (*before, *after), strict=True)
    places = {
        _key(now): plan.places[key] for was_, now in sides if (key := (was_.type, was_.scope, was_.id)) in plan.places
    }
    was = {_key(item): item for item in before}
    will = {_key(item): item for item in after}
    first = {**was, **there}
    second = {key: item for key, item in first.items() if key not in was or key in will}
    for key, item in will.items():
        known = first.get(key)
        if known is None or _replaced(places.get(key)):
            second[key] = _fresh(item, types)
        else:
            second[key] = _over(known, summed(known, was.get(key), item))
    return replace(
        plan,
        before=_merged(live, first),
        after=_merged(live, second),
        places=places,
        deleted=tuple(replace(item, scope=placed(item.scope)) for item in plan.deleted),
    )


def _replaced(place: Place | None) -> bool:
    """Whether a resource is made anew in the place of another, for which nothing stands that was read of that one."""
    return place is not None and "create" in place.actions and len(place.actions) > 1


def _key(item: Resource) -> Key:
    # A region's id is the same in every account, and a name may be taken in every region.
    return item.type, item.scope, item.id


def _regions(resources: tuple[Resource, ...]) -> Mapping[tuple[str, str, str], list[str]]:
    """The regions that hold something of a type, an account and an id."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for item in resources:
        found.setdefault((item.type, item.account, item.id), []).append(item.region)
    return found


def _named(item: Resource, names: Mapping[tuple[str, str, str], list[Resource]]) -> Resource:
    """A planned resource that is there already, and whose id its plan does not tell: the only one of its name."""
    why = item.unread.get("/id")
    found = names.get((item.type, item.account, item.name), [])
    if why is None or why.reason != "not_collected" or "/name" in item.unread or len(found) != 1:
        return item
    unread = {pointer: why for pointer, why in item.unread.items() if pointer not in ("/id", "/region")}
    return replace(item, id=found[0].id, region=found[0].region, unread=unread)


def _met(item: Resource, there: Mapping[Key, Resource], regions: Mapping[tuple[str, str, str], list[str]]) -> Resource:
    """A planned resource in the region where the run read it: whoever plans a bucket may not know its region.

    A name that is only taken in another region is another resource.
    """
    seen = regions.get((item.type, item.account, item.id), [])
    same = item.region == UNKNOWN or item.id.startswith(("arn:", "//"))
    return replace(item, region=seen[0]) if same and len(seen) == 1 and _key(item) not in there else item


def _account(account: str, only: str | None) -> str:
    return only if account == UNKNOWN and only is not None else account


def _settled(item: Resource, only: str | None) -> Resource:
    """A resource of a plan that does not tell its account, in the only account that the run read."""
    return _moved(item, only) if item.account == UNKNOWN and only is not None else item


def _moved(item: Resource, account: str) -> Resource:
    unread = {pointer: why for pointer, why in item.unread.items() if pointer != "/account"}
    if item.id.rpartition("/")[2] == UNKNOWN and item.region == GLOBAL:
        unread.pop("/id", None)
        own = item.id.removesuffix(UNKNOWN) + account
        return replace(item, account=account, id=own, name=account, unread=unread)
    return replace(item, account=account, unread=unread)


def _over(known: Resource, item: Resource) -> Resource:
    """What the plan gives of a resource, over what was read of it. What this plan does not hold stays as it was."""
    held = {
        pointer: why
        for pointer, why in item.unread.items()
        if why.reason != "not_collected" or pointer.split("/")[1] in item.properties
    }
    gone = {pointer.split("/")[1] for pointer in held}
    kept = {name: value for name, value in known.properties.items() if name not in gone}
    stays = {pointer: why for pointer, why in known.unread.items() if pointer.split("/")[1] not in item.properties}
    return replace(
        known,
        tags=item.tags if item.tags is not None else None if "/tags" in held else known.tags,
        properties={**kept, **item.properties},
        unread={**stays, **{pointer: why for pointer, why in held.items() if pointer not in ("/region", "/account")}},
    )


def _fresh(item: Resource, types: Mapping[str, ResourceSchema]) -> Resource:
    schema = types.get(item.type)
    names = set(schema.properties) if schema is not None else set()
    untold = {f"/{name}": NOT_THERE_YET for name in names - item.properties.keys()}
    if item.tags is None:
        untold[f"/{TAGS}"] = NOT_THERE_YET
    return replace(item, unread={**untold, **item.unread})


def _merged(live: Snapshot, resources: Mapping[Key, Resource]) -> Snapshot:
    ordered = sorted(resources.values(), key=lambda item: (item.type, item.account, item.region, item.id))
    scopes = tuple(sorted({*live.scopes, *(item.scope for item in ordered)}))
    return replace(live, source="planned", scopes=scopes, resources=tuple(ordered))
