"""Who looks on while a run is under way: a progress bar, traces. Nothing that a run finds depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from engine.model import Assessment, Snapshot
    from providers.base import Scope, Tally

Phase = Literal["plan", "compile", "begin", "discover", "read", "judge", "record", "conclude", "seal"]
"""``begin`` writes the intent, where the run is recorded; ``discover`` asks who we are and which accounts there are."""


class Observer:
    """Is told what a run does, as it does it; this one makes nothing of it.

    The methods may be called from many threads. Whoever looks on returns at once and raises nothing.
    """

    def phase(self, name: Phase, provider: str = "", account: str = "") -> AbstractContextManager[None]:
        """A phase of the run while it lasts, of one provider or account where it is theirs."""
        return nullcontext()

    def planned(self, scope: Scope, reader: str) -> None:
        """One execution more of a reader is known of."""

    def asking(self, scope: Scope, reader: str) -> None:
        """An execution begins to ask the provider."""

    def answered(self, scope: Scope, reader: str, tally: Tally) -> None:
        """An execution has ended, one way or another; what an earlier run kept of it was not asked."""

    def entering(self, provider: str, account: str) -> None:
        """An account is about to be read."""

    def read(self, provider: str, account: str, part: Snapshot) -> None:
        """An account has been read, or what stands for it where it could not be."""

    def ended(self, assessment: Assessment) -> None:
        """The run has come to its end, sealed where it was to be."""


NOBODY: Final = Observer()


class Several(Observer):
    """Tells several observers."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = [observer for observer in observers if observer is not NOBODY]

    @contextmanager
    def phase(self, name: Phase, provider: str = "", account: str = "") -> Iterator[None]:
        """See :class:`Observer`."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.phase(name, provider, account))
            yield

    def planned(self, scope: Scope, reader: str) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.planned(scope, reader)

    def asking(self, scope: Scope, reader: str) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.asking(scope, reader)

    def answered(self, scope: Scope, reader: str, tally: Tally) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.answered(scope, reader, tally)

    def entering(self, provider: str, account: str) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.entering(provider, account)

    def read(self, provider: str, account: str, part: Snapshot) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.read(provider, account, part)

    def ended(self, assessment: Assessment) -> None:
        """See :class:`Observer`."""
        for observer in self._observers:
            observer.ended(assessment)
