"""Every kind of fault on every operation that a check needs, one at a time, all checks judged at once.

    python -m benchmarks.fault_matrix                     the whole product, and a table of what it did

The cases come from the plan of all checks: a new reader is in the matrix the day it exists. What may not happen is
told by :func:`violations`; the process ends with 1 where it did.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.collection.planner import Plan
from engine.errors import DiscoveryError
from engine.model import GLOBAL, Finding
from providers.aws import DISCOVERY
from tests.emulators import faults
from tests.emulators.demo.aws import environment
from tests.emulators.fault_matrix import EXPECTED, USUAL, settled, timed_out
from tests.emulators.paging import pages
from tests.end_to_end.account import Account, Scan, Scanner, seeded

Kind = Literal[faults.Kind, "gone", "second_page"]

TIMEOUT: Final = 0.4
"""Seconds that a request may take where nothing is answered."""
KINDS: Final[tuple[Kind, ...]] = (*faults.KINDS, "second_page")
"""Of every operation. "error" is a code that nobody documents, "second_page" a listing that breaks off."""
REASONS: Final[dict[str, frozenset[str]]] = {
    **{kind: frozenset[str](expected.reasons) for kind, expected in EXPECTED.items()},
    # Of an answer of S3's that is no XML, botocore makes a 500: the connection may have broken.
    "malformed": frozenset({"malformed_response", "unavailable"}),
    "second_page": frozenset({"unavailable"}),
    # A check of what it is related to may have to find one there.
    "gone": frozenset({"expression_error"}),
}
"""What an unknown verdict may say after each kind."""
SAYS_NOTHING: Final = {
    "bedrock:GetModelInvocationLoggingConfiguration": "an empty object is how Bedrock says that nothing is configured",
    "lambda:GetFunctionConcurrency": "an empty object is how Lambda says that nothing is reserved",
    "s3:GetBucketLocation": "an empty LocationConstraint is how S3 says us-east-1",
    "s3:GetBucketLogging": "an empty BucketLoggingStatus is how S3 says that logging is off",
    "s3:GetBucketVersioning": "an empty VersioningConfiguration is how S3 says that versioning was never on",
    "wafv2:GetWebACLForResource": "an object without WebACL is how WAF says that there is none",
    "sqs:ListQueues": "an object without QueueUrls is how SQS says that there are no queues",
}
"""Operations whose answer without any member is a documented answer: nobody can tell it from a hollow one."""
NO_POLICY: Final = "lambda:GetPolicy"
"""Its ResourceNotFoundException is how Lambda says that there is no policy."""


@dataclass(frozen=True, slots=True)
class Case:
    """A fault of ``kind`` on ``operation``; ``code`` is the error code of "gone".

    ``readers`` are the ledger's names of the readers that call it, ``permissions`` what may be named as missing,
    ``types`` those whose resources may be gone by it.
    """

    kind: Kind
    operation: str
    readers: tuple[str, ...]
    permissions: tuple[str, ...]
    types: frozenset[str | None] = frozenset()
    code: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.operation}{f' {self.code}' if self.code else ''}"


def cases(plan: Plan) -> tuple[Case, ...]:
    """Every case of a plan, by operation and kind."""
    found: list[Case] = []
    operations = sorted({operation for reader in plan.readers for operation in reader.operations})
    for operation in operations:
        readers = [reader for reader in plan.readers if operation in reader.operations]
        names = tuple(reader.name for reader in readers)
        permissions = tuple(sorted({name for reader in readers for name in reader.permissions}))
        found += [Case(kind, operation, names, permissions) for kind in KINDS if kind in _possible(operation)]
        codes = sorted({code for reader in readers for code in reader.gone_codes})
        types = frozenset(reader.of for reader in readers)
        found += [Case("gone", operation, names, permissions, types, code) for code in codes if operation != NO_POLICY]
    for operation, permissions in DISCOVERY:
        found += [Case(kind, operation, (operation,), permissions) for kind in KINDS if kind in _possible(operation)]
    return tuple(found)


def _possible(operation: str) -> tuple[Kind, ...]:
    """The kinds that an operation can have: one that does not page has no second page."""
    return KINDS if pages(*operation.split(":")) else tuple(kind for kind in KINDS if kind != "second_page")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault did: how many requests it hit, how many verdicts became unknown or went with their subjects.

    ``violations`` say what may not have happened.
    """

    case: Case
    hit: int
    unknown: int = 0
    gone: int = 0
    stopped: bool = False
    violations: tuple[str, ...] = ()


def outcome(account: Account, scanner: Scanner, clean: Scan, case: Case) -> Outcome:
    """Scan with the fault in the way, and compare with the clean scan: patiently, where a request was lost to load."""

    def attempt(timeout: float) -> tuple[Outcome, bool]:
        return _attempted(account, scanner if timeout == USUAL else scanner.within(timeout), clean, case)

    return settled(attempt, withheld=case.kind == "timeout")


def _attempted(account: Account, scanner: Scanner, clean: Scan, case: Case) -> tuple[Outcome, bool]:
    """What the fault did in one scan, and whether a request timed out."""
    wire = account.wire
    account.restore()
    # Otherwise the region of a bucket is told with its name, and s3:GetBucketLocation is never called.
    account.older_storage.on = True
    if case.kind == "second_page":
        wire.paging.size = 1
        wire.faults.add("server_error", case.operation, after=1)
    elif case.kind == "gone":
        wire.faults.add("error", case.operation, code=case.code, status=404)
    else:
        wire.faults.add(
            case.kind, case.operation, **({"code": "Unheard", "status": 400} if case.kind == "error" else {})
        )
    try:
        scan = scanner(case.operation)
    except DiscoveryError as error:
        return Outcome(case, wire.faults.injected.total(), stopped=True), timed_out(error)
    finally:
        broken = [f"the wire broke: {error!r}" for error in wire.broken]
        wire.broken.clear()
        hit = wire.faults.injected.total()
        account.restore()
    before, after = (Counter(f.verdict for f in found.findings) for found in (clean, scan))
    found = Outcome(
        case,
        hit,
        unknown=after["unknown"] - before["unknown"],
        gone=sum(row.outcomes.get("gone", 0) for row in scan.snapshot.ledger if row.reader in case.readers),
        violations=(*broken, *violations(case, clean, scan, hit)),
    )
    return found, timed_out(scan.snapshot)


def violations(case: Case, clean: Scan, scan: Scan, hit: int) -> Iterator[str]:
    """What a fault may not do.

    No verdict but unknown may differ from the clean one or be there without one; no subject may vanish unless its
    listing is unknown or the ledger says that it is gone; the run is incomplete, and says by what.
    """
    if not hit and case.kind != "second_page":
        yield "the operation was never called"
    if case.kind == "hollow" and case.operation in SAYS_NOTHING:
        return
    told = {_key(finding): finding for finding in clean.findings}
    now = {_key(finding): finding for finding in scan.findings}
    for key, finding in now.items():
        known = told.get(key)
        if {relation.resource_type for relation in finding.check.related.values()} & case.types:
            continue  # what it was related to is gone
        if finding.verdict != "unknown" and (known is None or known.verdict != finding.verdict):
            yield f"{_named(finding)} is {finding.verdict} and was {known.verdict if known else 'not there'}"
    lost = [finding for key, finding in told.items() if key not in now and not _unlisted(finding, scan)]
    if lost and not (case.kind == "gone" and _dropped(case, scan)):
        yield from (f"{_named(finding)} is lost" for finding in lost)
    unknown = [finding for finding in scan.findings if finding.verdict == "unknown"]
    if (4 in scan.conclusion.exit_reasons) != bool(unknown):
        yield f"{len(unknown)} unknown, and the exit codes are {sorted(scan.conclusion.exit_reasons)}"
    if hit:
        yield from _said(case, scan, unknown)


def _said(case: Case, scan: Scan, unknown: Sequence[Finding]) -> Iterator[str]:
    """What the reasons, the permissions and the ledger say amiss."""
    causes = {(cause.unread.reason, cause.unread.permission) for finding in unknown for cause in finding.causes}
    for reason, permission in sorted(causes, key=str):
        if reason not in REASONS[case.kind]:
            yield f"unknown because {reason}"
        if case.kind in ("denied", "policy_denied") and permission not in case.permissions:
            yield f"the permission named is {permission}, not one of {', '.join(case.permissions)}"
        if case.kind == "expired_token" and permission:
            yield f"{permission} is named, which would not help"
    rows = [row for row in scan.snapshot.ledger if row.reader in case.readers]
    if not any(row.failures or "gone" in row.outcomes or "absent" in row.outcomes for row in rows):
        yield "the ledger says nothing of it"


def _key(finding: Finding) -> tuple[str, str, str, str, str]:
    return (finding.check.id, finding.subject.kind, finding.subject.type, finding.subject.id, finding.scope.region)


def _named(finding: Finding) -> str:
    return f"{finding.check.id} of {finding.subject.name} in {finding.scope.region}"


def _unlisted(finding: Finding, scan: Scan) -> bool:
    """Whether a listing that could have held the subject is unknown for the same check."""
    scopes = {
        other.scope.region
        for other in scan.findings
        if other.subject.kind == "scope" and other.check.id == finding.check.id
    }
    listed_in = {row.scope.region for row in scan.snapshot.collections if row.type == finding.subject.type}
    region = GLOBAL if GLOBAL in listed_in else finding.scope.region
    return bool(scopes & {region, "*"})


def _dropped(case: Case, scan: Scan) -> bool:
    return any("gone" in row.outcomes for row in scan.snapshot.ledger if row.reader in case.readers)


# --- the benchmark ---------------------------------------------------------------------------------------------------


def table(outcomes: Sequence[Outcome]) -> str:
    """Kinds, and what they did."""
    head = ("kind", "scans", "requests hit", "verdicts unknown", "resources gone", "unchanged", "stopped", "violations")
    rows = [head]
    for kind in (*KINDS, "gone"):
        mine = [row for row in outcomes if row.case.kind == kind]
        unchanged = sum(not (row.unknown or row.gone or row.stopped) for row in mine)
        rows.append(
            (
                str(kind),
                f"{len(mine):,}",
                f"{sum(row.hit for row in mine):,}",
                f"{sum(row.unknown for row in mine):,}",
                f"{sum(row.gone for row in mine):,}",
                f"{unchanged:,}",
                f"{sum(row.stopped for row in mine):,}",
                f"{sum(len(row.violations) for row in mine):,}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def main() -> int:
    """Run the matrix and print what it did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose text holds this")
    wanted = parser.parse_args().only
    start = time.monotonic()
    with seeded() as account, environment(account.wire.url):
        usual = Scanner()
        account.older_storage.on = True
        clean = usual()
        hasty = usual.within(TIMEOUT)
        assert not [finding for finding in clean.findings if finding.verdict == "unknown"]
        outcomes = []
        for case in cases(usual.plan):
            if wanted not in str(case):
                continue
            outcomes.append(outcome(account, hasty if case.kind == "timeout" else usual, clean, case))
            for violation in outcomes[-1].violations:
                print(f"{case}: {violation}", flush=True)
    operations = len({row.case.operation for row in outcomes})
    print(table(outcomes))
    print(
        f"{len(usual.plan.readers)} readers, {operations} operations, {len(outcomes):,} scans of "
        f"{len(clean.findings)} verdicts, {time.monotonic() - start:.0f} s"
    )
    return 1 if any(row.violations for row in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
