"""What is recorded of a run: a canonical record (leaf) of each finding, and the bodies that it was judged on.

A leaf holds no run id, no time and no waiver: equal evidence gives equal leaves and so an equal Merkle root. A body
is a resource without ``collected_at`` and with only the reasons of ``unread``; the rest stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

from engine.errors import SealError
from engine.evidence import canonical, personal
from engine.evidence.personal import Commit, Marks, RedactedError
from engine.model import Check, Finding, Resource, Scope, Subject, Unread

SCHEMA: Final = 1
"""Version of the leaf (``schemas/finding.schema.json``)."""

EXPLAINED: Final = frozenset({"fail", "unknown"})
"""Verdicts whose records hold a message and observed values."""

Document = dict[str, Any]


class Leaf(NamedTuple):
    """A canonical record: its place among the leaves of a run, its bytes, and the finding that it records."""

    order: tuple[str, ...]
    data: bytes
    finding: Finding


class Bodies:
    """The bodies of a run's resources and relations, each made once. ``documents`` maps a digest to canonical JSON.

    ``marks`` says what is personal in each resource type; ``commit`` keeps private objects.
    """

    def __init__(self, marks: Mapping[str, Marks], commit: Commit) -> None:
        self._marks, self.commit = marks, commit
        self._resources: dict[int, tuple[Resource, str]] = {}
        self._lists: dict[int, tuple[Sequence[Resource], str]] = {}
        self._identities: dict[tuple[str, str], dict[str, str]] = {}
        self.documents: dict[str, bytes] = {}

    def marks(self, resource_type: str) -> Marks:
        """What is personal in a resource type. Raises SealError for a type without schema: nobody could tell."""
        try:
            return self._marks[resource_type]
        except KeyError:
            raise SealError(
                f"recording a resource of type {resource_type}: without its schema nobody can tell what is "
                "personal in it; add it to schemas/resources"
            ) from None

    def identity(self, resource_type: str, resource_id: str) -> dict[str, str]:
        """``{"id": ...}``, or ``{"identity": digest}`` where the type's identity is personal."""
        key = (resource_type, resource_id)
        known = self._identities.get(key)
        if known is None:
            text = canonical.neutral_text(resource_id)
            hidden = self.marks(resource_type).identity
            known = self._identities[key] = {"identity": self.commit({"id": text})} if hidden else {"id": text}
        return known

    def of(self, resource: Resource) -> str:
        """The digest of a resource's body."""
        known = self._resources.get(id(resource))
        if known is None:
            known = self._resources[id(resource)] = (resource, self._keep(self._document(resource), resource.id))
        return known[1]

    def of_list(self, resources: Sequence[Resource]) -> str:
        """The digest of a relation: the body is the sorted list of the bodies' digests."""
        known = self._lists.get(id(resources))
        if known is None:
            digests = sorted(self.of(resource) for resource in resources)
            known = self._lists[id(resources)] = (resources, self._keep(digests, "a relation"))
        return known[1]

    def _keep(self, document: Any, about: str) -> str:
        try:
            data = canonical.encode_neutral(document)
        except canonical.NotCanonicalError as error:
            raise SealError(f"recording {about}: {error}; readers give text, integers, booleans and null") from error
        name = canonical.digest(data)
        self.documents[name] = data
        return name

    def _document(self, resource: Resource) -> Document:
        found = self.marks(resource.type)
        properties, private = personal.split(resource.properties, found.places)
        document: Document = {
            "type": resource.type,
            "provider": resource.provider,
            "account": resource.account,
            "region": resource.region,
            "id": resource.id,
            "name": resource.name,
            "tags": resource.tags,
            "properties": properties,
            "unread": {pointer: unread.reason for pointer, unread in resource.unread.items()},
        }
        hidden: Document = {"properties": private} if private else {}
        if ("tags",) in found.places:
            hidden["tags"] = document.pop("tags")
        if found.identity:
            hidden["name"] = document.pop("name")
            document["identity"] = self.identity(resource.type, document.pop("id"))["identity"]
        if hidden:
            document["private"] = self.commit(canonical.neutral(hidden))
        return document


def resource(body: Mapping[str, Any], collected_at: str, private: Mapping[str, Mapping[str, Any]]) -> Resource:
    """The resource that a body was made of. ``private`` holds private objects by digest.

    Its ``unread`` has reasons only. Raises :class:`RedactedError` where a private object is needed and not there.
    """
    public = canonical.original(dict(body))
    hidden = canonical.original(_reveal(body, "private", private))
    identity = canonical.original(_reveal(body, "identity", private))
    return Resource(
        type=public["type"],
        id=identity.get("id", public.get("id")),
        name=hidden.get("name", public.get("name")),
        provider=public["provider"],
        account=public["account"],
        region=public["region"],
        tags=hidden.get("tags", public.get("tags")),
        collected_at=collected_at,
        properties=personal.joined(public["properties"], hidden.get("properties", {})),
        unread={pointer: Unread(reason) for pointer, reason in public["unread"].items()},
    )


def _reveal(body: Mapping[str, Any], key: str, private: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if key not in body:
        return {}
    if body[key] not in private:
        raise RedactedError(body[key])
    return dict(private[body[key]])


def scope_document(scope: Scope) -> dict[str, str]:
    """A scope in a record."""
    return {
        "provider": scope.provider,
        "account": canonical.neutral_text(scope.account),
        "region": canonical.neutral_text(scope.region),
    }


def subject_document(subject: Subject, bodies: Bodies) -> dict[str, str]:
    """A subject in a record; of a resource whose identity is personal, with the digest in its place."""
    if subject.kind == "scope":
        return {"kind": subject.kind, "type": subject.type, "id": canonical.neutral_text(subject.id)}
    return {"kind": subject.kind, "type": subject.type, **bodies.identity(subject.type, subject.id)}


def order(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The place of a leaf: scope, check, subject, as the leaf says them (a personal identity by its digest)."""
    scope, subject = document["scope"], document["subject"]
    identity = subject.get("id") or subject.get("identity", "")
    return (
        scope["provider"],
        scope["account"],
        scope["region"],
        document["check"]["id"],
        subject["type"],
        identity,
        subject["kind"],
    )


def leaves(findings: Iterable[Finding], parameters: Mapping[str, str], bodies: Bodies) -> list[Leaf]:
    """The canonical records of the findings, in their order. Fills ``bodies``.

    ``parameters`` maps a check id to the digest of its parameters.
    """
    writer = _LeafWriter(parameters, bodies)
    return sorted(map(writer.leaf, findings), key=itemgetter(0))


class _LeafWriter:
    """Writes leaves; remembers what is the same for every finding of a check, of a scope and of a resource.

    Most leaves say nothing but these and a verdict: they are put together of parts that were encoded once.
    """

    def __init__(self, parameters: Mapping[str, str], bodies: Bodies) -> None:
        self._parameters, self._bodies = parameters, bodies
        self._checks: dict[int, tuple[Check, Document]] = {}
        self._scopes: dict[Scope, dict[str, str]] = {}
        self._types: dict[int, tuple[dict[str, Marks], bool]] = {}
        self._tests: dict[tuple[int, Scope], tuple[Check, tuple[str, ...], bytes]] = {}
        self._subjects: dict[tuple[int, str, str, str], tuple[Resource, tuple[str, ...], bytes, bytes]] = {}

    def leaf(self, finding: Finding) -> Leaf:
        """The leaf of a finding. Raises SealError for what it cannot hold."""
        if finding.verdict in EXPLAINED or finding.reason is not None or finding.related or finding.resource is None:
            return self._whole(finding)
        test, where = self._test(finding), self._about(finding, finding.resource)
        (_, first, middle), (_, last, head, tail) = test, where
        # Keys stand in the order of canonical JSON: body, check, parameters, schema, scope, subject, verdict.
        return Leaf(first + last, b"".join((head, middle, tail, finding.verdict.encode(), b'"}')), finding)

    def _test(self, finding: Finding) -> tuple[Check, tuple[str, ...], bytes]:
        key = (id(finding.check), finding.scope)
        known = self._tests.get(key)
        if known is None:
            check, scope = finding.check, self._scope(finding.scope)
            said = {
                "check": self._check(check),
                "parameters": self._parameters[check.id],
                "schema": SCHEMA,
                "scope": scope,
            }
            place = (scope["provider"], scope["account"], scope["region"], check.id)
            known = self._tests[key] = (check, place, canonical.encode(said)[1:-1])
        return known

    def _about(self, finding: Finding, of: Resource) -> tuple[Resource, tuple[str, ...], bytes, bytes]:
        subject = finding.subject
        key = (id(of), subject.kind, subject.type, subject.id)
        known = self._subjects.get(key)
        if known is None:
            said = subject_document(subject, self._bodies)
            place = (said["type"], said.get("id") or said.get("identity", ""), said["kind"])
            head = b'{"body":"%s",' % self._bodies.of(of).encode()
            tail = b',"subject":%s,"verdict":"' % canonical.encode(said)
            known = self._subjects[key] = (of, place, head, tail)
        return known

    def _whole(self, finding: Finding) -> Leaf:
        document = self._document(finding)
        if finding.verdict not in EXPLAINED:  # names, digests and neutral text only
            return Leaf(order(document), canonical.encode_known(document), finding)
        try:
            return Leaf(order(document), canonical.encode(document), finding)
        except canonical.NotCanonicalError as error:
            raise SealError(f"recording {finding.check.id} on {finding.subject.id}: {error}") from error

    def _document(self, finding: Finding) -> Document:
        document: Document = {
            "schema": SCHEMA,
            "check": self._check(finding.check),
            "parameters": self._parameters[finding.check.id],
            "scope": self._scope(finding.scope),
            "verdict": finding.verdict,
            "subject": subject_document(finding.subject, self._bodies),
        }
        if finding.reason is not None:
            document["reason"] = finding.reason
        if finding.resource is not None:
            document["body"] = self._bodies.of(finding.resource)
        if finding.related:
            document["related"] = {name: self._bodies.of_list(found) for name, found in finding.related.items()}
        if finding.verdict in EXPLAINED:
            self._explain(finding, document)
        return document

    def _explain(self, finding: Finding, document: Document) -> None:
        said: Document = {}
        if finding.message is not None:
            said["message"] = canonical.neutral_text(finding.message)
        if finding.observed:
            said["observed"] = [
                {"path": canonical.neutral_text(path), "value": canonical.neutral(_plain(value))}
                for path, value in finding.observed
            ]
        if said and self._is_personal(finding):
            said = {"private": self._bodies.commit(said)}
        document.update(said)

    def _is_personal(self, finding: Finding) -> bool:
        if finding.subject.kind == "scope":
            return False
        types, template = self._marked(finding.check)
        if not types:
            return False
        subject = types.get("resource", personal.NOTHING)
        return subject.identity or template or any(personal.speaks_of(path, types) for path, _ in finding.observed)

    def _marked(self, check: Check) -> tuple[dict[str, Marks], bool]:
        known = self._types.get(id(check))
        if known is None:
            variables = {"resource": check.resource_type}
            variables.update((name, relation.resource_type) for name, relation in check.related.items())
            types = {name: found for name, of in variables.items() if (found := self._bodies.marks(of))}
            known = self._types[id(check)] = (types, personal.template_speaks_of(check.message, types))
        return known

    def _check(self, check: Check) -> Document:
        known = self._checks.get(id(check))
        if known is None:
            document = {"id": check.id, "version": check.version, "digest": check.digest}
            known = self._checks[id(check)] = (check, document)
        return known[1]

    def _scope(self, scope: Scope) -> dict[str, str]:
        known = self._scopes.get(scope)
        if known is None:
            known = self._scopes[scope] = scope_document(scope)
        return known


def _plain(value: Any) -> Any:
    """An observed value as JSON: what CEL has beyond it (times, durations, doubles, bytes) becomes text."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        seconds = value / timedelta(seconds=1)
        return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > canonical.LARGEST:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
