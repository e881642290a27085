"""``run-checks --plan``: the calls that a run would make, before any is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import Selection
    from engine.report.layout import Page
    from engine.run.preflight import PlannedCall
    from engine.run.request import RunRequest

FORMS: Final = ("text", "json", "jsonl")


def show(request: RunRequest, form: str) -> int:
    """Print the plan of a run ("text" or a JSON form) and return the exit code.

    Raises UsageError for a form that only reports have.
    """
    if form not in FORMS:
        raise UsageError(f"showing a plan: it has no form {form}; use --format with {', '.join(FORMS)}")
    from engine.cli import streams
    from engine.report import records
    from engine.report.layout import page
    from engine.run import preflight

    selection, calls = preflight.planned(request)
    if form == "text":
        streams.emit("".join(f"{line.rstrip()}\n" for line in lines(selection, calls, page(streams.options()))))
    elif form == "jsonl":
        streams.emit("".join(f"{records.encoded(call(row))}\n" for row in calls))
    else:
        streams.emit(records.encoded(document(selection, calls), indent=2) + "\n")
    return 0


def document(selection: Selection, calls: Sequence[PlannedCall]) -> dict[str, Any]:
    """The plan as plain JSON values."""
    return {"version": 1, "checks": [check.id for check in selection.checks], "calls": [call(row) for row in calls]}


def call(row: PlannedCall) -> dict[str, Any]:
    """A planned call as plain JSON values."""
    return {
        "provider": row.provider,
        "operations": list(row.operations),
        "permissions": list(row.permissions),
        "times": row.times,
        "fills": list(row.fills),
    }


def lines(selection: Selection, calls: Sequence[PlannedCall], page: Page) -> Iterator[str]:
    """The plan for a reader: what would be called, how often, and what that takes."""
    from engine.report.layout import cells, counted, left, wrapped

    operations = {operation for row in calls for operation in row.operations}
    permissions = {permission for row in calls for permission in row.permissions}
    checks = counted(len(selection.checks), "check")
    yield page.heading(
        f"{checks} would read through {counted(len(operations), 'operation')} with "
        f"{counted(len(permissions), 'permission')}. Nothing was called."
    )
    for times in dict.fromkeys(row.times for row in calls):
        rows = [row for row in calls if row.times == times]
        yield ""
        yield page.paint(times[0].upper() + times[1:], "bold")
        width = max(cells(" ".join(row.operations)) for row in rows)
        for row in rows:
            name = left(" ".join(row.operations), min(width, page.width - 4))
            more = set(row.permissions) - set(row.operations)
            needs = f"needs {', '.join(row.permissions)}" if more else ""
            if cells(name) + cells(needs) + 4 <= page.width:
                yield f"  {name}  {page.paint(needs, 'dim')}"
                continue
            yield f"  {name}"
            yield from (page.paint(f"    {line}", "dim") for line in wrapped(needs, page.width - 4))
    yield ""
    yield page.paint("the same as a policy: auditreel permissions", "dim")
