"""The adapter of listings: the policy folder's tables as one account, each file read once a run."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from providers.base import GLOBAL, Directory, Discovery, Failure, Found, Governor, Reader, ResourceType, Scope, Tally
from providers.tables import DISCOVERED, READERS, TYPES
from providers.tables.description import Description, description_of
from providers.tables.listing import Listing, NotAListing, read
from providers.tables.reading import NotWhole, described, rows_of, table

ACCOUNT: Final = "listings"
"""The one account there is: listings are the organisation's, not a cloud account's."""


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> Tables:
    """The adapter on what the policy folder holds.

    ``access``: ``folder`` is where the files lie, ``tables`` are the descriptions by the name of their file, ``as_of``
    is when the run began (RFC 3339 UTC), by which extractions are too old. Nothing is asked over a network.
    """
    told = access or {}
    said = tuple(description_of(name, value) for name, value in sorted(told.get("tables", {}).items()))
    return Tables(Path(told["folder"]), said, datetime.fromisoformat(told["as_of"]))


class Tables:
    """Listings (see :class:`providers.base.Provider`), in one account with one scope, "global"."""

    name = "tables"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, folder: Path, said: tuple[Description, ...], as_of: datetime) -> None:
        self.said, self.as_of = said, as_of
        self._folder, self._lock = folder, threading.Lock()
        self._read: dict[str, Listing | NotAListing] = {}

    def listing(self, said: Description) -> Listing | NotAListing:
        """A listing's file, read once; or why it cannot be read."""
        with self._lock:
            known = self._read.get(said.name)
            if known is None:
                try:
                    known = read(self._folder / said.file, said.sheet, said.header)
                except NotAListing as error:
                    known = NotAListing(f"{said.name}: {str(error).replace(str(self._folder / said.file), said.file)}")
                except OSError as error:
                    known = NotAListing(f"{said.name}: {said.file} cannot be read: {error.strerror}")
                self._read[said.name] = known
            return known

    def accounts(self, governor: Governor) -> Directory:
        """The one account. Nobody asks: the files lie beside the policy."""
        return Directory(identity={"kind": "files of the policy folder"}, accounts={ACCOUNT: ACCOUNT})

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """The one scope of the account."""
        return Discovery(account, (Scope(self.name, account, GLOBAL),))

    def leave(self, account: str) -> None:
        """Forget the files that were read."""
        self._read.clear()

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What readers read listings with."""
        return Caller(self, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """One for all: a file is read once."""
        return self.name

    def classify(self, error: Exception) -> Failure | None:
        """What :class:`providers.tables.reading.NotWhole` says; nothing else is a fault of a listing."""
        return Failure(error.reason, str(error)) if isinstance(error, NotWhole) else None

    def close(self) -> None:
        """Nothing is open."""


class Caller:
    """Reads listings for a reader, and counts what that took."""

    def __init__(self, tables: Tables, tally: Tally) -> None:
        self._tables, self._tally = tables, tally

    def rows(self, kind: str) -> Iterator[Found]:
        """The rows of all listings of a kind. Raises NotWhole at their end where there may be more."""
        mine = [said for said in self._tables.said if said.kind == kind]
        yield from rows_of({said.name: table(said, self._listing(said), self._tables.as_of) for said in mine}, kind)

    def listings(self) -> Iterator[Found]:
        """Every listing itself."""
        for said in self._tables.said:
            yield described(said, self._listing(said))

    def _listing(self, said: Description) -> Listing | NotAListing:
        found = self._tables.listing(said)
        self._tally.calls += 1
        if isinstance(found, Listing):
            self._tally.items += len(found.rows)
            self._tally.digests.append(found.sha256)
        return found
