"""Judges stored snapshots by another version of a check: what a changed test would have shown on each night.

The verdicts of the old test are those that were sealed; those of the new one are made now, of the same resources, and
are no evidence of the night: they say what a difference between two nights is owed to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import AuditreelError, VerificationError
from engine.evidence import canonical, chain, record, tables
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.layout import Layout
from engine.evidence.personal import RedactedError
from engine.evidence.replay import Private, Recorded, private_objects, recorded
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.trust import Trust
from engine.model import Check, Finding


@dataclass(frozen=True, slots=True)
class Test:
    """A version of a check, and the schemas of the resource types (by name) that it was written for."""

    check: Check
    schemas: Mapping[str, bytes]

    def __str__(self) -> str:
        return f"{self.check.id}@{self.check.version}"


Judge = Callable[[Recorded, Test], Sequence[Finding]]
"""Evaluates the snapshot of a run by one test."""
Parse = Callable[[str, bytes], Check]
"""The check (by id) in the bytes of a file. Raises ContentError where it is none to this version of the engine."""


@dataclass(frozen=True, slots=True)
class Other:
    """A verdict that the two tests do not share. ``before`` is None where the old test had none."""

    subject: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.subject}: {self.before or 'not judged'} -> {self.after or 'not judged'}"


@dataclass(frozen=True, slots=True)
class Night:
    """What the new test shows of one run; ``untested`` says why it could not be judged by it."""

    run: str
    as_of: str
    before: str | None
    judged: int = 0
    others: tuple[Other, ...] = ()
    untested: str | None = None


@dataclass(frozen=True, slots=True)
class Retest:
    """A period, judged by another version of a check."""

    test: Test
    nights: tuple[Night, ...]

    @property
    def exit_code(self) -> int:
        """0 where every run was judged, 4 where one could not be."""
        return 4 if any(night.untested for night in self.nights) else 0

    def lines(self) -> tuple[str, ...]:
        """For a reader: every difference, and since when the test could have been made."""
        tested = [night for night in self.nights if not night.untested]
        first = min((night.as_of for night in tested), default=None)
        differing = sum(len(night.others) for night in self.nights)
        return (
            NOT_ANCHORED,
            f"{self.test}, digest {self.test.check.digest[:16]}...",
            *(line for night in self.nights for line in _told(night)),
            f"{len(self.nights)} runs, {len(tested)} judged by it: {sum(night.judged for night in tested)} verdicts, "
            f"{differing} differ" + ("" if first is None or len(tested) == len(self.nights) else f"; first on {first}"),
        )


def _told(night: Night) -> Iterator[str]:
    place = f"{night.as_of} run {night.run}"
    if night.untested:
        yield f"{place}: not tested: {night.untested}"
    yield from (f"{place} (by {night.before or 'no such check'}): {other}" for other in night.others)


def retest(
    store: Path,
    trust: Trust,
    wanted: tuple[str, int],
    window: tuple[str, str],
    judge: Judge,
    parse: Parse,
    at_hand: Test | None,
) -> Retest:
    """Judge the runs of a period by one version of a check.

    ``wanted`` are the check's id and the version, taken from the last run that has it, else from ``at_hand``.
    ``window`` are the first and the last day (YYYY-MM-DD, UTC), by the runs' as-of. Raises VerificationError where the
    chain or a run of the period does not verify, or nobody has the version.
    """
    layout = Layout(store)
    reading = chain.read(layout, trust)
    if reading.faults:
        raise VerificationError(
            f"reading {store}: the chain does not verify ({reading.faults[0]}); run `auditreel verify`"
        )
    seals = [placed for placed, _ in reading.of_kind("seal")]
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        test = _test(wanted, seals, reader, parse, at_hand)
        nights = []
        for placed in seals:
            seal = placed.entry.body
            if not window[0] <= seal.as_of[:10] <= window[1]:
                reader.read_bodies(placed)
                continue
            removal = reader.storage.removed.get(placed.link)
            stored = reader.read(placed)
            if removal is not None and not reader.faults:
                nights.append(Night(seal.asked.run, seal.as_of, None, untested=str(removal)))
                continue
            if stored is None or reader.faults:
                raise VerificationError(f"judging run {seal.asked.run} again: it does not verify ({reader.faults[0]})")
            private = private_objects(layout, stored, reader.bodies)
            nights.append(_night(stored, reader.bodies, test, private, judge))
    return Retest(test, tuple(nights))


def _test(
    wanted: tuple[str, int], seals: Sequence[chain.Placed], reader: Reader, parse: Parse, at_hand: Test | None
) -> Test:
    id_, version = wanted
    for placed in reversed(seals):
        content = reader.content(placed.entry.body.asked.content)
        source = content.files.get(content.members.get("checks", {}).get(id_, ""))
        if source is not None and (check := parse(id_, source)).version == version:
            return Test(check, {name: content.files[digest] for name, digest in content.members["schemas"].items()})
    if at_hand is not None and at_hand.check.version == version:
        return at_hand
    raise VerificationError(
        f"judging by {id_}@{version}: no sealed run has that version, and the check at hand is "
        + (f"version {at_hand.check.version}" if at_hand else "not there")
    )


def _night(
    stored: StoredRun,
    bodies: Mapping[str, Any],
    test: Test,
    private: Private,
    judge: Judge,
) -> Night:
    seal = stored.seal
    before = _sealed(stored, test.check.id, private)
    version = next((f"version {leaf['check']['version']}" for leaf in before.values()), None)
    place = (seal.asked.run, seal.as_of, version)
    try:
        found = judge(recorded(stored, bodies, private), test)
    except RedactedError as error:
        return Night(*place, untested=f"redacted: private object {error}")
    except AuditreelError as error:
        return Night(*place, untested=str(error))
    if not found and not before:
        return Night(*place, untested=_unlisted(stored, test))
    if found and all(finding.reason == "not_collected" for finding in found):
        missing = sorted({cause.path for finding in found for cause in finding.causes})
        return Night(*place, untested=f"{', '.join(missing)} was not read then")
    after = {_place(finding): _said(finding.verdict, finding.reason) for finding in found}
    sealed = {key: _said(leaf["verdict"], leaf.get("reason")) for key, leaf in before.items()}
    others = (Other(" ".join(key), sealed.get(key), after.get(key)) for key in sorted(sealed.keys() | after.keys()))
    return Night(*place, judged=len(found), others=tuple(other for other in others if other.before != other.after))


def _sealed(stored: StoredRun, check: str, private: Private) -> dict[tuple[str, ...], dict[str, Any]]:
    """The run's own records of a check, by scope and subject."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for leaf in map(canonical.decode, stored.leaves):
        if leaf["check"]["id"] == check:
            provider, account, region, _, type_, identity, _ = record.order(leaf)
            revealed = private.get(identity, {}).get("id", identity) if "identity" in leaf["subject"] else identity
            found[provider, account, region, type_, canonical.original(revealed)] = leaf
    return found


def _place(finding: Finding) -> tuple[str, ...]:
    scope, subject = finding.scope, finding.subject
    return scope.provider, scope.account, scope.region, subject.type, subject.id


def _said(verdict: str, reason: str | None) -> str:
    return verdict if reason is None else f"{verdict} ({reason})"


def _unlisted(stored: StoredRun, test: Test) -> str | None:
    """Why there is nothing to judge: None where its resources were listed, and there are none."""
    listed = {row["type"] for row in stored.ledger["collection"]}
    wanted = test.check.resource_type
    return None if wanted in listed else f"{wanted} was not listed then"
