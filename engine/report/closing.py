"""The end of a screen: where the run is recorded, what to do next, and what was waived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.model import Assessment
from engine.report import summary
from engine.report.layout import Page, cells, counted, left, wrapped
from engine.report.safe import safe

WATERMARK: Final = "DEMONSTRATION on recorded data of a fictional company. Not evidence of anything."
NOT_ANCHORED: Final = "NOT ANCHORED: the key's holder could have rewritten or removed this"


def recorded(run: Assessment) -> str:
    """Where the run was sealed, and whether anyone but the key's holder can vouch for when."""
    sealed = run.sealed or {}
    name = f"run {safe(str(run.run_id))} in {safe(str(sealed.get('store', '')))}"
    return f"{name}, {counted(int(sealed.get('records', 0)), 'record')}. {anchoring(run)}."


def vouching(run: Assessment) -> Iterator[tuple[str, str]]:
    """What is still to be vouched for, what an auditor saw, what became of the index: a label and a text each."""
    sealed = run.sealed or {}
    if "waiting" in sealed:
        yield "Waits", f"for a time stamp: {safe(str(sealed['waiting']))}"
    if "witness" in sealed:
        yield "Watched", f"nonce {safe(str(sealed['witness']))}"
    if "index" in sealed:
        yield "Index", safe(str(sealed["index"]))


def anchoring(run: Assessment) -> str:
    """What stands behind the time of the record."""
    anchored = (run.sealed or {}).get("anchored")
    if anchored is None:
        return NOT_ANCHORED
    return f"anchored to {safe(str(anchored['at']))} by {safe(str(anchored['authority']))}"


def lines(run: Assessment, page: Page) -> Iterator[str]:
    """The head of the chain, to be kept elsewhere, what to do next, and how the run stands."""
    if run.sealed is not None:
        head = f"{safe(str(run.sealed.get('digest', '')))}"
        yield from page.labelled(f"Head {run.sealed.get('sequence', '')}", head)
    commands = next_commands(run)
    column = max(cells(command) for command, _ in commands)
    beside = all(page.margin + column + 2 + cells(what) <= page.width for _, what in commands)
    for index, (command, what) in enumerate(commands):
        text = f"{left(command, column)}  {what}" if beside else f"{command}: {what}"
        yield from page.labelled("" if index else "Next", text)
    for line in wrapped(standing(run), page.width) if standing(run) else ():
        yield page.paint(line, "bold")


def standing(run: Assessment) -> str:
    """Whether it was recorded, and how much was waived; empty where there is nothing to say."""
    return " · ".join(_standing(run))


def _standing(run: Assessment) -> Iterator[str]:
    if run.kind == "demo":
        yield "DEMO"
    if run.sealed is None:
        yield "NOT SEALED" if 5 in run.exit_reasons else "not recorded"
    waived = summary.totals(run).waived
    if waived:
        yield f"{counted(waived, 'failure')} waived"


def next_commands(run: Assessment) -> tuple[tuple[str, str], ...]:
    """The commands that help now, the one that helps most first, each with what it gives."""
    fixes, gaps = summary.fixes(run), summary.gaps(run)
    found = [(f"auditreel explain {fix.check.id}", "why it matters, and how to fix it") for fix in fixes[:1]]
    if any(gap.granting for gap in gaps):
        found.append(("auditreel permissions", "what to grant, so that everything is seen"))
    elif gaps:
        found.append(("auditreel doctor", "why something could not be read"))
    if run.sealed is None:
        found.append(("auditreel init", "a store, so that runs become evidence"))
    elif not found:
        found.append((f"auditreel export --run {run.run_id}", "this run, for an auditor"))
    return tuple(found)
