"""A summary to paste into a pull request or a ticket: counts, failures by control and check, what was not seen, next.

It fits into a comment (see :data:`LIMIT`), whatever was found; who needs every finding takes csv or jsonl. Names from
outside must not become links, mentions, references, pictures or HTML. A word that is more than letters stands in a code
span, in which nothing acts, and what could end one is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.model import Assessment, CriterionConclusion
from engine.report import Options, closing, sentences, summary, tables
from engine.report.layout import clipped, counted
from engine.report.safe import safe

LIMIT: Final = 65_536
"""Characters that a comment may have (GitHub)."""
SHOWN_CHECKS: Final = 15
SHOWN_FAILURES: Final = 3
SHOWN_CONTROLS: Final = 60
SHOWN_STATEMENT: Final = 160
SHOWN_GAPS: Final = 15
SHOWN_NAMES: Final = 4
SHOWN_WAIVERS: Final = 15
LONGEST_FACT: Final = 1_000
LONGEST_SENTENCE: Final = 240
LONGEST_NAME: Final = 100

_HEADINGS: Final = ("pass", "fail", "waived", "unknown", "n/a")
_PIECES: Final = re.compile(r"(\(*)(.*?)([.,:;)]*)", re.DOTALL)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|(?=\w{1,6}\Z)[^\W\d_]+\d+|\d[\d,]*|\d{4}-\d\d-\d\d|[·+/]|n/a|")
"""What means nothing to Markdown: letters, numbers, dates, nothing, and S3 (seven characters may be a commit)."""


def render(assessment: Assessment, options: Options) -> str:
    """The assessment as Markdown (GitHub's, which others read too)."""
    del options
    text = ""
    for divisor in (1, 4, 16):
        text = _page(assessment, divisor)
        if len(text) < LIMIT:
            break
    return text


def _page(run: Assessment, divisor: int) -> str:
    """The page; lists show so much less of what they have."""
    sections = (_header(run), _totals(run), _facts(run), _providers(run), _controls(run, divisor),
                _fixes(run, divisor), _gaps(run, divisor), _waivers(run, divisor), _vendors(run),
                _next(run))  # fmt: skip
    blocks = ["\n".join(section) for section in sections]
    return "\n\n".join(block for block in blocks if block) + "\n"


def prose(text: str, longest: int = LONGEST_SENTENCE) -> str:
    """A sentence as Markdown in which nothing acts: what is more than a word stands in a code span."""
    return " ".join(map(_word, _shown(text, longest).split(" ")))


def _word(word: str) -> str:
    pieces = _PIECES.fullmatch(word)
    before, core, after = pieces.groups() if pieces else ("", word, "")
    return word if _WORD.fullmatch(core) else f"{before}{_code(core)}{after}"


def code(name: str, longest: int = LONGEST_NAME) -> str:
    """A name as a code span."""
    return _code(_shown(name, longest)) if name else "(no name)"


def _shown(text: str, longest: int) -> str:
    shown = safe(text, longest)
    # A name of nothing but escapes is ten times as long as it was.
    return shown if len(shown) <= 2 * longest else f"{shown[: 2 * longest]}…"


def _code(shown: str) -> str:
    # A backslash escapes nothing in a code span, and a bar ends a table's cell even there.
    return f"`{shown.replace('`', chr(92) + 'x60').replace('|', chr(92) + 'x7c')}`"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """A table whose first ``left`` columns are flush left."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join('---' if index < left else '--:' for index in range(len(headings)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


# --- what this is ----------------------------------------------------------------------------------------------------


def _header(run: Assessment) -> Iterator[str]:
    yield f"## {prose(sentences.title(run))}"
    if run.kind == "demo":
        yield f"\n> **{closing.WATERMARK}**"
    if run.sealed is not None:
        yield f"\nRecorded: {prose(closing.recorded(run))}"
        for label, text in closing.vouching(run):
            yield f"\n{label} {prose(text)}"


def _totals(run: Assessment) -> Iterator[str]:
    sums = summary.totals(run)
    figures = (sums.passed, sums.failed, sums.waived, sums.unknown, sums.not_applicable)
    yield from table(_HEADINGS, [[f"{figure:,}" for figure in figures]], 0)


def _facts(run: Assessment) -> Iterator[str]:
    for exit_code, reason in sorted(run.exit_reasons.items(), key=lambda item: (item[0] != run.exit_code, item[0])):
        yield f"- **{'Exit' if exit_code == run.exit_code else 'Also'} {exit_code}**: {prose(reason)}"
    yield f"- Scanned: {prose(sentences.scanned(run), LONGEST_FACT)}, as of {code(run.as_of)}"
    yield f"- Judged: {prose(sentences.judged(run), LONGEST_FACT)}"
    yield f"- Coverage: {prose(sentences.covered(run), LONGEST_FACT)}"
    if sentences.not_chosen(run):
        yield f"- Not run: {prose(sentences.not_chosen(run), LONGEST_FACT)}"
    for text in sentences.boundary(run):
        yield f"- Boundary: {prose(text, LONGEST_FACT)}"
    for text in (
        sentences.not_entered(run),
        sentences.incomplete(run),
        sentences.none_exist(run),
        *sentences.left_out(run),
    ):
        if text:
            yield f"- {prose(text, LONGEST_FACT)}"


def _providers(run: Assessment) -> Iterator[str]:
    """The providers, where there are several: what was scanned of each, and what it came to."""
    rows = summary.shares(run)
    if len(rows) > 1:
        told = [[code(row.provider), prose(sentences.shared(run, row)), *tables.counts(row)] for row in rows]
        yield from table(("Provider", "Scanned", *_HEADINGS), told, 2)


# --- by criterion and control ----------------------------------------------------------------------------------------


def _controls(run: Assessment, divisor: int) -> Iterator[str]:
    """The controls that do not say "no failures observed", under their first criterion; how many others there are."""
    asked = [row for row in run.criteria if row.selected]
    places = summary.placed(asked, run.selection)
    if not places:
        return
    shown = {item.control.id: item for row in asked for item in row.controls if item.control.id in places}
    bare = {id_ for id_, item in shown.items() if summary.bare(item)}
    open_ = {id_ for id_, item in shown.items() if item.word != "no_failures_observed" or item.failed} - bare
    yield "### By criterion and control"
    rows = [line for row in asked for line in _criterion(row, places, open_)]
    most = SHOWN_CONTROLS // divisor
    if rows:
        yield ""
        yield from table(("Control", "Shows", *_HEADINGS), rows[:most], 2)
        if len(rows) > most:
            yield f"\nand {counted(len(rows) - most, 'more row')}"
    told = sentences.bare(asked, places)
    if told:
        yield f"\n{prose(told, LONGEST_FACT)}"
    rest = len(shown) - len(open_) - len(bare)
    if rest:
        more = counted(rest, "more control") if rows else counted(rest, "control")
        yield f"\nNo failures observed for {more}."


def _criterion(row: CriterionConclusion, places: dict[str, str], open_: set[str]) -> Iterator[list[str]]:
    own = [item for item in row.controls if item.control.id in open_ and places[item.control.id] == row.criterion.id]
    if own:
        yield [f"**{row.criterion.id} {prose(row.criterion.title)}**", *[""] * (1 + len(_HEADINGS))]
    for item in own:
        yield [
            f"{code(item.control.id)} {prose(clipped(item.control.statement, SHOWN_STATEMENT), SHOWN_STATEMENT)}",
            ": ".join(filter(None, (summary.word(item), summary.people(item)))),
            *tables.counts(item),
        ]


# --- what to fix, what was not seen ----------------------------------------------------------------------------------


def _fixes(run: Assessment, divisor: int) -> Iterator[str]:
    found = summary.fixes(run)
    if not found:
        return
    controls = summary.relying(run)
    known = [row.criterion for row in run.criteria]
    most = max(1, SHOWN_CHECKS // divisor)
    yield "### Failures\n"
    for fix in found[:most]:
        many = counted(len(fix.failures), "failure") + (f", {fix.waived:,} more waived" if fix.waived else "")
        serves = ", ".join(code(id_) for id_ in controls.get(fix.check.id, ()))
        yield (
            f"- **{fix.check.severity.upper()}** {code(fix.check.id)} {prose(fix.check.title)}"
            f" ({prose(sentences.criteria(fix.check.criteria, known))}{'; ' if serves else ''}{serves}): {many}"
        )
        for row in fix.failures[:SHOWN_FAILURES]:
            message = row.message or row.check.title
            name = "" if row.subject.name in message else f", {code(row.subject.name)}"
            yield f"  - {code(f'{row.scope.account}/{row.scope.region}')}{name}: {prose(message)}"
        if len(fix.failures) > SHOWN_FAILURES:
            yield f"  - and {len(fix.failures) - SHOWN_FAILURES:,} more"
    if len(found) > most:
        rest = found[most:]
        failures = counted(sum(len(fix.failures) for fix in rest), "failure")
        yield f"- and {failures} of {counted(len(rest), 'more check')}"


def _gaps(run: Assessment, divisor: int) -> Iterator[str]:
    found = summary.gaps(run)
    if not found:
        return
    most = max(1, SHOWN_GAPS // divisor)
    yield f"### {sentences.not_seen(run)}\n"
    rows = [
        (
            sentences.plain(gap.reason),
            code(gap.needs) if gap.needs else "",
            _few([code(str(scope)) for scope in gap.scopes]),
            _few([code(id_) for id_ in gap.checks]),
            f"{gap.verdicts:,}",
        )
        for gap in found[:most]
    ]
    yield from table(("Why", "Needs", "Where", "Checks", "Unknown"), rows, 4)
    if len(found) > most:
        yield f"\nand {counted(len(found) - most, 'more cause')}"


def _few(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")


# --- what was accepted, what is next ---------------------------------------------------------------------------------


def _waivers(run: Assessment, divisor: int) -> Iterator[str]:
    states = [
        state
        for kind in sentences.WAIVER_STATES
        for state in sorted(run.waivers, key=lambda state: state.waiver.id)
        if state.state == kind
    ]
    if not states:
        return
    yield "### Waivers\n"
    most = max(1, SHOWN_WAIVERS // divisor)
    for state in states[:most]:
        label, text = sentences.waiver(state)
        yield f"- {f'**{label}**' if label.isupper() else label} {code(state.waiver.id)}: {prose(text)}"
    if len(states) > most:
        yield f"- and {counted(len(states) - most, 'more waiver')}"


def _vendors(run: Assessment) -> Iterator[str]:
    rows = sentences.vendors(run)
    if rows:
        yield "### Subservice organisations and customers\n"
    for label, text in rows:
        yield f"- {code(label)}: {prose(text, LONGEST_FACT)}"


def _next(run: Assessment) -> Iterator[str]:
    yield "### Next\n"
    for command, what in closing.next_commands(run):
        yield f"- {code(command)}: {what}"
    yield f"\n{prose(closing.standing(run))}" if closing.standing(run) else ""
