"""The ledger of a run: what was asked, what was listed and when, what each reader took, what was accepted.

Rows are canonical JSON objects with a ``kind``: scope, collection, reader, resource, population, waiver. With the
bodies they are enough to build the snapshot again. Their order is that of their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from engine.evidence import canonical
from engine.evidence.record import Bodies, Document, scope_document, subject_document
from engine.model import Collection, Finding, LedgerRow, LeftOut, Population, Resource, Scope, Snapshot, Unread, Waiver

KINDS: Final = frozenset({"scope", "collection", "reader", "resource", "population", "waiver"})


class Row(NamedTuple):
    """A ledger row: where it is stored, its canonical JSON, and of a resource its key."""

    place: tuple[str, ...]
    data: bytes
    key: tuple[str, ...] | None = None


Out = Mapping[tuple[str, Scope, str], str]
"""The rule that puts a resource (type, scope, id) out of the boundary."""
NOTHING_OUT: Final[Out] = MappingProxyType({})


def rows(snapshot: Snapshot, bodies: Bodies, out: Out = NOTHING_OUT) -> list[Row]:
    """The rows of what was read: scopes, groups of accounts, collections, readers, resources.

    A resource that is ``out`` of the boundary has the rule beside it.
    """
    hide = _failed_resource(snapshot.resources, bodies)
    documents: list[Document] = [
        *(_scope(scope, "asked") for scope in snapshot.scopes),
        *map(_left_out, snapshot.left_out),
        *(_group(name, accounts) for name, accounts in snapshot.groups.items()),
        *map(_collection, snapshot.collections),
        *(_reader(row, hide) for row in snapshot.ledger),
        *(_resource(item, bodies, out.get((item.type, item.scope, item.id))) for item in snapshot.resources),
    ]
    return list(map(_row, documents))


def rows_of_run(
    populations: Iterable[Population], waived: Iterable[tuple[Finding, Waiver]], bodies: Bodies
) -> list[Row]:
    """The rows of what was concluded: populations, and the waivers that stand beside failures."""
    documents = [*map(_population, populations), *(_waiver(finding, waiver, bodies) for finding, waiver in waived)]
    return list(map(_row, documents))


def _row(document: Document) -> Row:
    data, kind = canonical.encode(document), document["kind"]
    if kind != "resource":
        return Row((kind, data.decode()), data)
    key = resource_key(document)
    return Row((kind, *key), data, key)


def _scope(scope: Scope, state: str) -> Document:
    return {"kind": "scope", "scope": scope_document(scope), "state": state}


def _left_out(row: LeftOut) -> Document:
    said = canonical.neutral({"name": row.name, "why": row.why})
    return {"kind": "scope", "scope": scope_document(row.scope), "state": "off", **said}


def _group(name: str, accounts: Iterable[str]) -> Document:
    provider, _, group = name.partition("/")
    said = canonical.neutral({"group": group, "accounts": sorted(accounts)})
    return {"kind": "scope", "scope": scope_document(Scope(provider, "*", "*")), "state": "group", **said}


def _collection(row: Collection) -> Document:
    document: Document = {
        "kind": "collection",
        "scope": scope_document(row.scope),
        "type": row.type,
        "state": row.state,
        "count": row.count,
    }
    if row.unread is not None:
        document["unread"] = _unread(row.unread)
    return document


def _unread(unread: Unread) -> Document:
    facts = {
        "reason": unread.reason,
        "operation": unread.operation,
        "permission": unread.permission,
        "detail": unread.detail,
    }
    return {name: canonical.neutral_text(text) for name, text in facts.items() if text is not None}


def _reader(row: LedgerRow, hide: Callable[[str], Document]) -> Document:
    document: Document = {
        "kind": "reader",
        "scope": scope_document(row.scope),
        "reader": row.reader,
        "planned": row.planned,
        "calls": row.calls,
        "pages": row.pages,
        "items": row.items,
        "retries": row.retries,
        "polls": row.polls,
        "outcomes": dict(row.outcomes),
        "request_ids": list(row.request_ids),
        "digest": row.digest,
    }
    failures = [
        canonical.neutral({"reason": reason, "permission": permission, "detail": detail}) | hide(resource)
        for resource, reason, permission, detail in row.failures
    ]
    return dict(canonical.neutral(document)) | {"failures": failures}


def _failed_resource(resources: Iterable[Resource], bodies: Bodies) -> Callable[[str], Document]:
    """How a failure names its resource: by digest, unless the resource is one whose identity is not personal."""
    types: dict[str, str] = {}
    for item in resources:
        types.setdefault(item.id, item.type)
    private = any(bodies.marks(resource_type).identity for resource_type in set(types.values()))

    def name(resource: str) -> Document:
        if resource in types:
            return dict(bodies.identity(types[resource], resource))
        if resource and private:
            return {"identity": bodies.commit({"id": canonical.neutral_text(resource)})}
        return {"id": canonical.neutral_text(resource)}

    return name


def _resource(item: Resource, bodies: Bodies, out: str | None) -> Document:
    return {
        **({"out_of_boundary": out} if out is not None else {}),
        "kind": "resource",
        "scope": scope_document(item.scope),
        "type": item.type,
        "body": bodies.of(item),
        "collected_at": item.collected_at,
        **bodies.identity(item.type, item.id),
    }


def _population(row: Population) -> Document:
    said = msgspec.to_builtins(row)
    if not row.out_of_boundary:
        # Ledgers of runs without a boundary stay what they were.
        del said["out_of_boundary"]
    return {"kind": "population", **canonical.neutral(said)}


def _waiver(finding: Finding, waiver: Waiver, bodies: Bodies) -> Document:
    return {
        "kind": "waiver",
        "check": finding.check.id,
        "scope": scope_document(finding.scope),
        "subject": subject_document(finding.subject, bodies),
        "waiver": canonical.neutral(
            {
                "id": waiver.id,
                "kind": waiver.kind,
                "digest": waiver.digest,
                "expires": waiver.expires.isoformat(),
                # The file says who approved it; only git, when the run was made, said how that is known.
                "standing": waiver.approval.standing,
            }
        ),
    }


# --- and back ------------------------------------------------------------------------------------------------------

Rows = Mapping[str, Sequence[Document]]


def parse(lines: Iterable[bytes]) -> dict[str, list[Document]]:
    """Rows by kind. Raises ValueError for a line that is no row."""
    return by_kind(map(canonical.decode, lines))


def by_kind(rows: Iterable[Any]) -> dict[str, list[Document]]:
    """Rows by kind. Raises ValueError for what is no row."""
    found: dict[str, list[Document]] = {kind: [] for kind in KINDS}
    for row in rows:
        if not isinstance(row, dict) or row.get("kind") not in KINDS:
            raise ValueError(f"a ledger row of unknown kind: {str(row)[:80]}")
        found[row["kind"]].append(row)
    return found


def resource_key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What joins a leaf about a resource with the resource's row: scope, type, id or identity.

    ``row`` is the resource's row, or the leaf with its subject's fields lifted.
    """
    scope = row["scope"]
    hidden = "identity" in row
    return (
        scope["provider"],
        scope["account"],
        scope["region"],
        row["type"],
        row["identity" if hidden else "id"],
        "identity" if hidden else "id",
    )


def scopes(found: Rows) -> tuple[Scope, ...]:
    """The scopes asked."""
    return tuple(sorted(_as_scope(row["scope"]) for row in found["scope"] if row["state"] == "asked"))


def left_out(found: Rows) -> tuple[LeftOut, ...]:
    """The accounts and regions that exist and were not asked."""
    rows = (canonical.original(row) for row in found["scope"] if row["state"] == "off")
    return tuple(
        sorted((LeftOut(Scope(**row["scope"]), row["name"], row["why"]) for row in rows), key=lambda row: row.scope)
    )


def groups(found: Rows) -> dict[str, tuple[str, ...]]:
    """The groups of accounts that were read, by provider and name."""
    rows = (canonical.original(row) for row in found["scope"] if row["state"] == "group")
    return {f"{row['scope']['provider']}/{row['group']}": tuple(row["accounts"]) for row in rows}


def collections(found: Rows) -> tuple[Collection, ...]:
    """The collections, by type and scope."""
    return tuple(sorted(map(_as_collection, found["collection"]), key=lambda row: (row.type, row.scope)))


def readers(found: Rows, private: Mapping[str, Mapping[str, Any]]) -> tuple[LedgerRow, ...]:
    """The readers' rows, by scope and reader. A personal id that was erased is given by its digest."""
    return tuple(sorted((_as_reader(row, private) for row in found["reader"]), key=lambda row: (row.scope, row.reader)))


def _as_scope(said: Document) -> Scope:
    return Scope(**canonical.original(said))


def _as_collection(row: Document) -> Collection:
    unread = Unread(**canonical.original(row["unread"])) if "unread" in row else None
    return Collection(row["type"], _as_scope(row["scope"]), row["state"], row["count"], unread)


def _as_reader(row: Document, private: Mapping[str, Mapping[str, Any]]) -> LedgerRow:
    plain = canonical.original(row)
    return LedgerRow(
        scope=Scope(**plain["scope"]),
        reader=plain["reader"],
        planned=plain["planned"],
        calls=plain["calls"],
        pages=plain["pages"],
        items=plain["items"],
        retries=plain["retries"],
        polls=plain["polls"],
        outcomes=plain["outcomes"],
        request_ids=tuple(plain["request_ids"]),
        digest=plain["digest"],
        failures=tuple(_failures(plain["failures"], private)),
    )


def _failures(
    failures: Iterable[Document], private: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, str, str]]:
    for failure in failures:
        hidden = failure.get("identity")
        if hidden is None:
            resource = failure["id"]
        else:
            resource = canonical.original_text(private[hidden]["id"]) if hidden in private else hidden
        yield resource, failure["reason"], failure["permission"], failure["detail"]
