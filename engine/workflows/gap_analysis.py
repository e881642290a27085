"""On the way to a report: judges what is stored by the policy folder as it is now, and tells what is still lacking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.content import remediation
from engine.content.load import load
from engine.content.root import find
from engine.custody import examination
from engine.custody.inspection import is_run
from engine.errors import NothingRecorded, UsageError
from engine.model import Clock, Snapshot
from engine.programme.gap import Gap
from engine.programme.gap import gap as found_gap
from engine.programme.remediation import Task, updated
from engine.programme.scoped import Nights
from engine.run import pipeline
from engine.run.request import RunRequest

_RECENT: Final = 31
"""Days back in which the last run of a store is looked for. An older one says little of today."""


@dataclass(frozen=True, slots=True)
class GapRequest:
    """What to tell the gap of: the policy folder and a demonstration, a snapshot, or the last run of a store.

    Without any of the three nothing was scanned, and the gap says so. ``plan`` is the file of the remediation plan;
    None: the policy folder's, where it has one. ``arguments`` are the options that said so, for the same command again.
    """

    config: Path
    policy: Path | None = None
    store: str | None = None
    snapshot: str | None = None
    demo: bool = False
    plan: Path | None = None
    arguments: str = ""


def gap(request: GapRequest, clock: Clock) -> Gap:
    """The gap of an organisation. Raises UsageError, ContentError, InputError and VerificationError.

    People's evidence is judged as of now, a demonstration as of its own day; what was scanned, as of when it was.
    """
    chosen = [name for name, given in (("--store", request.store), ("--snapshot", request.snapshot)) if given]
    if request.snapshot and is_run(request.snapshot):
        chosen = ["--snapshot"]  # of a run that the store has
    chosen += ["--demo"] if request.demo else []
    if len(chosen) > 1:
        raise UsageError(f"telling the gap: {' and '.join(chosen)} name different things to judge; use one")
    now = clock.now()
    store = request.store if chosen or request.store else load(find(request.policy)).policy.organization.store
    nights, run = _nights(store, request.config, date.fromisoformat(now[:10])) if store else (None, None)
    asked = RunRequest(
        config=request.config,
        policy=request.policy,
        store=store,
        snapshot=request.snapshot or run,
        demo="recorded" if request.demo else None,
    )
    nothing = None if asked.snapshot or asked.demo else _nothing(now)
    content, assessment = pipeline.reviewed(asked, nothing, None if request.demo else now)
    policy = content.policy
    tasks = policy.plan
    if request.plan is not None:
        tasks = remediation.load_plan(request.plan, content.root.schema("remediation"))
    on = date.fromisoformat((assessment.as_of if request.demo else now)[:10])
    planned = {task.id: task for task in tasks}
    return found_gap(assessment, policy.organization, policy.documents, on, nights, planned, request.arguments)


def plan(found: Gap) -> tuple[Task, ...]:
    """The remediation plan after what the gap shows: see :func:`engine.programme.remediation.updated`."""
    open_ = {item.id: (item.what, item.owner) for item in found.items}
    return updated(found.tasks.values(), open_, found.settled, found.asked, found.on)


def plan_file(tasks: tuple[Task, ...]) -> bytes:
    """The plan as the bytes of its file."""
    return remediation.written(tasks)


def _nothing(now: str) -> Snapshot:
    """What was read where nothing was."""
    return Snapshot(as_of=now, source="nothing", identity={}, scopes=(), collections=(), resources=())


def _nights(store: str, config: Path, today: date) -> tuple[Nights, str | None]:
    """What the last nights of a store came to, and its last run that was of everything; None where it has none."""
    try:
        shown = examination.period(store, config, today - timedelta(days=_RECENT), today)
    except NothingRecorded:
        # A store that was just made: nothing was scanned, which the gap then says.
        return Nights(0, 0, False), None
    due = [night for night in shown.nights if night.state != "not_retained"]
    # Tonight's may still be on its way: until its time has come and gone, last night's is the last one.
    if due and due[-1].date == today.isoformat() and due[-1].state == "did_not_run":
        due.pop()
    whole = [frame for frame in shown.frames if not frame.filtered]
    ran = [night.state in ("ran", "partly") for night in due]
    part = shown.frames[-1].moment.run if shown.frames and not whole else None
    return Nights(len(due), sum(ran), bool(ran) and ran[-1], part), whole[-1].moment.run if whole else None
