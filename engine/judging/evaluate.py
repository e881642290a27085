"""Judges a snapshot: (snapshot, checks) -> findings. Pure: no clock, network, environment or randomness.

A verdict stands only if nothing unread could change it: an expression reads plain dictionaries in which what was not
read is no key, and the operators of CEL (``&&``, ``||``, ``exists``, ``all``) absorb the error where the other side
decides. What stays an error is ``unknown``, with the reason that the resource gives for the missing path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from engine.content.checks import CompiledCheck
from engine.expressions import Failed, Path, Program, path_text
from engine.judging.boundary import EVERYTHING, Sorting
from engine.judging.joins import EXPRESSION_ERROR, NOT_COLLECTED, Related, World, plain_resource, unread_at, unread_keys
from engine.model import Cause, Collection, Finding, Resource, Scope, Snapshot, Subject, Verdict

Judged = Callable[[Scope], bool]

UNSEEN: Final[Mapping[str, Any]] = {}
"""A related resource of which nothing was read, not even whether there is one."""


def evaluate(
    snapshot: Snapshot,
    checks: Sequence[CompiledCheck],
    judged: Judged = lambda scope: True,
    sorting: Sorting = EVERYTHING,
    listings: Sequence[Snapshot] = (),
) -> tuple[Finding, ...]:
    """Every check's verdict on every resource of its type, and on each scope whose listing was not complete.

    ``judged`` narrows the subjects by scope, ``sorting`` to what is in the boundary; what they are related to is never
    narrowed. ``listings`` are what relations across accounts are joined with, where that was read apart from the
    snapshot. In the order of :attr:`engine.model.Finding.order`.
    """
    world = World(snapshot, listings)
    findings: list[Finding] = []
    for check in checks:
        rows = world.collections.get(check.check.resource_type, ())
        findings += _unlisted(check, (row for row in rows if sorting.listed(row.scope, row.type)), judged)
        joins = {name: world.join(relation) for name, relation in check.check.related.items()}
        for item in world.resources.get(check.check.resource_type, ()):
            if judged(item.scope) and sorting.inside(item):
                related = {name: join(item) for name, join in joins.items()}
                findings.append(judge(check, item, related, snapshot.as_of, world.plain))
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _unlisted(check: CompiledCheck, collections: Iterable[Collection], judged: Judged) -> Iterable[Finding]:
    for row in collections:
        if row.state == "failed" and judged(row.scope):
            unread = row.unread or NOT_COLLECTED
            yield Finding(
                check=check.check,
                subject=Subject("scope", row.type, str(row.scope), str(row.scope)),
                scope=row.scope,
                verdict="unknown",
                reason=unread.reason,
                message=f"{row.type} could not be listed completely: {unread.reason}.",
                causes=(Cause(row.type, unread),),
            )


def judge(
    check: CompiledCheck,
    item: Resource,
    related: Mapping[str, Related],
    as_of: str,
    plain: Callable[[Resource], Mapping[str, Any]] = plain_resource,
) -> Finding:
    """One check's verdict on one resource and what it is related to, as of ``as_of`` (RFC 3339 UTC)."""
    variables = _variables(check, item, related, as_of, plain)
    unread = _unread_keys(check, item, related)
    context = _Context(check, item, related, variables, unread)
    program, value = _decided(check, variables, unread)
    if isinstance(value, Failed):
        return context.unknown(program, value)
    if program is check.when:
        return context.passed(False)
    return context.passed(True) if value is True else context.failed()


def verdict_of(check: CompiledCheck, item: Resource, related: Mapping[str, Related], as_of: str) -> Verdict:
    """The verdict of :func:`judge`, without what explains it."""
    variables = _variables(check, item, related, as_of, plain_resource)
    program, value = _decided(check, variables, _unread_keys(check, item, related))
    if isinstance(value, Failed):
        return "unknown"
    if program is check.when:
        return "not_applicable"
    return "pass" if value is True else "fail"


def _variables(
    check: CompiledCheck,
    item: Resource,
    related: Mapping[str, Related],
    as_of: str,
    plain: Callable[[Resource], Mapping[str, Any]],
) -> dict[str, Any]:
    """What the expressions of a check see."""
    variables: dict[str, Any] = {"resource": plain(item), "params": check.parameters, "now": as_of}
    for name, relation in related.items():
        if relation.unread is None:
            variables[name] = relation.values
        elif check.tolerates(name):
            # What was seen may decide; an element of which nothing was read stands for what may be missing.
            variables[name] = [*relation.values, UNSEEN]
        # Any other list that may be longer is no variable at all, so that only what needs it is unknown.
    return variables


def _unread_keys(check: CompiledCheck, item: Resource, related: Mapping[str, Related]) -> frozenset[Path]:
    """The paths of what may be a key of a map, of the resource or of a related one, where a check asks for keys."""
    if not check.asks_for_keys:
        return frozenset()
    found: list[Path] = [("resource", *path) for path in unread_keys(item)] if item.unread else []
    for name, relation in related.items():
        for index, other in enumerate(relation.resources):
            found += ((name, index, *path) for path in unread_keys(other)) if other.unread else ()
    return frozenset(found)


def _decided(
    check: CompiledCheck, variables: Mapping[str, Any], unread: frozenset[Path]
) -> tuple[Program, Any | Failed]:
    """The program that decides, and its value: ``when`` where that is not true, else the expression."""
    if check.when is not None:
        applies = check.when.evaluate(variables, unread)
        if applies is not True:
            return check.when, applies
    return check.expression, check.expression.evaluate(variables, unread)


@lru_cache(maxsize=4096)
def _subject(type_: str, id_: str, name: str) -> Subject:
    """A resource as the subject of the findings of all its checks, which a run keeps."""
    return Subject("resource", type_, id_, name)


@dataclass(frozen=True, slots=True)
class _Context:
    """What one judgement is about; makes its finding."""

    check: CompiledCheck
    item: Resource
    related: Mapping[str, Related]
    variables: Mapping[str, Any]
    unread: frozenset[Path]

    def _finding(self, **verdict: Any) -> Finding:
        return Finding(
            check=self.check.check,
            subject=_subject(self.item.type, self.item.id, self.item.name),
            scope=self.item.scope,
            collected_at=self.item.collected_at,
            resource=self.item,
            related={name: relation.resources for name, relation in self.related.items()},
            **verdict,
        )

    @property
    def incomplete(self) -> frozenset[str]:
        """The relations that may hold more than was seen."""
        return frozenset(name for name, relation in self.related.items() if relation.unread is not None)

    def passed(self, applies: bool) -> Finding:
        return self._finding(verdict="pass" if applies else "not_applicable")

    def failed(self) -> Finding:
        trace = self.check.expression.trace(self.variables, self.unread)
        # A message may count what is in a list, or quote it.
        whole = {name: value for name, value in self.variables.items() if name not in self.incomplete}
        message = self.check.message.render(whole)
        return self._finding(verdict="fail", message=message, observed=trace.reads)

    def unknown(self, program: Program, failure: Failed) -> Finding:
        causes = tuple(sorted({self._cause(path) for path in failure.missing}, key=lambda cause: cause.path))
        if not causes:
            causes = (Cause(failure.message, EXPRESSION_ERROR),)
        message = "; ".join(f"{cause.path} is not known: {cause.unread.reason}" for cause in causes)
        trace = program.trace(self.variables, self.unread)
        reason = causes[0].unread.reason
        return self._finding(
            verdict="unknown", reason=reason, message=f"{message}.", observed=trace.reads, causes=causes
        )

    def _cause(self, path: Sequence[str | int]) -> Cause:
        root, rest = path[0], path[1:]
        text = path_text(path)
        if root == "resource":
            return Cause(text, unread_at(self.item, rest))
        relation = self.related.get(str(root))
        if relation is not None and rest and isinstance(rest[0], int) and rest[0] < len(relation.resources):
            return Cause(text, unread_at(relation.resources[rest[0]], rest[1:]))
        if relation is not None and relation.unread is not None:
            return Cause(str(root), relation.unread)
        return Cause(text, EXPRESSION_ERROR)
