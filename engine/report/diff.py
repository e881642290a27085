"""What differs between two runs, as text, JSON or Markdown: one list of sections, which all three show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from engine.diffs import STOPPING, TURNS, Diff, Listed, Side, Turned, Uncovered, WaiverEnd
from engine.report import Options, closing, layout, period_words
from engine.report.layout import Page, Style, counted
from engine.report.markdown import code, prose
from engine.report.records import encoded
from engine.report.safe import safe

VERSION: Final = 1
SHOWN: Final = 50
"""Rows of a section on a screen or page; JSON has all."""
WAIVERS: Final = "Waivers that end"
_ALARMING: Final = STOPPING | {"unreadable", "unseen"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a section: a short label, a name from outside, and words about it."""

    label: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a kind under a heading."""

    title: str
    rows: tuple[Row, ...]
    alarming: bool = False


def render(diff: Diff, form: str, options: Options, reasons: dict[int, str]) -> str:
    """The difference as "text", "json" or "markdown"; ``reasons`` are the exit codes that apply, with why."""
    if form == "json":
        return _json(diff, reasons)
    if form == "markdown":
        return _markdown(diff)
    return _text(diff, layout.page(options, margin=12))


def sections(diff: Diff) -> list[Section]:
    """Everything that differs, by kind; kinds of which there is nothing are left out."""
    found = [
        Section(title, tuple(turned(row) for row in diff.turned if row.turn == turn), turn in _ALARMING)
        for turn, title in TURNS.items()
    ]
    found += [
        Section("No longer judged", tuple(map(_uncovered, diff.uncovered)), True),
        Section("Nights between without a run", tuple(Row("missed", night, "no run") for night in diff.missed), True),
        Section("Runs between that were not sealed", tuple(Row("run", run, why) for run, why in diff.unsealed), True),
        Section(WAIVERS, tuple(map(waiver, diff.waivers)), any(row.days < 0 for row in diff.waivers)),
        Section("Changed in how is judged", tuple(_changes(diff))),
        Section("New resources", tuple(map(_listed, diff.new))),
        Section("Gone resources", tuple(map(_listed, diff.gone))),
    ]
    return [section for section in found if section.rows]


def turned(row: Turned) -> Row:
    """A verdict that is another, in words without what was observed."""
    was, is_ = (word or "not judged" for word in (row.before, row.after))
    reason = f" ({row.reason})" if row.reason and row.after == "unknown" else ""
    accepted = f", waived by {row.waiver}" if row.waiver else ""
    where = f"{row.scope.account}/{row.scope.region}"
    return Row(row.severity, row.check, f"{row.subject.id} in {where}: {was}, now {is_}{reason}{accepted}")


def waiver(row: WaiverEnd) -> Row:
    """A waiver that ends."""
    when = f"ended on {row.expires}: its failures count again" if row.days < 0 else f"ends on {row.expires}"
    left = "" if row.days < 0 else f", in {counted(row.days, 'day')}"
    return Row("EXPIRED" if row.days < 0 else "expires", row.id, f"{row.check}: {when}{left}")


def _uncovered(row: Uncovered) -> Row:
    checks = "" if row.kind == "check" else f"{counted(row.checks, 'check')}; "
    return Row(row.kind, row.name, f"{checks}{row.why}")


def _listed(row: Listed) -> Row:
    return Row("", row.id, f"{row.type} in {row.scope.account}/{row.scope.region}")


def _changes(diff: Diff) -> Iterator[Row]:
    for row in diff.changes:
        weaker = "; lets more pass than the default, or may" if row.weaker else ""
        yield Row(row.kind, row.name, f"{period_words.change(row)}{weaker}")


def side(row: Side) -> str:
    """A run in words."""
    told = [row.kind, f"night of {row.night}", f"read from {row.as_of}" + (f" to {row.until}" if row.until else "")]
    told += [f"resumed ({row.resumed})"] if row.resumed is not None else []
    told += ["of a stored snapshot"] if row.source not in ("live", "demo") else []
    told += ["a part only"] if row.filtered else []
    return ", ".join(told)


def title(diff: Diff) -> str:
    """What is compared, and whose it is."""
    return f"What changed: {diff.organization}"


# --- text ------------------------------------------------------------------------------------------------------------


def _text(diff: Diff, page: Page) -> str:
    lines = [diff.anchored, *([closing.WATERMARK] if diff.demonstration else [])]
    lines += ["", page.heading(safe(title(diff)))]
    for label, run in (("Before", diff.before), ("After", diff.after)):
        lines += page.labelled(label, f"{run.run} ({side(run)})", most=3)
    found = sections(diff)
    for section in found:
        lines += ["", page.heading(section.title, f"{len(section.rows):,}"), *_rows(section, page)]
    if not found:
        lines += ["", *page.labelled("", "nothing differs, and nothing is missing between the two")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(section: Section, page: Page) -> Iterator[str]:
    style: Style = "red" if section.alarming else "bold"
    for row in section.rows[:SHOWN]:
        yield from page.labelled(safe(row.label), f"{safe(row.name)} {safe(row.text, 400)}", style, most=3)
    if len(section.rows) > SHOWN:
        yield from page.labelled("", f"and {len(section.rows) - SHOWN:,} more: --format json has all")


# --- Markdown and JSON -----------------------------------------------------------------------------------------------


def _markdown(diff: Diff) -> str:
    lines = [f"**{prose(diff.anchored)}**", ""]
    lines += [f"> **{closing.WATERMARK}**", ""] if diff.demonstration else []
    lines += [f"## {prose(title(diff))}", ""]
    lines += [f"- {label}: {code(run.run)} {prose(side(run))}" for label, run in _sides(diff)]
    found = sections(diff)
    for section in found:
        lines += ["", f"### {section.title} ({len(section.rows):,})", "", *_items(section.rows)]
    if not found:
        lines += ["", "Nothing differs, and nothing is missing between the two."]
    return "\n".join(lines) + "\n"


def _sides(diff: Diff) -> Iterable[tuple[str, Side]]:
    return (("Before", diff.before), ("After", diff.after))


def _items(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows[:SHOWN]:
        label = f"**{prose(row.label)}** " if row.label else ""
        yield f"- {label}{code(row.name)} {prose(row.text, 400)}"
    if len(rows) > SHOWN:
        yield f"- and {len(rows) - SHOWN:,} more"


def _json(diff: Diff, reasons: dict[int, str]) -> str:
    document = {
        **asdict(diff),
        "version": VERSION,
        "quiet": diff.quiet,
        "exit": {
            "code": min(reasons, default=0),
            "reasons": {str(code): reason for code, reason in sorted(reasons.items())},
        },
    }
    return encoded(document, indent=2) + "\n"
