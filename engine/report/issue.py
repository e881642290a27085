"""A failure as an issue of a tracker: its title, its text in Markdown, and what is said where it is closed or reopened.

As in a message, no observed value, no message of a check and no person's name: ids and our words. Whoever can name a
resource must not mention people, refer to other issues, make a link or end a comment of HTML. In the text names stand
in code spans, in which nothing acts (:mod:`engine.report.markdown`); in the title, which may hold no markup, what could
act becomes its escape. The text says nothing that is another tomorrow while nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.report.markdown import code, prose
from engine.report.safe import uncalled
from engine.tracked import Known, Tracked

LONGEST_TITLE: Final = 250
"""Characters; GitHub refuses 257, and a character beyond the basic plane may count twice there."""
_LONGEST_ID: Final = 2_000
_REFERRING: Final = re.compile(r"[`#@]|\b[Gg][Hh](?=-\d)")
"""What refers to something in a title: a code span, an issue (#1, GH-1), a person."""


def title(row: Tracked) -> str:
    """One line of plain text: how severe, what, and on what."""
    shown = f"[{row.severity}] {uncalled(row.title, 100)}: {uncalled(row.subject.id, 120)}"
    inert = _REFERRING.sub(lambda found: "".join(f"\\x{ord(letter):02x}" for letter in found[0]), shown)
    # As GitHub would make it, or the title would look changed every night.
    inert = " ".join(inert.split())
    clipped = inert.encode("utf-16-le")[: 2 * LONGEST_TITLE].decode("utf-16-le", "ignore")
    return clipped if clipped == inert else f"{clipped}…"


def text(row: Tracked) -> str:
    """The issue in Markdown."""
    facts = "\n".join(f"- {label}: {said}" for label, said in _facts(row))
    blocks = [*_standing(row), facts, *_closing(row)]
    return "\n\n".join(blocks) + "\n"


def _facts(row: Tracked) -> Iterator[tuple[str, str]]:
    yield "Check", f"{code(row.check)}, {row.severity}: {prose(row.title)}"
    yield "Resource", f"{code(row.subject.id, _LONGEST_ID)} ({code(row.subject.type)})"
    yield "Where", ", ".join(code(part) for part in (row.scope.provider, row.scope.account, row.scope.region))
    yield "Criteria", ", ".join(map(code, row.criteria)) or "none"
    yield "Owners", ", ".join(map(prose, row.owners)) or "no control rests on this check"
    good = f", after it passed in that of {code(row.last_good.as_of)}" if row.last_good is not None else ""
    yield "Seen failing", f"first in the run of {code(row.first_bad.as_of)}{good}"
    yield "Failure", code(row.failure)


def _standing(row: Tracked) -> Iterator[str]:
    """What is known of it now, where it does not simply fail."""
    since, last = code(row.since.as_of), f"It was last seen failing in the run of {code(row.last_bad.as_of)}."
    why = f" ({code(row.reason)})" if row.reason else ""
    match row.state:
        case "unreadable":
            yield f"**It could not be read since {since}**{why}. {last} Nobody saw it fixed, so that this stays open."
        case "unseen":
            yield f"**Nobody looked since {since}.** {last} Nobody saw it fixed, so that this stays open."
        case "not_judged":
            yield (
                f"**It is not judged any more since {since}**: its check was taken out, or it was put out of the "
                f"boundary. {last} Nobody saw it fixed, so that auditreel does not close this."
            )
        case "fixed" | "gone" | "not_applicable" | "retested":
            yield f"**{ended(row)}**"
    if row.accepted is not None:
        yield (
            f"**Accepted** by waiver {code(row.accepted.waiver)} until {code(row.accepted.expires)}. "
            "It fails all the same: this stays open until it is seen fixed, unless somebody closes it."
        )


def _closing(row: Tracked) -> Iterator[str]:
    yield (
        f"Why it matters, and how to fix it: {code(f'auditreel explain {row.check}')}. "
        f"What management has to say of it for the auditor: {code(f'auditreel respond {row.failure}')}."
    )
    yield (
        "<sub>auditreel writes this text anew when something changes: write in comments. It closes this issue when a "
        "sealed run sees it fixed; what is accepted is accepted by a waiver.</sub>"
    )


def ended(row: Tracked) -> str:
    """What a run saw of a failure that does not stand any more."""
    run = f"the run {code(row.since.run)} of {code(row.since.as_of)}"
    match row.state:
        case "gone":
            return f"Gone: {run} listed every resource of its type there, and not this one."
        case "not_applicable":
            return f"The check does not apply to it any more, as {run} saw."
        case "retested":
            return f"It does not fail by the test that {run} judged it by. The test was changed: that is no correction."
    return f"Fixed: it passes in {run}."


def again(row: Tracked, settled: bool, known: Known) -> str:
    """Why an issue is opened again. ``settled``: a run had seen the failure fixed before."""
    if settled:
        return f"It fails again, first in the run of {code(row.first_bad.as_of)}."
    return (
        f"This was closed, and nobody saw it fixed up to the run of {code(known.newest.as_of)}. "
        f"To accept a failure, waive it: {code('auditreel waiver add')}."
    )


def duplicate(number: int) -> str:
    """Why an issue is closed for another one."""
    return f"This is the failure of #{number}, which stands for it."
