"""What a place of CI shows of a run or a gate: one row a verdict, whether it stops, where it is, and what to change.

SARIF, JUnit, annotations, comments and the other formats that a build reads are made of these rows, so that they say
the same. Nothing here is a verdict: what stops and what does not was decided by whoever made the run or the gate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from engine.gate.model import Change, Gate, Place
from engine.model import SEVERITIES, Assessment, Check, Finding, Scope, Subject, Verdict, Waiver
from engine.report.layout import counted
from engine.report.sources import FIRST, Line, Sources

Shown = Assessment | Gate
Standing = Literal["fails", "stands", "waived", "unknown", "fixed", "passes", "not_applicable"]
"""What a row is to a build. "fails": it is why the build stops. "stands": it fails and does not stop the build, since
it did before the change, or is less severe than asked for. "waived": it fails and somebody accepted that."""

_ORDER: Final[tuple[Standing, ...]] = ("fails", "unknown", "stands", "waived", "fixed", "not_applicable", "passes")
ACCEPTING: Final = (
    "a waiver in the policy folder's waivers/, with owner, approver, reason and end, that is merged before this "
    "change; one that the change brings along does not apply to it. It names"
)
"""How a failure is accepted instead of mended; what the waiver names follows."""
_OF_PLANS: Final = ("known_after_apply", "sensitive", "ambiguous")
_WORDS: Final = {
    "new_failure": "new failure",
    "worse": "failure made worse",
    "unchanged_failure": "failure as before",
    "control_deleted": "control deleted",
    "fixed": "fixed",
    "unknown": "unknown",
}
_MANY: Final = {
    "failure made worse": "failures made worse",
    "failure as before": "failures as before",
    "failure below the threshold": "failures below the threshold",
    "control deleted": "controls deleted",
    "fixed": "fixed",
    "unknown": "unknown",
    "waived": "waived",
}


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict as a build sees it.

    ``name`` is the address in a plan, else the resource's id. ``stops``: it is why the build does not pass, which a
    verdict that is unknown may be too. ``change`` is what a gate says of it, None in a run; ``template``: of
    a template, not of a plan of Terraform.
    """

    check: Check
    subject: Subject
    scope: Scope
    standing: Standing
    name: str
    stops: bool
    finding: Finding | None = None
    waiver: Waiver | None = None
    change: Change | None = None
    place: Place | None = None
    template: bool = False

    @property
    def message(self) -> str:
        """Why it fails, or is not known."""
        if self.change is not None and self.change.movement == "control_deleted":
            return f"This change deletes a control: {self.check.title}."
        text = self.finding.message if self.finding is not None else None
        return f"{text or f'{self.check.title}: {self.word}.'}{self._needs()}"

    def _needs(self) -> str:
        """What an unknown verdict hangs on: permissions, or what the plan says of a value that it does not show."""
        unread = [cause.unread for cause in self.finding.causes] if self.finding is not None else []
        live = "the live account (--snapshot RUN)" if self.change is not None else None
        needs: dict[str, None] = {}
        reasons: dict[str, None] = {}
        for row in unread:
            if row.permission:
                needs[row.permission] = None
            elif row.reason == "not_collected":
                needs |= {} if live is None else {live: None}
            elif row.reason in _OF_PLANS and row.detail:
                # The address of what is not known yet, or words that say why not.
                (reasons if " " in row.detail else needs)[row.detail] = None
        named, why = ", ".join(needs), "; ".join(reasons)
        return f"{f' It depends on {named}.' if named else ''}{f' Why: {why}.' if why else ''}"

    @property
    def word(self) -> str:
        """What a reader calls it: "new failure", "failure made worse", "waived"."""
        if self.standing == "waived" or self.change is None:
            return {"stands": "failure below the threshold", "fails": "failure"}.get(
                self.standing, self.standing.replace("_", " ")
            )
        return _WORDS[self.change.movement]

    @property
    def _planned(self) -> bool:
        return self.place is not None or self.change is not None

    @property
    def fix(self) -> str:
        """What to change: in Terraform's words where it is planned, else by the command line or the console."""
        if self.change is not None and self.change.movement == "control_deleted":
            return "Keep it, or plan another one that does the same."
        order = ("terraform", "cli", "console") if self._planned else ("cli", "console", "terraform")
        how = next((how for how in order if how in self.check.remediation), None)
        text = self.check.remediation[how] if how is not None else ""
        # A template is told the same, and in whose words it is.
        return f"in Terraform: {text}" if self.template and how == "terraform" else text

    @property
    def fingerprint(self) -> str:
        """What stays the same from run to run: the SHA-256 of the check and of what it judged, in hexadecimal."""
        where = (self.name,) if self._planned else (self.scope.account, self.name)
        return hashlib.sha256("\0".join((self.check.id, *where)).encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Results:
    """The rows of a run or a gate: those that stop first, then by severity, check and name."""

    run: Assessment
    gate: Gate | None
    rows: tuple[Result, ...]

    def of(self, *standings: Standing) -> tuple[Result, ...]:
        """The rows that stand so."""
        return tuple(row for row in self.rows if row.standing in standings)

    @property
    def stopping(self) -> tuple[Result, ...]:
        """The rows for which the build stops."""
        return tuple(row for row in self.rows if row.stops)


def results(shown: Shown, whole: bool = False) -> Results:
    """The rows of a run, or of a gate; of what passes or does not apply, which is most, only where it is ``whole``."""
    gate = shown if isinstance(shown, Gate) else None
    run = shown.assessment if isinstance(shown, Gate) else shown
    told: tuple[Verdict, ...] = ("pass", "fail", "unknown", "not_applicable") if whole else ("fail", "unknown")
    rows = _of_gate(gate, told) if gate is not None else _of_run(run, told)
    return Results(run, gate, tuple(sorted(rows, key=_order)))


def _order(row: Result) -> tuple[bool, int, int, str, str]:
    severity = SEVERITIES.index(row.check.severity)
    return (not row.stops, _ORDER.index(row.standing), -severity, row.check.id, row.name)


def _of_run(run: Assessment, told: Sequence[Verdict]) -> Iterator[Result]:
    least = SEVERITIES.index(run.fail_on)
    for index, finding in enumerate(run.findings):
        if finding.verdict not in told:
            continue
        waiver = run.waived.get(index)
        standing: Standing = "passes" if finding.verdict == "pass" else "unknown"
        if finding.verdict == "not_applicable":
            standing = "not_applicable"
        elif finding.verdict == "fail":
            severe = SEVERITIES.index(finding.check.severity) >= least
            standing = "waived" if waiver is not None else "fails" if severe else "stands"
        stops = standing == "fails" or (standing == "unknown" and 4 in run.exit_reasons)
        yield _result(finding, standing, stops, waiver=waiver)


def _of_gate(gate: Gate, told: Sequence[Verdict]) -> Iterator[Result]:
    moved = set()
    for change in gate.changes:
        moved.add((change.check.id, change.scope, change.subject))
        place = change.place or gate.place(change)
        yield Result(
            check=change.check,
            subject=change.subject,
            scope=change.scope,
            standing=_standing(change),
            name=place.address if place is not None else change.subject.id,
            stops=change.stops,
            finding=change.finding,
            waiver=change.waiver,
            change=change,
            place=place,
            template=gate.source.kind != "terraform",
        )
    for index, finding in enumerate(gate.assessment.findings):
        if finding.verdict in told and (finding.check.id, finding.scope, finding.subject) not in moved:
            place = gate.place(finding)
            # A gate lists every failure and unknown: one that it does not list is told all the same, and stops.
            quiet: Standing = "passes" if finding.verdict == "pass" else "not_applicable"
            if finding.verdict in ("fail", "unknown"):
                quiet = "fails" if finding.verdict == "fail" else "unknown"
            yield _result(finding, quiet, quiet in ("fails", "unknown"), place, gate.assessment.waived.get(index))


def _standing(change: Change) -> Standing:
    if change.movement == "fixed":
        return "fixed"
    if change.movement == "unknown":
        return "unknown"
    if change.waiver is not None:
        return "waived"
    return "fails" if change.stops else "stands"


def _result(
    finding: Finding, standing: Standing, stops: bool, place: Place | None = None, waiver: Waiver | None = None
) -> Result:
    name = place.address if place is not None else finding.subject.id
    return Result(finding.check, finding.subject, finding.scope, standing, name, stops, finding, waiver, None, place)


# --- what a reader is told -------------------------------------------------------------------------------------------


def headline(found: Results) -> str:
    """What happens and why, in a sentence: what stops the build, by word and by the check that it fails.

    The exit code stands at the end, and which others applied.
    """
    run = found.run
    change = found.gate is not None
    demo = "DEMONSTRATION, not evidence: " if run.kind == "demo" else ""
    if run.exit_code == 0:
        return f"{demo}auditreel {'lets this change pass' if change else 'passes this run'}: nothing stops it."
    # What the rows say already is not said again.
    said = {3} | ({4} if any(row.standing == "unknown" for row in found.stopping) else set())
    reasons = [run.exit_reasons.get(code, "") for code in _codes(run) if code not in said or not found.stopping]
    why = "; ".join(text for text in (*reasons, _tally(found.stopping, named=True)) if text)
    exits = " and ".join(map(str, _codes(run)[1:]))
    ended = f"(exit {run.exit_code}{f', also {exits}' if exits else ''})"
    return f"{demo}auditreel {'stops this change' if change else 'does not pass this run'}: {why} {ended}."


def beside(found: Results) -> str:
    """What does not stop the build, in a sentence; empty where there is nothing."""
    told = _tally([row for row in found.rows if not row.stops])
    live = len(found.gate.needs_live) if found.gate is not None else 0
    texts = (told, f"{counted(live, 'check')} not judged, for want of the live account" if live else "")
    return f"Beside that: {', '.join(text for text in texts if text)}." if any(texts) else ""


def _codes(run: Assessment) -> list[int]:
    """The exit code, then the others that applied."""
    return [run.exit_code, *sorted(code for code in run.exit_reasons if code not in (0, run.exit_code))]


def _tally(rows: Sequence[Result], named: bool = False) -> str:
    """How many rows there are of each word, with the title of the first check; passes are not told."""
    told = []
    for word in dict.fromkeys(row.word for row in rows if row.standing not in ("passes", "not_applicable")):
        mine = [row for row in rows if row.word == word]
        text = counted(len(mine), word, _MANY.get(word))
        if named:
            others = len({row.check.id for row in mine}) - 1
            text += f" ({mine[0].check.title}" + (f" and {counted(others, 'more check')})" if others else ")")
        told.append(text)
    return ", ".join(told)


def accepted(waiver: Waiver) -> str:
    """Who accepted a failure, until when, and why."""
    approval = waiver.approval
    how = f"approved by {approval.approver} on {approval.approved_on.isoformat()} ({approval.standing}"
    how += ", self-approved)" if approval.self_approved else ")"
    until = f"{waiver.kind.replace('_', ' ')} until {waiver.expires.isoformat()}"
    return f"{waiver.id}: {until}, {how}, owner {waiver.owner}: {waiver.reason}"


def line(row: Result, sources: Sources | None) -> Line | None:
    """Where it is written: None for what no plan describes. Without the files, the one that a reader begins with."""
    if row.place is not None:
        if row.place.path:
            return Line(row.place.path, row.place.line, row.place.line)
        return sources.place(row.place.address) if sources is not None else Line(FIRST)
    return None


def parts(row: Result, sources: Sources | None) -> tuple[tuple[str, Line], ...]:
    """Further resources that were judged as a part of it, with where they are written."""
    if row.place is None or sources is None:
        return ()
    found = ((address, sources.place(address)) for address in row.place.parts)
    return tuple((address, where) for address, where in found if where.first)


def address(text: str) -> str | None:
    """A reference as the address of a page, None for what is none."""
    try:
        found = urlsplit(text)
    except ValueError:
        return None
    plain = text.isascii() and text.isprintable() and not set(text) & set(' <>"{}|\\^`')
    return text if found.scheme in ("http", "https") and found.netloc and plain else None
