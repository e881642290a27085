"""Who wrote and who approved the files of a policy folder, on a screen or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from engine.report import Options, layout
from engine.report.layout import Page, Style, counted
from engine.report.safe import safe

_WORDS: dict[str, tuple[str, Style]] = {
    "unknown": ("NOT SHOWN", "yellow"),
    "uncommitted": ("NOT SHOWN", "yellow"),
    "alone": ("ALONE", "red"),
    "asserted": ("asserted", "yellow"),
    "corroborated": ("signed", "green"),
}


class Written(Protocol):
    """Who wrote a file, and when."""

    @property
    def commit(self) -> str | None:
        """The commit."""

    @property
    def authors(self) -> tuple[str, ...]:
        """Who wrote it."""

    @property
    def at(self) -> str | None:
        """When it came to the branch."""


class Reviewed(Protocol):
    """A file and its review."""

    @property
    def file(self) -> str:
        """Its name."""

    @property
    def standing(self) -> str:
        """How it stands."""

    @property
    def written(self) -> Written | None:
        """Who wrote it."""

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who else approved it."""

    @property
    def why(self) -> str:
        """Why nothing is shown."""

    @property
    def approved_by(self) -> str | None:
        """Whom it names itself."""

    @property
    def confirmed(self) -> bool | None:
        """Whether git shows that."""


def render(rows: Sequence[Reviewed], form: str, options: Options) -> str:
    """Every file, as text or, with ``form`` "json", as JSON."""
    if form == "json":
        return json.dumps([_object(row) for row in rows], indent=2) + "\n"
    page = layout.page(options, margin=12)
    lines = [page.heading("Review by git", counted(len(rows), "file"))]
    for row in rows:
        word, style = _WORDS[row.standing]
        lines += page.labelled(word, safe(row.file), style)
        lines += [line for text in _said(row) for line in page.paragraph(safe(text, 600), "dim")]
    lines += ["", *_counts(rows, page)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _said(row: Reviewed) -> Iterator[str]:
    told = row.written
    if row.why:
        yield row.why
    elif told is not None and told.commit is not None:
        wrote = f"written by {', '.join(told.authors)}, {told.at}, commit {told.commit[:12]}"
        if row.standing == "alone":
            yield f"{wrote}; nobody else approved it"
        else:
            how = "signed" if row.standing == "corroborated" else "named in the commit, on the word of who wrote it"
            yield f"{wrote}; approved by {', '.join(row.approvers)} ({how})"
    if row.confirmed is False:
        yield f"it says that {row.approved_by} approved it; git does not show that"


def _counts(rows: Sequence[Reviewed], page: Page) -> Iterator[str]:
    told = {word: sum(row.standing == word for row in rows) for word in _WORDS}
    shown = ", ".join(f"{count} {word}" for word, count in told.items() if count)
    yield from page.labelled("", shown or "no file")


def _object(row: Reviewed) -> dict[str, Any]:
    told = row.written
    return {
        "file": row.file,
        "standing": row.standing,
        "why": row.why or None,
        "commit": told.commit if told else None,
        "authors": list(told.authors) if told else [],
        "at": told.at if told else None,
        "approvers": list(row.approvers),
        "approved_by": row.approved_by,
        "confirmed": row.confirmed,
    }
