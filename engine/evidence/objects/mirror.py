"""The working copy of a store in a bucket: a folder like any other store, and the bucket's word on every file of it.

Reading. Before a command reads, what the bucket lists is compared with what was seen of it: new objects are fetched,
objects that changed are fetched again, and files whose object is gone leave the copy. A file that was altered here is
fetched again too. The chain is listed first and last: while it stays the same, the files of its entries are there.

Writing. Evidence is written into the copy, and uploaded before the entry of the chain that names it: first the files,
then the entry, by a request that fails where its number is taken. Nothing else makes anything of it count, so that an
upload that stops anywhere leaves the store as it was.

Nothing is written over but the files of a run that is not sealed, which the same run may upload again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import msgspec

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, durable
from engine.evidence.entries import FileFact, Seal
from engine.evidence.layout import INDEX, MERGED, Layout
from engine.evidence.objects.address import Address
from engine.evidence.objects.bucket import WIDTH, Bucket, Listed, StoreUnavailable
from engine.evidence.objects.locked import PRIVATE, Lock, Locker

T = TypeVar("T")

STORE: Final = "store"
LOST: Final = "lost"
SEEN: Final = "objects.json"
MARKER: Final = "auditreel-store"
"""The object by which a bucket is a store before anything is recorded."""
_MARKED: Final = b"An evidence store of auditreel begins here.\n"
DERIVED: Final = f"{INDEX}/spans"
"""The index, so that a machine that was never there need not make it; believed only under the store's secret."""
_CHAIN: Final = "chain"
_NAME: Final = re.compile(
    r"chain/[0-9]{20}\.json|content/[0-9a-f]{64}|private/[0-9a-f]{64}\.json|merged/[0-9a-f]{64}\.parquet"
    r"|index/spans|bodies/[0-9A-Za-z-]{1,64}\.parquet|runs/[0-9A-Za-z-]{1,64}/(?:findings|ledger)\.parquet"
)
_ADDRESSED: Final = re.compile(r"(?:content|merged)/([0-9a-f]{64})(?:\.parquet)?")
_AGAIN: Final = 8
"""How often a listing is begun anew because the chain grew meanwhile."""


class _Seen(msgspec.Struct, frozen=True, array_like=True):
    """An object that was fetched or uploaded, and its file then: so that neither can change unnoticed."""

    size: int
    tag: str
    mtime_ns: int


_COMING: Final = _Seen(-1, "", 0)
"""An object that is about to be fetched: no object and no file is like it."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What was done to a working copy: how many objects were fetched, and the names of those that were gone.

    ``strange`` are names of objects that no store has.
    """

    fetched: int
    gone: tuple[str, ...]
    strange: tuple[str, ...]


class Mirror:
    """A bucket and its working copy, ``folder``/store. What was seen of the bucket is noted beside it."""

    def __init__(self, bucket: Bucket, folder: Path) -> None:
        self.bucket, self._folder = bucket, folder
        self.root = folder / STORE
        self._layout = Layout(self.root)
        self._seen: dict[str, _Seen] = {}
        self._lock: tuple[Locker, Lock] | None = None

    @property
    def address(self) -> Address:
        """Where the bucket is."""
        return self.bucket.address

    @property
    def held(self) -> list[str]:
        """The names of the objects that the copy has as the bucket was seen to have them."""
        return sorted(self._seen)

    # --- reading -----------------------------------------------------------------------------------------------------

    def bring(self) -> Brought:
        """Make the copy what the bucket is.

        Raises VerificationError where the bucket cannot be read, holds no store, or one whose chain was cut.
        """
        try:
            return self._bring()
        except OSError as error:
            raise VerificationError(f"reading the store {self.address}: {error}; could not verify") from error

    def _bring(self) -> Brought:
        durable.make_folder(self._folder)
        # Noted before the listing: what is in the notes was there when the listing began.
        self._seen = self._noted()
        for _ in range(_AGAIN):
            listed = self._listed()
            if listed is None:
                continue
            if MARKER not in listed and not any(name.startswith(f"{_CHAIN}/") for name in listed):
                raise VerificationError(
                    f"{self.address} is no evidence store: nothing is recorded there; run `auditreel init --store "
                    f"{self.address}`"
                )
            self._refuse_cut(listed)
            self._layout.create()
            gone = self._drop(self._seen.keys() - listed.keys())
            wanted = [
                name for name in sorted(listed) if _NAME.fullmatch(name) and not self._is_here(name, listed[name])
            ]
            # Noted before they are fetched: what a process that is killed leaves here goes with its object.
            self._seen |= dict.fromkeys(wanted, _COMING)
            if wanted:
                self._note()
            try:
                self._all(lambda item: self._fetch(*item), [(name, listed[name]) for name in wanted])
            except FileNotFoundError:
                continue  # it was removed meanwhile, by an entry that was not listed
            finally:
                self._note()
            strange = sorted(name for name in listed if not _NAME.fullmatch(name) and name != MARKER)
            return Brought(len(wanted), tuple(gone), tuple(strange))
        raise StoreUnavailable("others write to it all the time, so that no listing was of one moment; try again")

    def _refuse_cut(self, listed: Container[str]) -> None:
        """Entries are only ever appended, so that one that is gone was taken away, whether a trust file pins it or not.

        The copy stays as it is, so that whoever asks next is told too. Raises VerificationError.
        """
        cut = min((name for name in self._seen if name.startswith(f"{_CHAIN}/") and name not in listed), default=None)
        if cut is not None:
            raise VerificationError(
                f"reading the store {self.address}: {cut} is gone, which was there before: the chain was cut; put "
                f"{self.root / cut} back and those after it, and run `auditreel verify`. Where another store was begun "
                f"there on purpose, remove {self._folder}"
            )

    def _listed(self) -> dict[str, Listed] | None:
        """Everything in the bucket at one moment; None where the chain grew meanwhile."""
        before = self.bucket.list(_CHAIN)
        listed = self.bucket.list()
        chain = {name: found for name, found in listed.items() if name.startswith(f"{_CHAIN}/")}
        if chain != before or self.bucket.list(_CHAIN) != before:
            return None
        return listed

    def _is_here(self, name: str, listed: Listed) -> bool:
        seen = self._seen.get(name)
        if seen is None or (seen.size, seen.tag) != (listed.size, listed.tag):
            return False
        try:
            said = (self.root / name).lstat()
        except OSError:
            return False
        if name == DERIVED:
            return True  # it may have grown here since
        return (said.st_size, said.st_mtime_ns) == (seen.size, seen.mtime_ns)

    def _fetch(self, name: str, listed: Listed) -> None:
        path = self.root / name
        staged = durable.staged(self._layout.staging, path.name)
        try:
            self.bucket.fetch(name, staged)
            durable.make_folder(path.parent)
            durable.move(staged, path, flushed=False)
        finally:
            durable.discard(staged)
        said = path.lstat()
        # What was fetched may be a newer object than was listed: then the next listing tells, and it is fetched again.
        self._seen[name] = _Seen(said.st_size, listed.tag, said.st_mtime_ns)

    def _drop(self, names: Iterable[str]) -> list[str]:
        """Take files whose objects are gone out of the copy. They are kept aside, but for what people may have erased.

        A bucket that lost evidence is told by what then does not verify; this is what can be put back.
        """
        gone = []
        for name in sorted(names):
            del self._seen[name]
            path = self.root / name
            if not path.exists() or name == DERIVED:
                continue
            gone.append(name)
            if name.startswith(PRIVATE):
                durable.discard(path)
                continue
            aside = self._folder / LOST / name
            durable.make_folder(aside.parent)
            durable.move(path, aside)
        return gone

    def forget(self, names: Iterable[str]) -> None:
        """Remove what was kept aside of files that an entry of the chain replaced or removed."""
        for name in names:
            durable.discard(self._folder / LOST / name)

    @contextmanager
    def fresh(self) -> Iterator[tuple[Path, Brought]]:
        """A copy of the bucket as it is now, of which nothing was there before: for who trusts no working copy.

        Raises VerificationError where the bucket cannot be read, or holds no store.
        """
        durable.make_folder(self._folder)
        with TemporaryDirectory(prefix="verify-", dir=self._folder) as folder:
            anew = Mirror(self.bucket, Path(folder))
            yield anew.root, anew.bring()

    # --- writing -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Mark the bucket as a store, if it is not yet.

        Raises SealError where it cannot be one, also where it takes a conditional write though its condition does not
        hold: two runs would write one entry of the chain over another there.
        """
        with self._writing(f"opening the store {self.address}"):
            # The first may create it, the second must not.
            for _ in range(2):
                try:
                    self.bucket.create(MARKER, _MARKED)
                except FileExistsError:
                    return
        raise SealError(
            f"recording in {self.address}: this object store writes over what is there, though asked to create "
            "(If-None-Match); two runs would lose each other's entries: use another"
        )

    def lock(self, lock: Lock) -> None:
        """Create everything from now on under Object Lock, but for what may have to be erased.

        Raises UsageError for a bucket that is not of S3, SealError for one that cannot lock objects.
        """
        locker = Locker(self.address)
        locker.refuse_unlockable()
        self._lock = locker, lock

    def follow(self) -> None:
        """Fetch the entries of the chain that are new. Raises SealError, also where the last one known is gone."""
        known = sorted(self._chained())
        with self._writing(f"reading the end of the chain of {self.address}"):
            listed = self.bucket.list(_CHAIN, known[-2] if len(known) > 1 else None)
            if known and known[-1] not in listed:
                raise SealError(
                    f"reading the end of the chain of {self.address}: {known[-1]} is gone, which was there before: the "
                    "chain was cut; nothing is appended to it: run `auditreel verify` and restore it"
                )
            for name in sorted(listed):
                if _NAME.fullmatch(name) and not (self.root / name).exists():
                    self._fetch(name, listed[name])
            self._note()

    def publish(self, body: Any, recorded_at: str) -> None:
        """Upload what an entry with this body rests on. Raises SealError: then it must not be appended."""
        with self._writing(f"uploading to {self.address}"):
            self._all(lambda name: self._upload(name, recorded_at), self._pending())
            if isinstance(body, Seal):
                self._all(lambda named: self._upload_of_run(*named, recorded_at), list(body.files.items()))
            self._note()

    def commit(self, name: str, envelope: bytes, recorded_at: str) -> None:
        """Create an entry of the chain. Raises FileExistsError where another has its number, SealError."""
        path, tag = self.root / name, ""
        with self._writing(f"appending {name} to the chain of {self.address}"):
            try:
                tag = self._write(name, envelope, recorded_at)
            except FileExistsError:
                # An answer may have been lost, and the request sent again.
                if self.bucket.get(name) != envelope:
                    raise
            except StoreUnavailable:
                if not self._stands(name, envelope):
                    raise
            # Another process of this machine may have fetched it by now.
            with suppress(FileExistsError):
                durable.create(path, envelope, self._layout.staging)
            self._keep(name, path, tag)
            self._note()

    def share(self) -> None:
        """Upload the index, which holds nothing of its own. Raises SealError, OSError."""
        path = self.root / DERIVED
        said, listed = path.lstat(), self._seen.get(DERIVED)
        if listed is None or (listed.size, listed.mtime_ns) != (said.st_size, said.st_mtime_ns):
            with self._writing(f"uploading the index to {self.address}"):
                self._keep(DERIVED, path, self.bucket.replace(DERIVED, path.read_bytes()))
                self._note()

    def remove(self, names: Iterable[str]) -> None:
        """Delete objects that evidence has no use for any more. Raises SealError where that is denied."""
        known = [name for name in names if name in self._seen]
        with self._writing(f"removing what was replaced from {self.address}"):
            try:
                self._all(self.bucket.delete, known)
            except StoreUnavailable as error:
                why = (
                    f"{error}; the chain says already that it goes: once allowed, `auditreel store compact` removes it"
                )
                raise StoreUnavailable(why) from error
        for name in known:
            del self._seen[name]
        self._note()

    def _stands(self, name: str, envelope: bytes) -> bool:
        """Whether an entry was created though the answer said otherwise, as far as that can be found out."""
        try:
            return self.bucket.get(name) == envelope
        except OSError:
            return False

    def _pending(self) -> list[str]:
        """Files of the copy that bear the name of their content and that the bucket was not seen to have."""
        names = []
        for folder in ("content", "private", MERGED):
            place = self.root / folder
            names += [f"{folder}/{path.name}" for path in (place.iterdir() if place.is_dir() else ())]
        return sorted(name for name in names if name not in self._seen and _NAME.fullmatch(name))

    def _write(self, name: str, data: bytes, recorded_at: str, absent: bool = True) -> str:
        """Write an object, under Object Lock where that is asked; gives its tag. Raises FileExistsError."""
        if self._lock is not None and not name.startswith(PRIVATE):
            locker, lock = self._lock
            return locker.write(name, data, absent, lock.mode, lock.until(recorded_at))
        return self.bucket.create(name, data) if absent else self.bucket.replace(name, data)

    def _upload(self, name: str, recorded_at: str) -> None:
        path = self.root / name
        data = path.read_bytes()
        addressed = _ADDRESSED.fullmatch(name)
        if addressed and canonical.digest(data) != addressed[1]:
            raise StoreUnavailable(f"{path} was altered: its bytes are not those of its name")
        tag = ""
        try:
            tag = self._write(name, data, recorded_at)
        except FileExistsError:
            if self.bucket.get(name) != data:
                raise StoreUnavailable(f"{name} is there with other bytes: run `auditreel verify`") from None
        self._keep(name, path, tag)

    def _upload_of_run(self, name: str, fact: FileFact, recorded_at: str) -> None:
        path = self.root / name
        data = path.read_bytes()
        if FileFact(digest=canonical.digest(data), size=len(data)) != fact:
            raise StoreUnavailable(f"{path} was altered since it was written")
        tag = ""
        try:
            tag = self._write(name, data, recorded_at)
        except FileExistsError:
            if self.bucket.get(name) != data:
                # The same run uploaded it before, and went on since: no entry names it.
                tag = self._write(name, data, recorded_at, absent=False)
        self._keep(name, path, tag)

    def _keep(self, name: str, path: Path, tag: str) -> None:
        said = path.lstat()
        # Without a tag the next listing has the object fetched again.
        self._seen[name] = _Seen(said.st_size, tag, said.st_mtime_ns)

    def _chained(self) -> Iterator[str]:
        return (name for path in self._layout.chain.iterdir() if _NAME.fullmatch(name := f"{_CHAIN}/{path.name}"))

    @contextmanager
    def _writing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            raise SealError(
                f"{doing}: {error}; nothing that was sealed is touched, and what is not sealed yet is kept in "
                f"{self.root}: once the bucket answers, the same command goes on"
            ) from error

    # --- both --------------------------------------------------------------------------------------------------------

    def _all(self, do: Callable[[T], Any], items: Sequence[T]) -> None:
        """Do something with each, several at once; the first error is raised, and nothing new is begun after it."""
        with ThreadPoolExecutor(WIDTH) as pool:
            futures = [pool.submit(do, item) for item in items]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _noted(self) -> dict[str, _Seen]:
        try:
            return msgspec.json.decode((self._folder / SEEN).read_bytes(), type=dict[str, _Seen])
        except (OSError, msgspec.DecodeError):
            return {}  # everything is fetched again

    def _note(self) -> None:
        if self._folder.is_dir():
            durable.replace(self._folder / SEEN, msgspec.json.encode(self._seen))
