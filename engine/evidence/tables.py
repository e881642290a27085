"""The Parquet files of a run: canonical lines in, canonical lines out.

Leaves are stored as columns, sorted by subject, without their hashes, and written again byte for byte when they are
read. What the ledger already says (the body of a resource) is not said twice. Rows of several runs can stand in one
file, each once. DuckDB reads and writes; it loads no extension.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, durable
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


class Filed(NamedTuple):
    """Lines that stand in files already, in their order; ``longest`` is the length of the longest, in bytes."""

    paths: Sequence[Path]
    longest: int


Lines = Iterable[bytes] | Filed


def write_findings(database: DuckDBPyConnection, leaves: Lines, path: Path) -> None:
    """Write leaves as ``findings.parquet``, in this order. Raises SealError where the file cannot be written."""
    _write(database, leaves, path, _LEAF_FIELDS, _LEAF_COLUMNS)


def write_ledger(database: DuckDBPyConnection, lines: Lines, path: Path) -> None:
    """Write the lines of a ledger (:func:`ledger_line`) as ``ledger.parquet``."""
    _write(database, lines, path, _LEDGER_FIELDS, _LEDGER_COLUMNS)


def write_bodies(database: DuckDBPyConnection, lines: Lines, path: Path) -> None:
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
    """A ledger row as it is stored: resources in columns, the others as text of their own.

    In the place of its text a resource has the rule that puts it out of the boundary, where one does.
    """
    # Of all kinds only resources have a body, which sorts first among their keys.
    if row.startswith(b'{"body":'):
        return row.replace(b',"out_of_boundary":', b',"document":', 1) if b',"out_of_boundary":' in row else row
    return canonical.encode({"kind": canonical.decode(row)["kind"], "document": row.decode()})


def body_lines(bodies: Mapping[str, bytes]) -> Iterator[bytes]:
    """Bodies (canonical JSON by digest) as they are stored, like beside like."""
    for data, digest in sorted((data, digest) for digest, data in bodies.items()):
        yield canonical.encode({"digest": digest, "body": data.decode()})


def _write(database: DuckDBPyConnection, lines: Lines, path: Path, fields: Mapping[str, str], columns: str) -> None:
    """Write canonical JSON lines as a Parquet file; they pass through a file, which is removed where it is ours."""
    source = path.with_suffix(".jsonl")
    try:
        filed = lines if isinstance(lines, Filed) else Filed((source,), durable.write_lines(source, lines))
        copy(database, f"SELECT {columns} FROM {documents(filed, fields)}", path)  # noqa: S608
    finally:
        durable.discard(source)


def documents(filed: Filed, fields: Mapping[str, str]) -> str:
    """Lines of JSON as DuckDB is asked for them; ``fields`` are their types by name."""
    types = ", ".join(f'"{name}": {_quoted(kind)}' for name, kind in fields.items())
    files = ", ".join(_quoted(glob.escape(str(one))) for one in filed.paths)
    limit = max(_SMALLEST_LINE_LIMIT, 2 * filed.longest)
    return f"""read_json([{files}], format = 'newline_delimited', compression = 'none',
        maximum_object_size = {limit}, columns = {{{types}}})"""


def copy(database: DuckDBPyConnection, query: str, path: Path, more: str = "") -> None:
    """Write what a query gives as a Parquet file; ``more`` are further options of COPY.

    Raises SealError where the file cannot be written.
    """
    import duckdb

    form = f"{_FORMAT[:-1]}, {more})" if more else _FORMAT
    try:
        database.execute(f"COPY ({query}) TO {_quoted(str(path))} {form}")
        durable.flush(path)
    except duckdb.Error as error:
        raise SealError(f"writing {path}: {error}; make room or check the folder, and run again") from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- reading -------------------------------------------------------------------------------------------------------


def read_ledger(database: DuckDBPyConnection, path: Path, number: int | None = None) -> list[tuple[bytes, Document]]:
    """The rows of a ledger as canonical JSON, sorted, and what each says.

    Raises VerificationError where the file cannot be read.

    ``number`` is that of the run in a file of several (:func:`merge`).
    """
    rows = _read(database, path, "*", number=number)
    try:
        return sorted(map(_ledger_row, rows), key=itemgetter(0))
    except (ValueError, TypeError, AttributeError) as error:
        raise VerificationError(f"{path} does not hold a ledger: {error}") from error


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


def rows_of(path: Path, number: int | None = None) -> str:
    """The rows of a file as DuckDB is asked for them; ``number`` as in :func:`read_ledger`.

    An escaped path names one file also where it holds characters of a pattern.
    """
    rows = f"read_parquet({_quoted(glob.escape(str(path)))})"
    return rows if number is None else f"(SELECT * EXCLUDE runs FROM {rows} WHERE (runs >> {number:d}) & 1 = 1)"  # noqa: S608


def _read(
    database: DuckDBPyConnection, path: Path, columns: str, rest: str = "", number: int | None = None, *values: Any
) -> list[tuple[Any, ...]]:
    import duckdb

    query = f"SELECT {columns} FROM {rows_of(path, number)} {rest}"  # noqa: S608 - constants
    try:
        return database.execute(query, values).fetchall()
    except (duckdb.Error, UnicodeError) as error:
        raise VerificationError(f"{path} cannot be read: {error}") from error


def _ledger_row(row: tuple[Any, ...]) -> tuple[bytes, Document]:
    kind, provider, account, region, type_, id_, identity, body, collected_at, document = row
    if document is not None and body is None:
        data = str(document).encode()
        return data, canonical.decode(data)
    fields: Document = {
        "kind": kind,
        "scope": {"provider": provider, "account": account, "region": region},
        "type": type_,
        "body": body.hex(),
        "collected_at": collected_at,
    }
    fields |= {"id": id_} if identity is None else {"identity": identity.hex()}
    fields |= {"out_of_boundary": document} if document is not None else {}
    # Texts that DuckDB gives are canonical as they are.
    texts = all(
        type(value) is str
        for value in (kind, provider, account, region, type_, collected_at, *fields.values())
        if value is not fields["scope"]
    )
    return canonical.encode_known(fields) if texts else canonical.encode(fields), fields
