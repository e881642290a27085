"""The span index: what sealed runs say, run-length, so that a year is read as its changes.

Frames follow one another; where a subject is judged as it was in the frame before, its span grows, else another begins.
The index is derived: the same runs give the same bytes, and nothing stands only in it. Ids and names are as the records
have them (:mod:`engine.evidence.canonical`); what is personal stands in it by its digest, as it does there.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, TypeVar

import msgspec

from engine.evidence.ledger import resource_key
from engine.evidence.runs import StoredRun

SCHEMA: Final = 2
VERDICTS: Final = ("pass", "fail", "unknown", "not_applicable")
_NUMBER: Final = {verdict: number for number, verdict in enumerate(VERDICTS)}
_LEVEL: Final = 6

T = TypeVar("T", bound=Hashable)


class _Check(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    digest: str


class _Scope(msgspec.Struct, frozen=True, gc=False):
    provider: str
    account: str
    region: str


class _Subject(msgspec.Struct, frozen=True, gc=False):
    kind: str
    type: str
    id: str | None = None
    identity: str | None = None


class _Leaf(msgspec.Struct, frozen=True, gc=False):
    """What the index takes of a record."""

    check: _Check
    parameters: str
    scope: _Scope
    subject: _Subject
    verdict: str
    reason: str | None = None
    body: str | None = None
    message: str | None = None


_leaf = msgspec.json.Decoder(_Leaf)


class Names(Generic[T]):
    """Values by number, in the order in which they were first seen."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        self.values: list[T] = list(values)
        self._numbers = {value: number for number, value in enumerate(self.values)}

    def number(self, value: T) -> int:
        """The number of a value, which gets the next one where it is new."""
        known = self._numbers.get(value)
        if known is None:
            known = self._numbers[value] = len(self.values)
            self.values.append(value)
        return known


def _column() -> array[int]:
    return array("I")


@dataclass(slots=True)
class Index:
    """The index as columns. A number stands for the value at that place of the list of its name.

    ``seals`` are the digests of the seals that it was made of, in the order of the chain, also of those that are no
    frames; ``frames`` the digests of those that are, in the order of their moments. ``listings``, ``left`` and
    ``populations`` are documents of the ledger that many nights share, by frame. ``tests`` are (check id, version,
    digest, digest of the parameters); ``subjects`` (kind, type, id or identity, name); 0 of ``reasons``, ``texts`` and
    ``bodies`` is nothing. ``present`` are the frames in which a resource was listed, ``outside`` those in which it was
    listed and out of the boundary, ``beside`` those in which a waiver stood beside a failure.
    """

    seals: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    documents: Names[str] = field(default_factory=Names)
    listings: array[int] = field(default_factory=_column)
    left: array[int] = field(default_factory=_column)
    populations: array[int] = field(default_factory=_column)
    scopes: Names[tuple[str, str, str]] = field(default_factory=Names)
    checks: Names[str] = field(default_factory=Names)
    tests: Names[tuple[str, int, str, str]] = field(default_factory=Names)
    subjects: Names[tuple[str, str, str, str]] = field(default_factory=Names)
    names: dict[int, str] = field(default_factory=dict)
    bodies: Names[str] = field(default_factory=lambda: Names([""]))
    reasons: Names[str] = field(default_factory=lambda: Names([""]))
    texts: Names[str] = field(default_factory=lambda: Names([""]))
    streams: Names[tuple[int, int, int]] = field(default_factory=Names)
    stream: array[int] = field(default_factory=_column)
    first: array[int] = field(default_factory=_column)
    last: array[int] = field(default_factory=_column)
    verdict: array[int] = field(default_factory=_column)
    reason: array[int] = field(default_factory=_column)
    body: array[int] = field(default_factory=_column)
    test: array[int] = field(default_factory=_column)
    text: array[int] = field(default_factory=_column)
    places: Names[tuple[int, int]] = field(default_factory=Names)
    present: array[int] = field(default_factory=_column)
    present_first: array[int] = field(default_factory=_column)
    present_last: array[int] = field(default_factory=_column)
    outside: array[int] = field(default_factory=_column)
    outside_first: array[int] = field(default_factory=_column)
    outside_last: array[int] = field(default_factory=_column)
    waivers: Names[str] = field(default_factory=Names)
    beside: array[int] = field(default_factory=_column)
    beside_waiver: array[int] = field(default_factory=_column)
    beside_first: array[int] = field(default_factory=_column)
    beside_last: array[int] = field(default_factory=_column)


def encode(index: Index) -> bytes:
    """The index as bytes, equal for equal runs."""
    plain: dict[str, Any] = {"schema": SCHEMA}
    for column in fields(Index):
        value = getattr(index, column.name)
        plain[column.name] = (
            value.values if isinstance(value, Names) else _little(value) if isinstance(value, array) else value
        )
    return zlib.compress(msgspec.msgpack.encode(plain), _LEVEL)


def decode(data: bytes) -> Index:
    """The index that :func:`encode` wrote. Raises ValueError for other bytes."""
    try:
        plain = msgspec.msgpack.decode(zlib.decompress(data))
        if not isinstance(plain, dict) or plain.pop("schema", None) != SCHEMA:
            raise ValueError("another version of the index")
        empty = Index()
        return Index(**{name: _as(getattr(empty, name), value) for name, value in plain.items()})
    except (zlib.error, msgspec.DecodeError, TypeError, AttributeError) as error:
        raise ValueError(f"no index: {error}") from error


def _as(like: Any, value: Any) -> Any:
    if isinstance(like, Names):
        return Names(tuple(item) if isinstance(item, list) else item for item in value)
    return _from_little(value) if isinstance(like, array) else value


def _little(numbers: array[int]) -> bytes:
    return _swapped(numbers).tobytes()


def _from_little(data: bytes) -> array[int]:
    numbers = _column()
    numbers.frombytes(data)
    return _swapped(numbers)


def _swapped(numbers: array[int]) -> array[int]:
    if sys.byteorder == "little":
        return numbers
    turned = numbers[:]
    turned.byteswap()
    return turned


# --- making it -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judging:
    """What of a frame decides which pairs it judged: its checks, and its filters (empty: everything)."""

    checks: frozenset[str]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]


class Builder:
    """Adds frames to an index, in the order of their moments.

    ``judged(frame, scope, check, type)`` and ``listed(frame, scope, type)`` say of an earlier frame whether it judged a
    check in a scope, and whether it listed a type there; of a scope as (provider, account, region).
    """

    def __init__(self, index: Index, judging: Sequence[Judging] = ()) -> None:
        self.index = index
        self._judging = list(judging)
        self._listed = [self._types(frame) for frame in range(len(index.frames))]
        self._spans = {stream: number for number, stream in enumerate(index.stream)}
        self._presences = {place: number for number, place in enumerate(index.present)}
        self._outsides = {place: number for number, place in enumerate(index.outside)}
        self._beside = {
            (stream, waiver): number
            for number, (stream, waiver) in enumerate(zip(index.beside, index.beside_waiver, strict=True))
        }
        self._before: dict[tuple[int, str, str], int] = {}

    def add(self, digest: str, judging: Judging, run: StoredRun, bodies: Mapping[str, Any]) -> None:
        """Add a frame: the digest of its seal, what it stored, and the bodies that it was the first to store."""
        index = self.index
        frame = len(index.frames)
        index.frames.append(digest)
        index.listings.append(self._document(_listings(run.ledger["collection"], run.ledger["scope"])))
        index.left.append(self._document(_left(run.ledger["scope"])))
        index.populations.append(self._document(_populations(run.ledger["population"])))
        self._judging.append(judging)
        self._listed.append(self._types(frame))
        self._before.clear()
        for body in bodies.values():
            if isinstance(body, dict) and isinstance(body.get("name"), str) and "id" in body:
                index.names[self._resource(body["type"], body["id"])] = body["name"]
        for data in run.leaves:
            self._record(frame, _leaf.decode(data))
        for row in run.ledger["resource"]:
            self._present(frame, row)
        for row in run.ledger["waiver"]:
            self._waived(frame, row)

    def _document(self, document: Any) -> int:
        return self.index.documents.number(msgspec.json.encode(document).decode())

    def _types(self, frame: int) -> dict[tuple[str, str, str, str], str]:
        document = msgspec.json.decode(self.index.documents.values[self.index.listings[frame]])
        return {(*scope, type_): state for *scope, type_, state in document["listings"]}

    def _resource(self, type_: str, id_: str) -> int:
        return self.index.subjects.number(("resource", type_, id_, "id"))

    def _record(self, frame: int, leaf: _Leaf) -> None:
        index, check = self.index, leaf.check
        scope = index.scopes.number((leaf.scope.provider, leaf.scope.account, leaf.scope.region))
        subject = self._subject(leaf.subject.kind, leaf.subject.type, leaf.subject.id, leaf.subject.identity)
        stream = index.streams.number((scope, index.checks.number(check.id), subject))
        value = (
            _NUMBER[leaf.verdict],
            index.reasons.number(leaf.reason or ""),
            index.bodies.number(leaf.body or ""),
            index.tests.number((check.id, check.version, check.digest, leaf.parameters)),
        )
        known = self._spans.get(stream)
        if known is not None and index.last[known] == self._judged_before(frame, scope, check.id, leaf.subject.type):
            said = (index.verdict[known], index.reason[known], index.body[known], index.test[known])
            if said == value:
                index.last[known] = frame
                return
        self._spans[stream] = len(index.stream)
        index.stream.append(stream)
        index.first.append(frame)
        index.last.append(frame)
        for column, number in zip((index.verdict, index.reason, index.body, index.test), value, strict=True):
            column.append(number)
        index.text.append(index.texts.number((leaf.message or "") if leaf.verdict == "fail" else ""))

    def _subject(self, kind: str, type_: str, id_: str | None, identity: str | None) -> int:
        shown = (id_, "id") if id_ is not None else (identity or "", "identity")
        return self.index.subjects.number((kind, type_, *shown))

    def _judged_before(self, frame: int, scope: int, check: str, type_: str) -> int:
        """The last frame before ``frame`` that judged a check in a scope; -1 for none."""
        key = (scope, check, type_)
        known = self._before.get(key)
        if known is None:
            place = self.index.scopes.values[scope]
            known = frame - 1
            while known >= 0 and not self._judged(known, place, check, type_):
                known -= 1
            self._before[key] = known
        return known

    def _judged(self, frame: int, scope: tuple[str, str, str], check: str, type_: str) -> bool:
        judging, (_, account, region) = self._judging[frame], scope
        return (
            check in judging.checks
            and (not judging.accounts or account in judging.accounts)
            and (not judging.regions or region in (*judging.regions, "global", "*"))
            and (*scope, type_) in self._listed[frame]
        )

    def _present(self, frame: int, row: Mapping[str, Any]) -> None:
        index = self.index
        provider, account, region, type_, id_, shown = resource_key(row)
        scope = index.scopes.number((provider, account, region))
        place = index.places.number((scope, index.subjects.number(("resource", type_, id_, shown))))
        before = frame - 1
        while before >= 0 and (provider, account, region, type_) not in self._listed[before]:
            before -= 1
        columns = (index.present, index.present_first, index.present_last)
        _stay(columns, self._presences, place, before, frame)
        if "out_of_boundary" in row:
            columns = (index.outside, index.outside_first, index.outside_last)
            _stay(columns, self._outsides, place, before, frame)

    def _waived(self, frame: int, row: Mapping[str, Any]) -> None:
        index, said = self.index, row["subject"]
        place = (row["scope"]["provider"], row["scope"]["account"], row["scope"]["region"])
        scope = index.scopes.number(place)
        subject = self._subject(said["kind"], said["type"], said.get("id"), said.get("identity"))
        stream = index.streams.number((scope, index.checks.number(row["check"]), subject))
        waiver = index.waivers.number(msgspec.json.encode(row["waiver"], order="sorted").decode())
        known = self._beside.get((stream, waiver))
        if known is not None and index.beside_last[known] == self._judged_before(
            frame, scope, row["check"], said["type"]
        ):
            index.beside_last[known] = frame
            return
        self._beside[stream, waiver] = len(index.beside)
        index.beside.append(stream)
        index.beside_waiver.append(waiver)
        index.beside_first.append(frame)
        index.beside_last.append(frame)


def _stay(
    columns: tuple[array[int], array[int], array[int]], known: dict[int, int], place: int, before: int, frame: int
) -> None:
    """Let a stay grow that lasted to the frame before, or begin one."""
    places, firsts, lasts = columns
    number = known.get(place)
    if number is not None and lasts[number] == before:
        lasts[number] = frame
        return
    known[place] = len(places)
    places.append(place)
    firsts.append(frame)
    lasts.append(frame)


def _place(scope: Mapping[str, str]) -> list[str]:
    return [scope["provider"], scope["account"], scope["region"]]


def _listings(collections: Iterable[Mapping[str, Any]], scopes: Iterable[Mapping[str, Any]]) -> Any:
    """What was listed where, and how it ended; and which scopes were asked."""
    return {
        "listings": sorted([*_place(row["scope"]), row["type"], row["state"]] for row in collections),
        "asked": sorted(_place(row["scope"]) for row in scopes if row["state"] == "asked"),
    }


def _left(scopes: Iterable[Mapping[str, Any]]) -> Any:
    return sorted([*_place(row["scope"]), row["why"]] for row in scopes if row["state"] == "off")


def _populations(rows: Iterable[Mapping[str, Any]]) -> Any:
    return sorted([row["check"], row["complete"], sorted(row["queries"])] for row in rows)
