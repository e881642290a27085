"""A run as one page: what was judged, what failed, what was not seen. It opens from a disk, with no network or script.

The pieces are those of a period's pages (:mod:`engine.report.html.templating`); what it says is what the other formats
of a run say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engine.report import Options, closing, sentences, summary, tables
from engine.report.html.templating import page
from engine.report.layout import counted

if TYPE_CHECKING:
    from engine.model import Assessment

SHOWN: Final = 200
"""Failures of one check that are listed; the data formats hold all."""
_HEADINGS: Final = ("Pass", "Fail", "Waived", "Unknown", "Not applicable")


@dataclass(frozen=True, slots=True)
class _Gap:
    """A cause of unknown verdicts, its scopes as text."""

    needs: str
    where: tuple[str, ...]
    checks: tuple[str, ...]
    verdicts: int


def render(run: Assessment, options: Options) -> str:
    """The run as one HTML page."""
    del options
    firsts = tuple(_firsts(run))
    gaps = [(_gap(row), sentences.plain(row.reason)) for row in summary.gaps(run)]
    waivers = [
        (state, *sentences.waiver(state))
        for kind in sentences.WAIVER_STATES
        for state in sorted(run.waivers, key=lambda state: state.waiver.id)
        if state.state == kind
    ]
    places = _places(run)
    # What fails, and what nobody saw, come first: criteria of which nothing is judged are rows of zeros.
    sections = [("shown", "Summary"), ("failures", "Failures"), ("unseen", "Not seen")]
    sections += [("criteria", "Criteria"), ("waivers", "Waivers"), ("next", "Next")]
    there = {"criteria": places, "unseen": gaps, "waivers": waivers}
    standing = ["DEMONSTRATION, not evidence"] if run.kind == "demo" else []
    standing += ["not recorded"] if run.sealed is None and run.kind != "demo" else []
    return page(
        "run.html",
        standing,
        run=run,
        title=f"What auditreel observed: {_KINDS.get(run.kind, run.kind)}",
        demonstration=run.kind == "demo",
        firsts=firsts,
        sections=[row for row in sections if there.get(row[0], True)],
        totals=_totals(run),
        facts=tuple(_facts(run)),
        headings=_HEADINGS,
        providers=_providers(run),
        places=places,
        uncovered=tuple(_uncovered(run)),
        fixes=summary.fixes(run),
        serving=partial(sentences.criteria, known=[row.criterion for row in run.criteria]),
        otherwise=_otherwise(run),
        controls=summary.relying(run),
        most=SHOWN,
        unseen=sentences.not_seen(run) if gaps else "",
        gaps=gaps,
        waivers=waivers,
        commands=closing.next_commands(run),
    )


_KINDS: Final = {"adhoc": "a run", "scheduled": "a scheduled run", "gate": "a gate", "demo": "a demonstration"}


def _firsts(run: Assessment) -> Iterator[tuple[str, bool]]:
    """What stands first, and whether it is an alarm: a demonstration, how it is recorded, each exit code with why."""
    if run.kind == "demo":
        yield closing.WATERMARK, True
    if run.sealed is not None:
        yield f"Recorded: {closing.recorded(run)}", closing.NOT_ANCHORED in closing.recorded(run)
        for label, text in closing.vouching(run):
            yield f"{label} {text}", label == "Waits"
    elif run.kind != "demo":
        yield "Not recorded: this page is no evidence.", True
    for code, reason in sorted(run.exit_reasons.items(), key=lambda item: (item[0] != run.exit_code, item[0])):
        yield f"{'Exit' if code == run.exit_code else 'Also'} {code}: {reason}", True


def _totals(run: Assessment) -> tuple[tuple[str, int], ...]:
    sums = summary.totals(run)
    return (
        ("passed", sums.passed),
        ("failed, waived or not", sums.failed),
        ("of these waived", sums.waived),
        ("unknown: not seen", sums.unknown),
        ("not applicable", sums.not_applicable),
    )


def _facts(run: Assessment) -> Iterator[tuple[str, str]]:
    yield "Scanned", sentences.scanned(run)
    yield "Judged", sentences.judged(run)
    yield "Coverage", sentences.covered(run)
    for label, text in (
        ("Not run", sentences.not_chosen(run)),
        ("Not read", sentences.not_entered(run)),
        ("Incomplete", sentences.incomplete(run)),
        ("None there", sentences.none_exist(run)),
        *(("Left out", text) for text in sentences.left_out(run)),
        *(("Boundary", text) for text in sentences.boundary(run)),
        *sentences.vendors(run),
    ):
        if text:
            yield label, text


def _providers(run: Assessment) -> list[tuple[str, str, tuple[str, ...]]]:
    """Where there are several providers: each with what was scanned of it, and what it came to."""
    rows = summary.shares(run)
    return [(row.provider, sentences.shared(run, row), tables.counts(row)) for row in rows] if len(rows) > 1 else []


def _otherwise(run: Assessment) -> str:
    """What stands where no failure is listed."""
    if run.waived:
        return f"{counted(len(run.waived), 'failure')} observed, all of them waived; the waivers are below."
    return "No failure was observed in what was judged."


def _places(run: Assessment) -> list[tuple[Any, list[tuple[Any, str, tuple[str, ...]]]]]:
    """Each criterion that was asked for with the controls that stand under it: what they show, and their counts."""
    asked = [row for row in run.criteria if row.selected]
    places = summary.placed(asked, run.selection)
    found = []
    for row in asked:
        own = [item for item in row.controls if places.get(item.control.id) == row.criterion.id]
        if own:
            found.append((row.criterion, [(item, summary.word(item), tuple(tables.counts(item))) for item in own]))
    return found


def _uncovered(run: Assessment) -> Iterator[str]:
    """The criteria that were asked for and that no control addresses."""
    none = [row.criterion for row in run.criteria if row.selected and row.state == "no_control"]
    for criterion in none:
        yield f"No control: {criterion.id} {criterion.title}."


def _gap(row: summary.Gap) -> _Gap:
    return _Gap(row.needs, tuple(map(str, row.scopes)), row.checks, row.verdicts)
