"""Which resources are part of the system: the boundary that ``organization.yaml`` writes, applied. Pure.

The first rule that holds of a resource decides; what none decides is in. What was not read well enough to decide (a tag
that was denied, a region that only apply tells) puts nothing out: it stays in, and is counted as undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.content.programme import OUTLINE
from engine.expressions import Failed, Program
from engine.expressions import compile as compile_expression
from engine.expressions.types import BOOL
from engine.judging.joins import plain_resource, unread_keys
from engine.model import LISTINGS, REGIONLESS, Bounds, Resource, RuleCount, Scope, Snapshot
from engine.programme.model import BoundaryRule

Key = tuple[str, Scope, str]
"""A resource of a snapshot: type, scope and id."""

ANY: Final = "*"
_IDENTIFYING: Final = ("/tags", "/id", "/name", "/account", "/region")
OPERATIONAL: Final = frozenset({"excluded", "not included"})
"""Why an account is left out that is there and could be scanned: the policy's access says so, and no boundary."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """A snapshot sorted by a boundary: ``out`` names the rule that puts a resource out.

    ``total`` is how many resources there are, ``undecided`` how many stay in for want of a reading.
    """

    out: Mapping[Key, str] = field(default_factory=dict)
    total: int = 0
    undecided: int = 0
    boundary: Boundary | None = None

    def inside(self, item: Resource) -> bool:
        """Whether a resource is judged."""
        return not self.out or (item.type, item.scope, item.id) not in self.out

    def listed(self, scope: Scope, type_: str) -> bool:
        """Whether anything of a listing could be judged: not where a rule puts all of it out, seen or not."""
        return self.boundary is None or self.boundary.of_listing(scope, type_) is None


EVERYTHING: Final = Sorting()
"""Where no boundary is written, all is in."""


class Boundary:
    """The rules, ready to be asked. ``groups`` maps "provider/group" to the accounts in it, as far as that was read."""

    def __init__(self, rules: Sequence[BoundaryRule], groups: Mapping[str, Iterable[str]] | None = None) -> None:
        self.rules = tuple(rules)
        self._groups = {name: frozenset(accounts) for name, accounts in (groups or {}).items()}
        self._programs: dict[str, Program] = {
            rule.when: compile_expression(rule.when, {"resource": OUTLINE}, BOOL)
            for rule in self.rules
            if rule.when is not None
        }

    def knowing(self, groups: Mapping[str, Iterable[str]]) -> Boundary:
        """The boundary, with what further groups hold."""
        return Boundary(self.rules, {**self._groups, **groups}) if groups else self

    def sorted(self, snapshot: Snapshot) -> Sorting:
        """Which resources of a snapshot are out, and by which rule."""
        if not self.rules:
            return EVERYTHING
        out: dict[Key, str] = {}
        undecided = 0
        for item in snapshot.resources:
            rule, unsure = self.of(item)
            undecided += unsure
            if rule is not None:
                out[item.type, item.scope, item.id] = rule
        return Sorting(out, len(snapshot.resources), undecided, self)

    def of(self, item: Resource) -> tuple[str | None, bool]:
        """The rule that puts a resource out (None: it is in), and whether it is in for want of a reading."""
        unsure = False
        for rule in self.rules:
            held = _all(self._of_resource(rule, item))
            if held is False:
                continue
            if rule.state == "in":
                return None, unsure
            if held:
                return rule.id, False
            # Types that have no tags at all are no gap.
            unsure = unsure or any(pointer.startswith(_IDENTIFYING) for pointer in item.unread)
        return None, unsure

    def of_listing(self, scope: Scope, type_: str) -> str | None:
        """The rule that puts out whatever a type has in a scope; None where something there may be in."""
        return self._placed(scope.provider, scope.account, scope.region, type_)

    def of_account(self, provider: str, account: str) -> str | None:
        """The rule that puts out whatever an account holds; None where something there may be in."""
        return self._placed(provider, account, ANY, None)

    def names(self, provider: str, account: str) -> bool:
        """Whether a rule names an account: by its id, by a group that it lies in, or by all of its provider.

        Listings that are handed in lie in no account, and need no name.
        """
        if provider == LISTINGS:
            return True
        for rule in self.rules:
            alone = not (rule.regions or rule.types or rule.tags or rule.when or rule.accounts or rule.groups)
            named = bool(rule.accounts or rule.groups) or (rule.provider is not None and alone)
            if named and _all(self._of_account(rule, provider, account)):
                return True
        return False

    def _placed(self, provider: str, account: str, region: str, type_: str | None) -> str | None:
        for rule in self.rules:
            somewhere = region == ANY or region in REGIONLESS
            facts = [
                *self._of_account(rule, provider, account),
                *([None if somewhere else region in rule.regions] if rule.regions else ()),
                *([None if type_ is None else type_ in rule.types] if rule.types else ()),
                *([None] if rule.tags or rule.when else ()),
            ]
            held = _all(facts)
            if held is not False and rule.state == "in":
                return None
            if held:
                return rule.id
        return None

    def _of_account(self, rule: BoundaryRule, provider: str, account: str) -> Iterator[bool | None]:
        if rule.provider is not None:
            yield rule.provider == provider
        if rule.accounts:
            yield None if account == ANY else account in rule.accounts
        if rule.groups:
            known = [self._groups.get(f"{provider}/{group}") for group in rule.groups]
            there = any(account in accounts for accounts in known if accounts is not None)
            yield True if there else None if None in known else False

    def _of_resource(self, rule: BoundaryRule, item: Resource) -> Iterator[bool | None]:
        unread = item.unread
        if "/account" in unread and (rule.accounts or rule.groups):
            yield None
        else:
            yield from self._of_account(rule, item.provider, item.account)
        if rule.regions:
            yield None if "/region" in unread else item.region in rule.regions
        if rule.types:
            yield item.type in rule.types
        for name, values in rule.tags.items():
            if item.tags is None or "/tags" in unread or f"/tags/{_pointed(name)}" in unread:
                yield None
            else:
                yield item.tags.get(name) in values
        if rule.when is not None:
            yield self._when(rule.when, item)

    def _when(self, source: str, item: Resource) -> bool | None:
        resource = {**plain_resource(item), "type": item.type}
        unread = frozenset(("resource", *path) for path in unread_keys(item)) if item.unread else frozenset()
        value = self._programs[source].evaluate({"resource": resource}, unread)
        if not isinstance(value, Failed):
            return bool(value)
        # A tag that is not among those that were read is no gap: the rule does not hold.
        read = item.tags is not None and not any(pointer.startswith("/tags") for pointer in item.unread)
        absent = value.missing and all(path[:2] == ("resource", "tags") for path in value.missing)
        return False if read and absent else None


def _all(facts: Iterable[bool | None]) -> bool | None:
    """Whether all hold; None where that hangs on what is not known."""
    held: bool | None = True
    for fact in facts:
        if fact is False:
            return False
        held = None if fact is None else held
    return held


def _pointed(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


# --- what it needs, and what it came to ------------------------------------------------------------------------------


def needs_tags(rules: Iterable[BoundaryRule], provider: str, type_: str) -> bool:
    """Whether a rule may have to look at the tags of a type's resources."""
    return any(
        (rule.tags or (rule.when is not None and "tags" in rule.when))
        and rule.provider in (None, provider)
        and (not rule.types or type_ in rule.types)
        for rule in rules
    )


def groups_of(rules: Iterable[BoundaryRule], provider: str) -> tuple[str, ...]:
    """The groups of a provider that rules name, of which somebody has to say what they hold."""
    return tuple(sorted({group for rule in rules if rule.provider == provider for group in rule.groups}))


def written(rules: Iterable[BoundaryRule]) -> list[dict[str, Any]]:
    """The rules as plain JSON values, by which two runs are told apart."""
    return [
        {
            "id": rule.id,
            "state": rule.state,
            "provider": rule.provider,
            "accounts": sorted(rule.accounts),
            "groups": sorted(rule.groups),
            "regions": sorted(rule.regions),
            "types": sorted(rule.types),
            "tags": {name: sorted(values) for name, values in rule.tags.items()},
            "when": rule.when,
            "reason": rule.reason,
            "approver": rule.approver,
            "approved_on": rule.approved_on.isoformat(),
        }
        for rule in rules
    ]


class Count:
    """Adds up what a boundary came to, part by part of a run."""

    def __init__(self) -> None:
        self._rules: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        self._total = self._undecided = 0

    def add(self, sorting: Sorting) -> None:
        """Take a part."""
        self._total += sorting.total
        self._undecided += sorting.undecided
        self._rules.update(sorting.out.values())
        self._types.update(type_ for type_, _, _ in sorting.out)

    def bounds(self, boundary: Boundary, snapshot: Snapshot) -> Bounds | None:
        """What it came to in a run whose parts were taken; None where no boundary is written."""
        if not boundary.rules:
            return None
        out = self._rules.total()
        return Bounds(
            rules=tuple(
                RuleCount(rule.id, rule.state, rule.reason, rule.approver, rule.approved_on, self._rules[rule.id])
                for rule in boundary.rules
            ),
            inside=self._total - out,
            out_of_boundary=out,
            undecided=self._undecided,
            types=dict(sorted(self._types.items())),
            unnamed=tuple(
                sorted(place for place in _discovered(snapshot) if not boundary.names(place.provider, place.account))
            ),
        )


def counted(sorting: Sorting, snapshot: Snapshot) -> Bounds | None:
    """What a boundary came to in a snapshot that is the whole of what is judged; None where none is written."""
    count = Count()
    count.add(sorting)
    return count.bounds(sorting.boundary, snapshot) if sorting.boundary is not None else None


def _discovered(snapshot: Snapshot) -> set[Scope]:
    """The accounts that were found to be there: read, refused, or left out by a setting that is no boundary."""
    scopes = [*snapshot.scopes, *(row.scope for row in snapshot.collections)]
    scopes += [row.scope for row in snapshot.left_out if row.scope.region == ANY and row.why in OPERATIONAL]
    return {Scope(scope.provider, scope.account, ANY) for scope in scopes if scope.account != ANY}
