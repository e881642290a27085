"""Films of frames that were never stored: what each frame saw is written down, and goes through the real index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.evidence import canonical
from engine.evidence.canonical import digest
from engine.evidence.catalogue import Catalogue
from engine.evidence.chain import Placed
from engine.evidence.entries import Entry, Groups, Intent, Link, Listings, Seal, Tree, Verdicts
from engine.evidence.period.film import Basis, Film, Window
from engine.evidence.period.frames import SealedFrame
from engine.evidence.period.index import Builder, Index, Judging, decode, encode
from engine.evidence.period.schedule import Calendar, instant, night_of
from engine.evidence.runs import StoredRun, Tally
from engine.model import Check, Control, InForce, Organization, Schedule, Scope, Waiver
from tests.unit.evidence.synthetic_runs import check as made_check

BERLIN = Schedule("day", "02:30", "Europe/Berlin", 4)
HERE = Scope("aws", "111111111111", "eu-west-1")
THERE = Scope("aws", "222222222222", "us-east-1")
BUCKET, KEY = "AWS::S3::Bucket", "AWS::KMS::Key"
NO_DIGEST = digest(b"")


@dataclass(frozen=True)
class Shot:
    """What one frame saw.

    ``checks`` maps an id to (resource type, version); ``listings`` a scope and type to "complete", "off" or "failed";
    ``verdicts`` a scope, check and resource id to a verdict. ``waived`` names the waiver beside a failure.
    """

    as_of: str
    checks: Mapping[str, tuple[str, int]]
    listings: Mapping[tuple[Scope, str], str]
    verdicts: Mapping[tuple[Scope, str, str], str] = field(default_factory=dict)
    left: tuple[Scope, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    waived: Mapping[tuple[Scope, str, str], str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    severity: str = "high"
    controls: tuple[Control, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    engine: str = "0.1.0"

    def but(self, **changes: Any) -> Shot:
        """The same, changed."""
        return replace(self, **changes)


def film_of(shots: Sequence[Shot], starts: date, ends: date, schedule: Schedule = BERLIN, single: bool = False) -> Film:
    """The film of these shots, which are in the order of time; the index is written and read again."""
    index, frames, bases = Index(), [], []
    made: dict[str, Basis] = {}
    builder = Builder(index)
    for number, shot in enumerate(shots, 1):
        frame = _sealed(number, shot)
        key = repr((shot.checks, shot.severity, shot.controls, shot.parameters, sorted(shot.waivers)))
        basis = made.setdefault(key, _basis(shot, schedule))
        frames.append(frame)
        bases.append(basis)
        judging = Judging(frozenset(shot.checks), frame.names("accounts"), frame.names("regions"))
        builder.add(frame.placed.digest, judging, _stored(frame, shot), _bodies(shot))
    index = decode(encode(index))
    nights = [night_of(instant(shot.as_of), schedule) for shot in shots]
    count = sum(night <= ends for night in nights)
    calendar = Calendar(schedule, min(starts, *nights), ends)
    begin = count - 1 if single else sum(night < starts for night in nights[:count])
    first = next(place for place, day in enumerate(calendar.dates) if day >= starts.isoformat())
    return Film(frames[:count], bases[:count], index, calendar, Window(begin, count, first, single))


def _basis(shot: Shot, schedule: Schedule) -> Basis:
    checks = {id_: a_check(id_, *said, shot.severity) for id_, said in shot.checks.items()}
    organization = Organization("Example Ltd", ("security",), Path("organization.yaml"), NO_DIGEST, schedule=schedule)
    policy = InForce(organization, shot.controls, {}, shot.waivers, checks, shot.parameters)
    members = {
        "checks": {id_: check.digest for id_, check in checks.items()},
        "controls": {},
        "policies": {},
        "schemas": {},
        "parameters": {},
    }
    return Basis(Catalogue({}, members, {}), policy)


def a_check(id_: str, resource_type: str, version: int, severity: str = "high") -> Check:
    """A check in a version, which its bytes tell apart."""
    source = f"{id_} {version}".encode()
    return made_check(
        "made", resource_type, id=id_, version=version, severity=severity, source=source, digest=digest(source)
    )


def run_of(number: int, shot: Shot) -> str:
    """The id of the run of a shot."""
    return f"{shot.as_of[:19].replace('-', '').replace(':', '')}Z-{number:08x}"


def _sealed(number: int, shot: Shot) -> SealedFrame:
    intent = Intent(
        run=run_of(number, shot),
        kind="scheduled",
        trigger="test",
        organization="Example Ltd",
        filters=dict(shot.filters),
        engine=shot.engine,
        dependencies=NO_DIGEST,
        started_at=shot.as_of,
        content=Groups(**dict.fromkeys(("checks", "controls", "policies", "schemas", "parameters"), NO_DIGEST)),
    )
    tree = Tree(count=len(shot.verdicts), root=NO_DIGEST)
    seal = Seal(
        intent=Link(sequence=2 * number - 1, digest=NO_DIGEST),
        asked=intent,
        caller={"arn": "arn:aws:iam::111111111111:role/auditor"},
        source="live",
        as_of=shot.as_of,
        ended_at=shot.as_of,
        verdicts=Verdicts(passed=0, failed=0, unknown=0, not_applicable=0, waived=0),
        listings=Listings(complete=0, off=0, failed=0),
        records=tree,
        ledger=tree,
        files={},
    )
    entry = Entry(
        schema=1,
        store="0" * 32,
        sequence=2 * number,
        previous=NO_DIGEST,
        kind="seal",
        recorded_at=shot.as_of,
        body=seal,
    )
    return SealedFrame(Placed(entry, digest(repr((number, shot)).encode()), NO_DIGEST))


def scope_row(scope: Scope) -> dict[str, str]:
    """A scope as records have it."""
    return {"provider": scope.provider, "account": scope.account, "region": scope.region}


def _stored(frame: SealedFrame, shot: Shot) -> StoredRun:
    leaves = [_leaf(shot, *key, verdict) for key, verdict in sorted(shot.verdicts.items())]
    for (scope, type_), state in sorted(shot.listings.items()):
        leaves += [_unlisted(shot, scope, type_, check) for check in _judging(shot, scope, type_) if state == "failed"]
    resources = sorted({(scope, shot.checks[check][0], id_) for scope, check, id_ in shot.verdicts})
    rows: dict[str, list[dict[str, Any]]] = {
        "collection": [
            {"scope": scope_row(scope), "type": type_, "state": state, "count": 0}
            for (scope, type_), state in shot.listings.items()
        ],
        "scope": [
            *({"scope": scope_row(scope), "state": "asked"} for scope in sorted({s for s, _ in shot.listings})),
            *({"scope": scope_row(scope), "state": "off", "name": "", "why": "excluded"} for scope in shot.left),
        ],
        "population": [
            {"check": check, "complete": True, "queries": ["s3:ListBuckets"]} for check in sorted(shot.checks)
        ],
        "resource": [{"scope": scope_row(scope), "type": type_, "id": id_} for scope, type_, id_ in resources],
        "waiver": [
            {
                "check": check,
                "scope": scope_row(scope),
                "subject": {"kind": "resource", "type": shot.checks[check][0], "id": id_},
                "waiver": {"id": waiver, "kind": "risk_accepted", "digest": NO_DIGEST, "expires": "2030-01-01"},
            }
            for (scope, check, id_), waiver in sorted(shot.waived.items())
        ],
    }
    return StoredRun(frame.placed, leaves, Tally(), [], rows, Catalogue({}, {}, {}))


def _judging(shot: Shot, scope: Scope, type_: str) -> Iterable[str]:
    accounts = shot.filters.get("accounts", ())
    return sorted(
        check for check, (of, _) in shot.checks.items() if of == type_ and (not accounts or scope.account in accounts)
    )


def _leaf(shot: Shot, scope: Scope, check: str, id_: str, verdict: str) -> bytes:
    type_, version = shot.checks[check]
    document: dict[str, Any] = {
        "schema": 1,
        "check": {"id": check, "version": version, "digest": digest(f"{check} {version}".encode())},
        "parameters": NO_DIGEST,
        "scope": scope_row(scope),
        "subject": {"kind": "resource", "type": type_, "id": id_},
        "verdict": verdict,
        "body": NO_DIGEST,
    }
    if verdict == "fail":
        document["message"] = f"{id_} fails."
    if verdict == "unknown":
        document |= {"reason": "access_denied", "message": "is not known"}
    return canonical.encode(document)


def _unlisted(shot: Shot, scope: Scope, type_: str, check: str) -> bytes:
    version = shot.checks[check][1]
    return canonical.encode(
        {
            "schema": 1,
            "check": {"id": check, "version": version, "digest": digest(f"{check} {version}".encode())},
            "parameters": NO_DIGEST,
            "scope": scope_row(scope),
            "subject": {"kind": "scope", "type": type_, "id": str(scope)},
            "verdict": "unknown",
            "reason": "throttled",
        }
    )


def _bodies(shot: Shot) -> dict[str, Any]:
    types = {id_: shot.checks[check][0] for _, check, id_ in shot.verdicts}
    return {id_: {"type": types[id_], "id": id_, "name": name} for id_, name in shot.names.items() if id_ in types}
