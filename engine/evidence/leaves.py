"""Reads the records of runs, one after another: what the run before had is neither made nor hashed again.

Most nights are alike. DuckDB holds the rows of the run that was read last and joins those of the next with them, value
for value; only rows that are not among them become records anew. Which records a run has, in which order, is not
believed: its caller computes the Merkle root over all of them and compares it with the one that was sealed.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from engine.errors import VerificationError
from engine.evidence import canonical, ledger, merkle, record, tables
from engine.evidence.record import Document

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST_KNOWN: Final = 50_000
"""Records of a run that are remembered for the next: some 50 MB. A larger run is read row by row."""
_AT_ONCE: Final = 10_000
_COLUMNS: Final = (
    "provider", "account", "region", "subject_kind", "subject_type", "subject_id", "subject_identity", "check_id",
    "check_version", "check_digest", "parameters", "verdict", "reason", "related", "message", "observed", "private",
)  # fmt: skip
_OPTIONAL: Final = frozenset({"subject_id", "subject_identity", "reason", "related", "message", "observed", "private"})
_SAME: Final = " AND ".join(
    # Half the time for what is never null; where it is, the record is made anew.
    f"now.{name} {'IS NOT DISTINCT FROM' if name in _OPTIONAL else '='} before.{name}"
    for name in _COLUMNS
)
_IN_ORDER: Final = """
    provider, account, region, check_id, subject_type, coalesce(subject_id, lower(hex(subject_identity))), subject_kind
"""


@dataclass(slots=True)
class Tally:
    """What the records of a run say, added up while they are read: each with how many of them say it."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    checks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    commitments: Counter[str] = field(default_factory=Counter)

    def add(self, leaf: Document) -> None:
        """Count one record in."""
        for counter, key in self._said(leaf):
            counter[key] += 1

    def remove(self, leaf: Document) -> None:
        """Count one record out that was counted in."""
        for counter, key in self._said(leaf):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]

    def _said(self, leaf: Document) -> Iterator[tuple[Counter[Any], Any]]:
        check, subject = leaf["check"], leaf["subject"]
        yield self.verdicts, (check["id"], leaf["verdict"])
        yield self.checks, (check["id"], check["digest"], leaf["parameters"])
        if "related" in leaf:
            yield from ((self.relations, digest) for digest in leaf["related"].values())
        if "body" in leaf:
            yield self.bodies, leaf["body"]
        if "private" in leaf:
            yield self.commitments, leaf["private"]
        if "identity" in subject:
            yield self.commitments, subject["identity"]

    def copy(self) -> Tally:
        """The same, to be changed."""
        return Tally(*(Counter(counter) for counter in self._all()))

    def _all(self) -> tuple[Counter[Any], ...]:
        return self.verdicts, self.checks, self.relations, self.bodies, self.commitments

    def count(self, verdict: str) -> int:
        """How many records have a verdict."""
        return sum(count for (_, found), count in self.verdicts.items() if found == verdict)


class Read(NamedTuple):
    """The records of a run in their order, their hashes one after another, and what they say."""

    leaves: list[bytes]
    hashes: bytes
    tally: Tally


class _Leaf(NamedTuple):
    """A record as it was made of a row; ``resource`` is what it is about (:func:`ledger.resource_key`)."""

    order: tuple[str, ...]
    code: bytes
    data: bytes
    resource: tuple[str, ...]
    document: Document


_order, _code, _data = itemgetter(0), itemgetter(1), itemgetter(2)


class Leaves:
    """The records of runs, read in a row over one connection."""

    def __init__(self, database: DuckDBPyConnection) -> None:
        self._database = database
        self._tables = ("leaves_now", "leaves_before")
        self._forget()

    def _forget(self) -> None:
        self._leaves: list[_Leaf] = []
        self._places: dict[int, int] = {}
        """The place among ``_leaves`` of the record that was made of each row of the table."""
        self._bodies: Mapping[tuple[str, ...], str] = {}
        self._tally = Tally()

    def read(self, path: Path, bodies: Mapping[tuple[str, ...], str], number: int | None = None) -> Read:
        """The records in ``findings.parquet`` of a run.

        ``bodies`` maps a resource (:func:`ledger.resource_key`) to the digest of its body; ``number`` is that of the
        run in a file of several (:func:`tables.merge`). Raises VerificationError where the file cannot be read or
        speaks of a resource that is not in ``bodies``.
        """
        import duckdb

        try:
            return self._read(path, bodies, number)
        except (duckdb.Error, UnicodeError) as error:
            self._forget()
            raise VerificationError(f"{path} cannot be read: {error}") from error
        except (ValueError, TypeError, AttributeError, msgspec.DecodeError) as error:
            self._forget()
            raise VerificationError(f"{path} does not hold records: {error}") from error
        except VerificationError:
            self._forget()
            raise

    def _read(self, path: Path, bodies: Mapping[tuple[str, ...], str], number: int | None) -> Read:
        now, before = self._tables
        rows = f"SELECT row_number() OVER () - 1 AS row, * FROM {tables.rows_of(path, number)}"  # noqa: S608
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE {now} AS {rows}")
        reader = _LeafReader(bodies, path)
        if self._one(f"SELECT count(*) FROM {now}") > _MOST_KNOWN:  # noqa: S608 - constants, here and below
            self._forget()
            query = f"SELECT * EXCLUDE row FROM {now} ORDER BY {_IN_ORDER}"  # noqa: S608
            found = _large(map(reader.leaf, self._each(query)))
            self._database.execute(f"DROP TABLE {now}")
            return found
        places, taken, fresh = self._compared(now, before, bodies)
        new = sorted(((reader.leaf(rest), row) for row, *rest in fresh), key=lambda one: one[0].order)
        was, tally = self._leaves, self._tally.copy()
        for place in set(range(len(was))).difference(places):
            tally.remove(was[place].document)
        for leaf, _ in new:
            tally.add(leaf.document)
        leaves, in_rows = _merged([was[place] for place in places], taken, new)
        self._tables, self._leaves, self._bodies, self._tally = (before, now), leaves, bodies, tally
        self._places = dict(zip(in_rows, range(len(leaves)), strict=True))
        return Read(list(map(_data, leaves)), b"".join(map(_code, leaves)), tally)

    def _compared(
        self, now: str, before: str, bodies: Mapping[tuple[str, ...], str]
    ) -> tuple[Sequence[int], Sequence[int], list[tuple[Any, ...]]]:
        """What of a run is as in the one before: places of records there, rising, and their rows; then the other rows.

        A record is also made anew where the body of its resource is another one.
        """
        everything = f"SELECT * FROM {now}"  # noqa: S608
        if not self._leaves:
            return (), (), self._all(everything)
        pairs = f"SELECT before.row AS was, now.row AS row FROM {now} now JOIN {before} before ON {_SAME}"  # noqa: S608
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE same AS {pairs}")
        ((was, rows),) = self._all("SELECT coalesce(list(was), []), coalesce(list(row), []) FROM same")
        paired = dict(zip(map(self._places.__getitem__, was), rows, strict=True))
        if not len(paired) == len(set(rows)) == len(rows):
            # A row that is there twice, in this run or in the one before: the pairs do not say how often.
            return (), (), self._all(everything)
        fresh = self._all(f"{everything} ANTI JOIN same USING (row)")
        places = list(filter(paired.__contains__, range(len(self._leaves))))
        changed = {key for key, body in self._bodies.items() if bodies.get(key) != body}
        stale = {place for place in places if self._leaves[place].resource in changed} if changed else set()
        if stale:
            query = f"{everything} SEMI JOIN (SELECT unnest(?::BIGINT[]) AS row) USING (row)"
            fresh += self._database.execute(query, [[paired[place] for place in stale]]).fetchall()
            places = [place for place in places if place not in stale]
        return places, list(map(paired.__getitem__, places)), fresh

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._database.execute(query).fetchall()

    def _each(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Some at a time: as Python values rows take several times their room."""
        self._database.execute(query)
        while rows := self._database.fetchmany(_AT_ONCE):
            yield from rows

    def _one(self, query: str) -> int:
        ((found,),) = self._all(query)
        return int(found)


def _merged(kept: list[_Leaf], taken: Iterable[int], new: Sequence[tuple[_Leaf, int]]) -> tuple[list[_Leaf], list[int]]:
    """Records in their order, with their rows. Those that are ``kept`` are in order, and so are the ``new`` ones."""
    leaves, rows = list[_Leaf](), list[int]()
    in_rows, start = list(taken), 0
    for leaf, row in new:
        end = bisect(kept, leaf.order, start, key=_order)
        leaves += kept[start:end]
        rows += in_rows[start:end]
        leaves.append(leaf)
        rows.append(row)
        start = end
    return leaves + kept[start:], rows + in_rows[start:]


def _large(found: Iterable[_Leaf]) -> Read:
    leaves, hashes, tally = list[bytes](), bytearray(), Tally()
    for leaf in found:
        leaves.append(leaf.data)
        hashes += leaf.code
        tally.add(leaf.document)
    return Read(leaves, bytes(hashes), tally)


class _LeafReader:
    """Makes leaves of rows; remembers what is the same for every record of a check and of a scope."""

    def __init__(self, bodies: Mapping[tuple[str, ...], str], path: Path) -> None:
        self._bodies, self._path = bodies, path
        self._checks: dict[tuple[Any, ...], Document] = {}
        self._scopes: dict[tuple[Any, ...], Document] = {}
        self._digests: dict[bytes, str] = {}

    def leaf(self, row: Sequence[Any]) -> _Leaf:
        provider, account, region, kind, type_, id_, identity, check, version, digest, parameters, *rest = row
        verdict, reason, related, message, observed, private = rest
        scope = self._scope(provider, account, region)
        subject = {"kind": kind, "type": type_}
        subject |= {"id": id_} if identity is None else {"identity": identity.hex()}
        document: Document = {
            "schema": record.SCHEMA,
            "check": self._check(check, version, digest),
            "parameters": self._hex(parameters),
            "scope": scope,
            "subject": subject,
            "verdict": verdict,
        }
        resource, body = ledger.resource_key({**subject, "scope": scope}), None
        if kind == "resource":
            if resource not in self._bodies:
                raise VerificationError(
                    f"{self._path}: a record is about {resource[4]}, which the ledger does not list"
                )
            body = document["body"] = self._bodies[resource]
        if related:
            document["related"] = {name: self._hex(bytes(digest)) for name, digest in related.items()}
        if reason is not None:
            document["reason"] = reason
        if message is not None:
            document["message"] = message
        if observed is not None:
            document["observed"] = msgspec.json.decode(observed)  # as DuckDB spells it
        if private is not None:
            document["private"] = private.hex()
        data = canonical.encode_known(document)
        # What is about no resource has no body, whatever the ledger lists under the same name.
        about = resource if body is not None else ()
        return _Leaf(record.order(document), merkle.leaf_digest(data), data, about, document)

    def _check(self, check: str, version: int, digest: bytes) -> Document:
        key = (check, version, digest)
        if key not in self._checks:
            self._checks[key] = {"id": check, "version": version, "digest": digest.hex()}
        return self._checks[key]

    def _scope(self, *key: str) -> Document:
        if key not in self._scopes:
            self._scopes[key] = dict(zip(("provider", "account", "region"), key, strict=True))
        return self._scopes[key]

    def _hex(self, digest: bytes) -> str:
        if digest not in self._digests:
            self._digests[digest] = digest.hex()
        return self._digests[digest]
