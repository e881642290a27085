"""What people are told of a night, one message for everyone and one for each owner: short, and plain text.

A message holds ids of checks, waivers and resources and words of ours; no observed value, no message of a check and no
person's name. A name from outside must neither be markup nor call anyone where a chat shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.diffs import TURNS, Diff, Notice
from engine.report import closing
from engine.report import diff as compared
from engine.report.layout import counted
from engine.report.safe import uncalled

SHOWN: Final = 30
"""Rows of a kind in a message."""
EVERYONE: Final = "*"
NOBODY: Final = "no control's owner"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to whoever ``owner`` is: a role, or everyone ("*")."""

    owner: str
    title: str
    body: str


UNREAD: Final = Message(
    EVERYONE,
    "auditreel: the evidence could not be read",
    "The evidence store could not be read, or does not verify: whether there was a run in this night is not known, nor "
    "what it found.\n\nMore: auditreel verify\n",
)
"""What is told of a store of which nothing can be told; why may name what nobody outside is to know."""


def messages(notice: Notice) -> tuple[Message, ...]:
    """The message for everyone, by owner, and one for each owner of what it holds; none where there is nothing."""
    if notice.quiet:
        return ()
    shared = list(_shared(notice))
    owned = _by_owner(notice.diff) if notice.diff is not None else {}
    blocks = [*shared, *(block for owner, rows in owned.items() for block in (_under(owner), *rows))]
    found = [Message(EVERYONE, _title(notice, None), _body(notice, blocks))]
    found += [
        Message(owner, _title(notice, owner), _body(notice, [*shared, *rows]))
        for owner, rows in owned.items()
        if owner != NOBODY
    ]
    return tuple(found)


def _body(notice: Notice, blocks: Iterable[str]) -> str:
    lines = [closing.WATERMARK] if notice.demonstration else []
    if notice.diff is not None:
        diff = notice.diff
        lines.append(f"{diff.after.run} ({compared.side(diff.after)})")
        lines.append(f"compared with {diff.before.run} ({compared.side(diff.before)})")
        more = f"auditreel diff {diff.before.run} {diff.after.run}"
    else:
        more = "auditreel verify"
    return "\n\n".join(filter(None, ["\n".join(lines), *blocks, f"More: {more}"])) + "\n"


def _title(notice: Notice, owner: str | None) -> str:
    """One line: the organisation, and what is most pressing."""
    told = list(_pressing(notice, owner))
    name = uncalled(notice.organization) or "auditreel"
    return f"{name}, night of {notice.night}: {', '.join(told[:3]) or 'changes'}"


def _pressing(notice: Notice, owner: str | None) -> Iterator[str]:
    if notice.empty:
        yield "no run was ever sealed"
    if notice.overdue:
        yield f"{counted(len(notice.overdue), 'night')} without a run"
    if notice.unsealed:
        yield f"{counted(len(notice.unsealed), 'run')} not sealed"
    if notice.first is not None:
        yield "first run, nothing to compare with"
    diff = notice.diff
    if diff is None:
        return
    for turn, title in TURNS.items():
        count = sum(row.turn == turn and (owner is None or owner in (row.owners or (NOBODY,))) for row in diff.turned)
        if count:
            yield f"{title.lower()}: {count:,}"
    if diff.uncovered:
        yield f"no longer judged: {len(diff.uncovered):,}"
    if diff.missed:
        yield f"{counted(len(diff.missed), 'night')} between without a run"


def _shared(notice: Notice) -> Iterator[str]:
    """What concerns everyone."""
    if notice.empty:
        yield "The store holds no run that read the clouds."
    if notice.first is not None:
        counts = ", ".join(f"{name} {count:,}" for name, count in (notice.counts or {}).items())
        yield f"First run: {notice.first.run} ({compared.side(notice.first)}); {counts.replace('_', ' ')}."
    if notice.overdue:
        yield _block("Nights without a run", [f"- {night}: no run was sealed" for night in notice.overdue])
    if notice.unsealed:
        yield _block("Runs that began and have no seal", [f"- {run}: {uncalled(why)}" for run, why in notice.unsealed])
    if notice.diff is not None:
        kinds = {*TURNS.values(), compared.WAIVERS}
        yield from (_section(section) for section in compared.sections(notice.diff) if section.title not in kinds)


def _by_owner(diff: Diff) -> dict[str, list[str]]:
    """The blocks of each owner, those of no owner last."""
    rows: dict[str, dict[str, list[str]]] = {}
    told = [(row.owners, TURNS[row.turn], compared.turned(row)) for row in diff.turned]
    told += [(row.owners, compared.WAIVERS, compared.waiver(row)) for row in diff.waivers]
    for owners, title, row in told:
        for owner in owners or (NOBODY,):
            rows.setdefault(owner, {}).setdefault(title, []).append(_row(row))
    return {
        owner: [_block(title, lines) for title, lines in rows[owner].items()]
        for owner in sorted(rows, key=lambda name: (name == NOBODY, name))
    }


def _under(owner: str) -> str:
    return f"== {uncalled(owner)} =="


def _section(section: compared.Section) -> str:
    return _block(section.title, [_row(row) for row in section.rows])


def _block(title: str, lines: Sequence[str]) -> str:
    more = [f"- and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return "\n".join([f"{title} ({len(lines):,})", *lines[:SHOWN], *more])


def _row(row: compared.Row) -> str:
    return " ".join(filter(None, ("-", uncalled(row.label), uncalled(row.name), uncalled(row.text, 400))))
