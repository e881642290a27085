"""Each call that a scan makes goes wrong in each way that calls go wrong, and what that may do to its verdicts.

A verdict may become unknown, and no other. A subject may be gone only if its check says beside that, by an unknown in
the same account, that it did not see all. What a fault did is the product's doing only where no request was lost to the
machine: a scan on which one timed out, though nothing was withheld, is made once more with :data:`PATIENCE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from glob import escape
from typing import Any, Final, TypeVar

from engine.errors import DiscoveryError
from engine.model import Finding, Snapshot
from providers.base import Directory, Reason
from tests.emulators.emulator import Emulator
from tests.emulators.faults import KINDS, Faults, Kind
from tests.emulators.wire import Layer

T = TypeVar("T")

Verdicts = Mapping[tuple[str, str, str], str]
"""By check, account and id of the subject."""

USUAL: Final = 5.0
"""Seconds that a request may take."""
PATIENCE: Final = 120.0
"""Seconds that it may take where the machine was too slow before."""
WITHHELD: Final = 1.5
"""Seconds that it may take where nothing is answered."""
SAMPLE: Final = 12
"""Every so manieth check is judged whatever goes wrong, beside those whose own scans make the call."""
_TIMED_OUT: Final = re.compile(r"time(d )?out", re.IGNORECASE)
"""Clients name their errors ReadTimeout, ConnectTimeoutError, ServiceResponseTimeoutError."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an unknown verdict says of a fault: one of ``reasons``, and what is missing.

    ``permission``: it has to name one (True), must not (False), or may (None).
    """

    reasons: frozenset[Reason]
    permission: bool | None = None

    @classmethod
    def of(cls, *reasons: Reason, permission: bool | None = None) -> Expected:
        return cls(frozenset(reasons), permission)

    def amiss(self, reason: str, permission: str | None) -> Iterator[str]:
        """What a reason, and the permission that is named with it, say amiss."""
        if reason not in self.reasons:
            yield f"unknown because {reason}"
        if self.permission and not permission:
            yield "no permission is named"
        if self.permission is False and permission:
            yield f"{permission} is named, which would not help"


_BROKEN: Final = Expected.of("unavailable")
_MALFORMED: Final = Expected.of("malformed_response")
_CUT: Final = Expected.of("unavailable", "malformed_response")
EXPECTED: Final[Mapping[str, Expected]] = {
    "denied": Expected.of("access_denied", permission=True),
    "policy_denied": Expected.of("policy_denied"),
    "throttled": Expected.of("throttled"),
    "server_error": _BROKEN,
    # The identity itself is refused, so that a permission that is named would not help.
    "expired_token": Expected.of("access_denied", permission=False),
    "error": _BROKEN,
    "timeout": _BROKEN,
    "cut": _BROKEN,
    "cut_body": _CUT,
    "malformed": _MALFORMED,
    "html": _MALFORMED,
    "truncated": _CUT,
    "empty": _MALFORMED,
    "hollow": Expected.of("malformed_response", "missing_attribute"),
}
"""What an unknown verdict may say after each kind of fault that every cloud has."""


@dataclass(frozen=True, slots=True)
class Clean:
    """What scans make of a world in which nothing goes wrong.

    ``calls`` maps each call to the checks whose own scans make it; ``sound`` are the verdicts of all ``checks``.
    """

    checks: Sequence[str]
    calls: Mapping[str, frozenset[str]]
    sound: Verdicts

    @classmethod
    def of(cls, checks: Sequence[str], scanned: Callable[[Sequence[str]], tuple[Verdicts, Iterable[str]]]) -> Clean:
        """``scanned`` scans with some checks, and gives their verdicts and the calls that were made."""
        sound, called = scanned(checks)
        made: dict[str, set[str]] = {name: set() for name in called}
        for check in checks:
            for name in scanned([check])[1]:
                made.setdefault(name, set()).add(check)
        return cls(tuple(checks), {name: frozenset(those) for name, those in made.items()}, sound)

    def judged(self, call: str) -> list[str]:
        """The checks to judge where a call goes wrong: those that make it, and a fixed sample of the others.

        A check that makes no such call can be misled by the company of others alone (lanes, connections, what is
        listed once for several), which the sample keeps.
        """
        return sorted(self.calls[call].union(self.checks[::SAMPLE]))

    def verdicts(self, checks: Iterable[str]) -> Verdicts:
        """The sound verdicts of some checks."""
        wanted = frozenset(checks)
        return {key: verdict for key, verdict in self.sound.items() if key[0] in wanted}


def told(findings: Iterable[Finding]) -> Verdicts:
    """The verdicts of a scan."""
    return {_key(row): row.verdict for row in findings}


def _key(row: Finding) -> tuple[str, str, str]:
    return (row.check.id, row.scope.account, row.subject.id)


def worse(sound: Verdicts, now: Verdicts) -> Iterator[str]:
    """What is told wrongly beside the ``sound`` verdicts, in words."""
    unsure = {(check, account) for (check, account, _), verdict in now.items() if verdict == "unknown"}
    for (check, account, subject), verdict in sound.items():
        found = now.get((check, account, subject))
        if found is None and (check, account) not in unsure:
            yield f"{check} of {subject} is gone, and nothing says so"
        elif found not in (None, verdict, "unknown"):
            yield f"{check} of {subject} is {found}, not {verdict}"
    for (check, account, subject), verdict in now.items():
        if verdict != "unknown" and (check, account, subject) not in sound:
            yield f"{check} of {subject} is {verdict}, and was not there"


def misled(expected: Expected, sound: Verdicts, snapshot: Snapshot, findings: Iterable[Finding]) -> Iterator[str]:
    """What a scan tells wrongly beside the ``sound`` verdicts: verdicts, reasons, and the ledger by its silence."""
    found = tuple(findings)
    now = told(found)
    yield from worse(sound, now)
    # What is unknown of a sound world too is not the fault's doing.
    spoilt = [row for row in found if sound.get(_key(row)) != "unknown"]
    causes = {(cause.unread.reason, cause.unread.permission) for row in spoilt for cause in row.causes}
    for reason, permission in sorted(causes, key=str):
        yield from expected.amiss(reason, permission)
    if now != sound and not any(row.failures for row in snapshot.ledger):
        yield "the ledger says nothing of it"


def timed_out(seen: Snapshot | Directory | DiscoveryError) -> bool:
    """Whether a request timed out in what was read of accounts, or in finding out which there are."""
    if isinstance(seen, Snapshot):
        words = [failure[-1] for row in seen.ledger for failure in row.failures]
    elif isinstance(seen, Directory):
        words = [why.detail or "" for why in seen.failures.values()]
    else:
        words = [str(seen)]
    return any(_TIMED_OUT.search(text) for text in words)


def settled(case: Callable[[float], tuple[T, bool]], limit: float = USUAL, *, withheld: bool = False) -> T:
    """What a case comes to, which a machine under load does not decide.

    ``case`` is told how long a request may take (seconds), and says beside its result whether one timed out. Where
    that is not the fault (``withheld``: an answer never comes), it is gone through once more, with patience, and what
    it says then counts.
    """
    result, late = case(limit)
    if late and not withheld:
        result, _ = case(PATIENCE)
    return result


Spoil = Callable[[Faults, str], object]
"""Puts a fault in the way of an operation."""


def spoiling(kind: Kind | Layer, **options: Any) -> Spoil:
    """Has every call of an operation go wrong in one way."""
    return partial(_spoil, kind, options)


def _spoil(kind: Kind | Layer, options: Mapping[str, Any], faults: Faults, call: str) -> None:
    faults.add(kind, escape(call), **options)


COMMON: Final[Mapping[str, Spoil]] = {
    **{kind: spoiling(kind) for kind in KINDS},
    "error": spoiling("error", code="Unheard", status=400),
}
"""How calls of every cloud go wrong."""


class Matrix:
    """The matrix of a cloud: what its scans call, and what they tell when one of these calls goes wrong.

    ``kinds`` are the ways in which calls go wrong, ``expected`` is what an unknown verdict may say after each.
    """

    unmet: frozenset[str] = frozenset()
    """Kinds that not every call meets."""

    def __init__(self, emulator: Emulator, kinds: Mapping[str, Spoil], expected: Mapping[str, Expected]) -> None:
        self.emulator, self.kinds, self.expected = emulator, kinds, expected

    def prepare(self) -> None:
        """Begin with the same world, and nothing that goes wrong."""
        raise NotImplementedError

    def scan(self, checks: Sequence[str], timeout: float = USUAL) -> tuple[Snapshot, tuple[Finding, ...]]:
        """Scan with some checks; a request may take so many seconds."""
        raise NotImplementedError

    def tries(self, call: str, kind: str = "") -> bool:
        """Whether a call is made to go wrong, and in this way."""
        return True

    def calls(self, checks: Sequence[str]) -> tuple[Verdicts, list[str]]:
        """The sound verdicts of checks, and the operations of a scan with them that are made to go wrong."""
        self.prepare()
        _, findings = self.scan(checks)
        return told(findings), [name for name in self.emulator.operations() if self.tries(name)]

    def clean(self, checks: Sequence[str]) -> Clean:
        """What scans call and tell where nothing goes wrong."""
        return Clean.of(checks, self.calls)

    def worse(self, checks: Sequence[str], call: str, kind: str, sound: Verdicts) -> Iterator[str]:
        """What is told wrongly when an operation goes wrong, in words."""
        if not self.tries(call, kind):
            return
        withheld = kind == "timeout"

        def case(timeout: float) -> tuple[list[str], bool]:
            self.prepare()
            self.kinds[kind](self.emulator.faults, call)
            wrong, late = self.seen(checks, call, kind, sound, timeout)
            if not self.emulator.faults.injected.total() and kind not in self.unmet:
                wrong.append("the operation was never called")
            return wrong, late

        limit = WITHHELD if withheld else USUAL
        yield from (f"{call}, {kind}: {words}" for words in settled(case, limit, withheld=withheld))

    def seen(
        self, checks: Sequence[str], call: str, kind: str, sound: Verdicts, timeout: float
    ) -> tuple[list[str], bool]:
        """What a scan tells wrongly, and whether a request timed out."""
        snapshot, findings = self.scan(checks, timeout)
        return [*misled(self.expected[kind], sound, snapshot, findings)], timed_out(snapshot)

    def cases(self, checks: Sequence[str], only: str = "") -> Iterator[Iterator[str]]:
        """Every case whose "CALL, KIND" holds a text: what it tells wrongly. Only the checks that matter are judged."""
        known = self.clean(checks)
        for call in known.calls:
            judged = known.judged(call)
            for kind in self.kinds:
                if only in f"{call}, {kind}":
                    yield self.worse(judged, call, kind, known.verdicts(judged))


def tried(cases: Iterable[Iterable[str]]) -> int:
    """Go through cases, each giving what was told wrongly; print that, and return the status to exit with."""
    count = wrong = 0
    for case in cases:
        count += 1
        for words in case:
            wrong += 1
            print(words, flush=True)
    print(f"{count:,} faults, {wrong:,} verdicts told wrongly")
    return 1 if wrong else 0
