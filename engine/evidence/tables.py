"""The Parquet files of a run: canonical lines in, canonical lines out.

Leaves are stored as columns, sorted by subject, without their hashes, and written again byte for byte when they are
read. What the ledger already says (the body of a resource) is not said twice. Rows of several runs can stand in one
file, each once. DuckDB reads and writes; it loads no extension.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, durable, ledger, record
from engine.evidence.record import Document, Leaf

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Table = Literal["findings", "ledger", "bodies"]
"""What a run stores, each in a file of its own."""

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
    # A thread more holds a row group more of wide rows, and writes no sooner.
    "threads": 1,
}
_FORMAT: Final = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 6, ROW_GROUP_SIZE 20480)"
"""Row groups of 20,000 instead of DuckDB's 122,880: 4 % more bytes, and a third of the memory of 300,000 records."""
_SMALLEST_LINE_LIMIT: Final = 1 << 24

_LEAF_FIELDS: Final = {
    "check": "STRUCT(id VARCHAR, version BIGINT, digest VARCHAR)",
    "parameters": "VARCHAR",
    "scope": "STRUCT(provider VARCHAR, account VARCHAR, region VARCHAR)",
    "subject": "STRUCT(kind VARCHAR, type VARCHAR, id VARCHAR, identity VARCHAR)",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "related": "MAP(VARCHAR, VARCHAR)",
    "message": "VARCHAR",
    "observed": "JSON",
    "private": "VARCHAR",
}
_LEAF_COLUMNS: Final = """
    scope.provider AS provider, scope.account AS account, scope.region AS region,
    subject.kind AS subject_kind, subject.type AS subject_type, subject.id AS subject_id,
    unhex(subject.identity) AS subject_identity,
    "check".id AS check_id, "check".version AS check_version, unhex("check".digest) AS check_digest,
    unhex(parameters) AS parameters, verdict, reason,
    map_from_entries([{'name': entry.key, 'digest': unhex(entry.value)} FOR entry IN map_entries(related)]) AS related,
    message, observed::VARCHAR AS observed, unhex(private) AS private
"""

_RELATED: Final = 13
"""The place of the column ``related``."""
_MOST_KNOWN: Final = 50_000
"""Leaves that are remembered from one run to the next: some 50 MB."""

_LEAVES_IN_ORDER: Final = """
    provider, account, region, check_id, subject_type, coalesce(subject_id, lower(hex(subject_identity))), subject_kind
"""

_LEDGER_FIELDS: Final = {
    "kind": "VARCHAR",
    "scope": "STRUCT(provider VARCHAR, account VARCHAR, region VARCHAR)",
    "type": "VARCHAR",
    "id": "VARCHAR",
    "identity": "VARCHAR",
    "body": "VARCHAR",
    "collected_at": "VARCHAR",
    "document": "VARCHAR",
}
_LEDGER_COLUMNS: Final = """
    kind, scope.provider AS provider, scope.account AS account, scope.region AS region, type, id,
    unhex(identity) AS identity, unhex(body) AS body, collected_at, document
"""


@contextmanager
def connection() -> Iterator[DuckDBPyConnection]:
    """An in-memory DuckDB that loads nothing from anywhere."""
    import duckdb  # 100 ms; only who reads or writes evidence pays them

    with duckdb.connect(":memory:", config=_SETTINGS) as opened:
        yield opened


# --- writing -------------------------------------------------------------------------------------------------------


def write_findings(database: DuckDBPyConnection, leaves: Iterable[bytes], path: Path) -> None:
    """Write leaves as ``findings.parquet``, in this order. Raises SealError where the file cannot be written."""
    _write(database, leaves, path, _LEAF_FIELDS, _LEAF_COLUMNS)


def write_ledger(database: DuckDBPyConnection, lines: Iterable[bytes], path: Path) -> None:
    """Write the lines of a ledger (:func:`ledger_line`) as ``ledger.parquet``."""
    _write(database, lines, path, _LEDGER_FIELDS, _LEDGER_COLUMNS)


def write_bodies(database: DuckDBPyConnection, lines: Iterable[bytes], path: Path) -> None:
    """Write the lines of bodies (:func:`body_lines`) as a pack."""
    _write(database, lines, path, {"digest": "VARCHAR", "body": "VARCHAR"}, "unhex(digest) AS digest, body")


_MERGED_ORDER: Final = {
    "findings": "provider, account, region, subject_type, subject_id, subject_identity, check_id, runs",
    "ledger": "kind, provider, account, region, type, id, identity, collected_at, document, runs",
    "bodies": "body",
}


def merge(database: DuckDBPyConnection, paths: Sequence[Path | None], table: Table, path: Path) -> None:
    """Write the rows of a table of several runs as one file: a row that is equal in several of them stands once.

    A column more, ``runs``, has a bit set for each run that has the row: the number of the run is its place in
    ``paths``, in which None stands for one without rows. Raises SealError where the file cannot be written, or one of
    them cannot be read.
    """
    import duckdb

    each = (
        f"SELECT *, {1 << number}::UBIGINT AS run FROM read_parquet({_quoted(glob.escape(str(one)))})"  # noqa: S608
        for number, one in enumerate(paths)
        if one is not None
    )
    rows = f"SELECT * EXCLUDE run, bit_or(run) AS runs FROM ({' UNION ALL '.join(each)}) GROUP BY ALL"  # noqa: S608
    try:
        database.execute(f"COPY ({rows} ORDER BY {_MERGED_ORDER[table]}) TO {_quoted(str(path))} {_FORMAT}")
        durable.flush(path)
    except duckdb.Error as error:
        raise SealError(f"writing {path}: {error}; nothing that stood before was changed") from error


def leaf_place(leaf: Leaf) -> tuple[str, ...]:
    """Where a leaf is stored: the records of one subject beside one another, as like as they are."""
    provider, account, region, check, type_, subject, kind = leaf.order
    return provider, account, region, type_, subject, check, kind


def ledger_line(row: bytes) -> bytes:
    """A ledger row as it is stored: resources in columns, the others as text of their own."""
    # Of all kinds only resources have a body, which sorts first among their keys.
    if row.startswith(b'{"body":'):
        return row
    return canonical.encode({"kind": canonical.decode(row)["kind"], "document": row.decode()})


def body_lines(bodies: Mapping[str, bytes]) -> Iterator[bytes]:
    """Bodies (canonical JSON by digest) as they are stored, like beside like."""
    for data, digest in sorted((data, digest) for digest, data in bodies.items()):
        yield canonical.encode({"digest": digest, "body": data.decode()})


def _write(
    database: DuckDBPyConnection, lines: Iterable[bytes], path: Path, fields: Mapping[str, str], columns: str
) -> None:
    """Write canonical JSON lines as a Parquet file; they pass through a file beside it, which is removed."""
    import duckdb

    source = path.with_suffix(".jsonl")
    types = ", ".join(f'"{name}": {_quoted(kind)}' for name, kind in fields.items())
    try:
        limit = max(_SMALLEST_LINE_LIMIT, 2 * durable.write_lines(source, lines))
        rows = f"""read_json({_quoted(glob.escape(str(source)))}, format = 'newline_delimited', compression = 'none',
            maximum_object_size = {limit}, columns = {{{types}}})"""
        database.execute(f"COPY (SELECT {columns} FROM {rows}) TO {_quoted(str(path))} {_FORMAT}")  # noqa: S608
        durable.flush(path)
    except duckdb.Error as error:
        raise SealError(f"writing {path}: {error}; make room or check the folder, and run again") from error
    finally:
        durable.discard(source)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- reading -------------------------------------------------------------------------------------------------------


def read_ledger(database: DuckDBPyConnection, path: Path, number: int | None = None) -> list[bytes]:
    """The rows of a ledger as canonical JSON, sorted. Raises VerificationError where the file cannot be read.

    ``number`` is that of the run in a file of several (:func:`merge`).
    """
    rows = _read(database, path, "*", number=number)
    try:
        return sorted(map(_ledger_row, rows))
    except (ValueError, TypeError, AttributeError) as error:
        raise VerificationError(f"{path} does not hold a ledger: {error}") from error


def read_findings(
    database: DuckDBPyConnection,
    path: Path,
    bodies: Mapping[tuple[str, ...], str],
    number: int | None = None,
    known: Known | None = None,
) -> Iterator[tuple[Document, bytes]]:
    """The leaves of a run, in order: what each says, and its bytes.

    ``bodies`` maps a resource (:func:`ledger.resource_key`) to the digest of its body; ``number`` is that of the run in
    a file of several (:func:`merge`). ``known`` remembers the leaves of the run that was read before, since most nights
    are alike. Raises VerificationError where the file cannot be read or speaks of a resource that is not in ``bodies``.
    """
    reader = _LeafReader(bodies, path)
    before = known.leaves if known is not None else {}
    now: dict[tuple[Any, ...], _Leaf] = {}
    for row in _read(database, path, "*", f"ORDER BY {_LEAVES_IN_ORDER}", number):
        # A map has no hash; few rows have one.
        key = row if row[_RELATED] is None else None
        leaf = before.get(key) if key is not None else None
        if leaf is None or bodies.get(leaf.resource) != leaf.body:
            try:
                leaf = reader.leaf(row)
            except (ValueError, TypeError, AttributeError, msgspec.DecodeError) as error:
                raise VerificationError(f"{path} does not hold records: {error}") from error
        if key is not None and len(now) < _MOST_KNOWN:
            now[key] = leaf
        yield leaf.document, leaf.data
    if known is not None:
        known.leaves = now


class _Leaf(NamedTuple):
    """A leaf as it was read; ``resource`` is what it is about (:func:`ledger.resource_key`), ``body`` its digest."""

    resource: tuple[str, ...]
    body: str | None
    document: Document
    data: bytes


class Known:
    """The leaves of the run that was read last, by the rows that they were made of."""

    def __init__(self) -> None:
        self.leaves: dict[tuple[Any, ...], _Leaf] = {}


def read_bodies(database: DuckDBPyConnection, path: Path, number: int | None = None) -> dict[str, bytes]:
    """The bodies of a pack by the digest that stands beside them, which the caller compares."""
    return {bytes(digest).hex(): body.encode() for digest, body in _read(database, path, "digest, body", "", number)}


def bodies_of(database: DuckDBPyConnection, paths: Iterable[Path], digests: Iterable[str]) -> dict[str, bytes]:
    """The bodies in packs that have one of these digests; whether they have is the caller's to compare."""
    wanted = sorted(map(bytes.fromhex, digests))
    return {
        bytes(digest).hex(): body.encode()
        for path in (paths if wanted else ())
        for digest, body in _read(
            database, path, "digest, body", "WHERE list_contains(?::BLOB[], digest)", None, wanted
        )
    }


def body_digests(database: DuckDBPyConnection, paths: Iterable[Path]) -> set[str]:
    """The digests of the bodies in packs."""
    return {bytes(digest).hex() for path in paths for (digest,) in _read(database, path, "digest")}


def _read(
    database: DuckDBPyConnection, path: Path, columns: str, rest: str = "", number: int | None = None, *values: Any
) -> list[tuple[Any, ...]]:
    import duckdb

    rows = "read_parquet(?)"
    if number is not None:
        rows = f"(SELECT * EXCLUDE runs FROM {rows} WHERE (runs >> {number:d}) & 1 = 1)"  # noqa: S608 - a number
    # An escaped path names one file also where it holds characters of a pattern.
    query = f"SELECT {columns} FROM {rows} {rest}"  # noqa: S608 - constants
    try:
        return database.execute(query, [glob.escape(str(path)), *values]).fetchall()
    except (duckdb.Error, UnicodeError) as error:
        raise VerificationError(f"{path} cannot be read: {error}") from error


def _ledger_row(row: tuple[Any, ...]) -> bytes:
    kind, provider, account, region, type_, id_, identity, body, collected_at, document = row
    if document is not None:
        return str(document).encode()
    fields: Document = {
        "kind": kind,
        "scope": {"provider": provider, "account": account, "region": region},
        "type": type_,
        "body": body.hex(),
        "collected_at": collected_at,
    }
    fields |= {"id": id_} if identity is None else {"identity": identity.hex()}
    return canonical.encode(fields)


class _LeafReader:
    """Makes leaves of rows; remembers what is the same for every record of a check and of a scope."""

    def __init__(self, bodies: Mapping[tuple[str, ...], str], path: Path) -> None:
        self._bodies, self._path = bodies, path
        self._checks: dict[tuple[Any, ...], Document] = {}
        self._scopes: dict[tuple[Any, ...], Document] = {}
        self._digests: dict[bytes, str] = {}

    def leaf(self, row: tuple[Any, ...]) -> _Leaf:
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
        # What is about no resource has no body, whatever the ledger lists under the same name.
        return _Leaf(resource if body is not None else (), body, document, canonical.encode_known(document))

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
