"""Going on with a run that died: the same question, asked again soon enough, keeps what was answered already.

A run's journal lies in the staging folder of its store, beside other unfinished writes, and is no evidence. It is
locked while the run lives. A run goes on only with equal checks, policy, engine and filters (its intent says so) and
the same caller; any other is given up, which the chain then says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from engine.collection.journal import Facts, Forgetful, Journal, JournalError
from engine.errors import AuditreelError, ClusterUnfit, Interrupted, SealError
from engine.evidence import durable
from engine.evidence.catalogue import Catalogue
from engine.evidence.entries import Intent
from engine.evidence.seal import Judged, Recorder, Run, Sealed

SUFFIX: Final = ".journal"


def begun(recorder: Recorder, intent: Intent, content: Catalogue, within: float) -> Unsealed:
    """The run to go on with: one that died not longer than ``within`` hours ago and set out to do the same, else a new.

    Raises SealError where the intent of a new one cannot be written.
    """
    for journal, old in _left(recorder, intent.started_at):
        if _may_go_on(old.intent, intent, within):
            journal.note(replace(journal.facts, resumed_at=(*journal.facts.resumed_at, intent.started_at)))
            return Unsealed(Run(recorder, old.intent, old.link, content), journal, within > 0, old.intent.started_at)
        old.abandon("it died, and what was asked next is not the same, or too late", intent.started_at)
        journal.discard()
    return Unsealed(*_new(recorder, intent, content, within), within > 0)


def _left(recorder: Recorder, now: str) -> Iterator[tuple[Journal, Run]]:
    """Journals of runs that died, and the runs; one that cannot be used is removed, and its run given up."""
    paths = sorted(recorder.layout.staging.glob(f"*{SUFFIX}"))
    unsealed = recorder.unsealed() if paths else {}
    for path in paths:
        known = unsealed.get(path.name.removesuffix(SUFFIX))
        old = Run(recorder, *known, Catalogue({}, {}, {})) if known is not None else None
        try:
            journal = Journal(path, recorder.keys.secret)
            if old is not None and journal.facts.run == old.id:
                yield journal, old
                continue
        except BlockingIOError:
            continue  # its run lives
        except (OSError, ValueError, JournalError) as error:
            why = str(error) if isinstance(error, JournalError) else "its journal cannot be read"
            if old is not None:
                old.abandon(why, now)
        with durable.doing(f"removing {path}"):
            path.unlink(missing_ok=True)


def _may_go_on(old: Intent, new: Intent, within: float) -> bool:
    equal = msgspec.structs.replace(old, run=new.run, started_at=new.started_at, trigger=new.trigger)
    age = datetime.fromisoformat(new.started_at) - datetime.fromisoformat(old.started_at)
    return within > 0 and equal == new and timedelta(0) <= age <= timedelta(hours=within)


def _new(recorder: Recorder, intent: Intent, content: Catalogue, within: float) -> tuple[Run, Journal | None]:
    run = recorder.begin(intent, content)
    if not within:
        return run, None
    path = recorder.layout.staging / f"{run.id}{SUFFIX}"
    with durable.doing(f"beginning the journal {path}"):
        return run, Journal(path, recorder.keys.secret, Facts(run.id, intent.started_at))


class Unsealed:
    """A run between its intent and its seal. ``journal`` is None where it is not to go on after it died."""

    def __init__(self, run: Run, journal: Journal | None, keeps: bool, resumed: str | None = None) -> None:
        self.run, self.resumed = run, resumed
        self._journal, self._keeps = journal, keeps

    def identified(
        self, provider: str, caller: Mapping[str, str], now: str, late: bool
    ) -> tuple[str, Journal | Forgetful]:
        """When the collection began, and its journal, now that it is known who asks a provider.

        A run that somebody else began is begun anew, unless it is too ``late``, as something was added: then the rest
        is read as if nothing had been. Raises SealError.
        """
        journal = self._journal
        if journal is None:
            return now, Forgetful()
        facts = journal.facts
        known = facts.callers.get(provider, caller)
        if known != caller and not late:
            self._begin_anew(now)
            return self.identified(provider, caller, now, late)
        as_of = facts.as_of or now
        if known != caller:
            return as_of, Forgetful()
        journal.note(replace(facts, callers={**facts.callers, provider: caller}, as_of=as_of))
        return as_of, journal

    def _begin_anew(self, now: str) -> None:
        old, content = self.run, self.run.content
        old.abandon("it died, and who asks the clouds is another", now)
        if self._journal is not None:
            self._journal.discard()
        recorder = old.recorder
        intent = msgspec.structs.replace(old.intent, run=recorder.run_id(now), started_at=now)
        self.run, self._journal = _new(recorder, intent, content, 1.0 if self._keeps else 0.0)
        self.resumed = None

    def seal(self, judged: Judged, now: str) -> Sealed:
        """Seal the run. Raises SealError."""
        sealed = self.run.seal(judged, now, self._journal.facts.resumed_at if self._journal is not None else ())
        if self._journal is not None:
            self._journal.discard()
        return sealed

    def stop(self, error: BaseException, now: str) -> None:
        """The run ends without a seal: to go on later, or given up, which the chain is told.

        What was interrupted may go on, and so may what could not be written, once there is room, and what a cluster
        could not read, once it can.
        """
        stopped = isinstance(error, (ClusterUnfit, Interrupted))
        if isinstance(error, SealError) or (stopped and self._journal is not None):
            self.run.discard()
            if self._journal is not None:
                self._journal.close()
            return
        why = str(error) if isinstance(error, Interrupted) else type(error).__name__
        with suppress(AuditreelError):
            self.run.abandon(why, now)
        if self._journal is not None:
            self._journal.discard()
