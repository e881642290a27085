"""What a store holds, looked up by its chain: runs, their snapshots and records. Nothing is judged or written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.custody import stores
from engine.errors import UsageError, VerificationError
from engine.model import Snapshot

if TYPE_CHECKING:
    from engine.custody.stores import Moment
    from engine.evidence.entries import Link
    from engine.evidence.inspecting import Inspected
    from engine.sealed import Listed, Overview

_RUN: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)


def pinned(config: Path) -> Link | None:
    """The highest entry that the trust file of a folder pins; None for none. Raises VerificationError."""
    from engine.evidence.trust import read_trust

    return read_trust(config / "trust.json").head


def is_run(name: str) -> bool:
    """Whether a name has the form of a run's id, not of a file."""
    return _RUN.fullmatch(name) is not None


def demonstrates(run: str, store: str | None, config: Path) -> bool:
    """Whether a name is that of a run of a demonstration's store, and what is judged of it no evidence either."""
    if store is None or not is_run(run) or Path(run).exists():
        return False
    return stores.trust_folder(store, config) != config


def latest(store: str, config: Path) -> str:
    """The id of the newest sealed run of a store that read the clouds. Raises UsageError, VerificationError."""
    from engine.evidence.replay import latest as newest

    return newest(stores.local(store), stores.trust_folder(store, config) / "trust.json")


def snapshot_of(run: str, store: str | None, config: Path) -> Snapshot:
    """The snapshot that a sealed run was judged on, rebuilt from its bodies and ledger."""
    if store is None:
        raise UsageError(
            f"reading the snapshot {run}: it is no file, and --store does not say which store has that run"
        )
    from engine.evidence.replay import snapshot_of as rebuilt

    return rebuilt(stores.local(store), run, stores.trust_folder(store, config) / "trust.json")


def seal_of(run: str, store: str, config: Path) -> tuple[int, str, Mapping[str, Any]]:
    """The place in the chain and the digest of the entry that seals a run, and the filters that it was asked with.

    Raises UsageError, VerificationError.
    """
    from engine.evidence.replay import seal_of as sealed

    placed = sealed(stores.local(store), run, stores.trust_folder(store, config) / "trust.json")
    return placed.link.sequence, placed.link.digest, placed.entry.body.asked.filters


def inspected(run: str, store: str | Moment, config: Path) -> Inspected:
    """A sealed run, to be looked into record by record. Raises VerificationError where it does not verify."""
    from engine.evidence.inspecting import inspect

    folder, _, trust = stores.readable(store, config)
    return inspect(folder, trust, run)


def overview(store: str | Moment, config: Path) -> Overview:
    """What a store holds, by its chain. Raises VerificationError where that does not verify."""
    from engine.evidence.inspecting import overview as looked

    folder, _, trust = stores.readable(store, config)
    return looked(folder, trust)


def grown(store: str | Moment, config: Path, seen: Link | None) -> Link | None:
    """The last entry of a store's chain, in which ``seen`` stands; None for an empty one.

    Raises VerificationError where it does not: an entry that was shown is gone, or is another one now.
    """
    from engine.evidence import chain
    from engine.evidence.layout import Layout

    folder, _, trust = stores.readable(store, config)
    links = [placed.link for placed in chain.read(Layout(folder), trust).placed]
    if seen is not None and seen not in links:
        raise VerificationError(
            f"{folder}: entry {seen.sequence}, which was there before, is gone or does not verify: the chain was cut "
            "off or rewritten; run `auditreel verify` and restore the store"
        )
    return links[-1] if links else None


def runs(store: str, config: Path) -> tuple[str, tuple[Listed, ...]]:
    """How a store is anchored, and its sealed runs by its chain. Raises VerificationError where it does not verify."""
    from engine.evidence.inspecting import listed

    folder, _, trust = stores.readable(store, config)
    return listed(folder, trust)


def store_name(store: str, config: Path) -> str:
    """The name of a store in every entry of its chain. Raises VerificationError."""
    from engine.evidence.trust import read_trust

    return read_trust(stores.trust_folder(store, config) / "trust.json").store


def state(store: str | Moment, config: Path) -> str:
    """What stays the same while no file of a store's evidence is touched. Raises VerificationError."""
    from engine.evidence.layout import INDEX, Layout

    folder = stores.local(store)
    facts = [] if isinstance(store, str) else [str(store.head)]
    try:
        for name, entry in Layout(folder).files():
            # What is derived, and what is not finished, is no evidence.
            if not name.startswith((f"{INDEX}/", "tmp/")):
                said = entry.stat(follow_symlinks=False)
                facts.append(f"{name} {said.st_ino} {said.st_size} {said.st_mtime_ns} {said.st_ctime_ns}")
        said = (stores.trust_folder(store, config) / "trust.json").stat()
    except OSError as error:
        raise VerificationError(f"{folder} cannot be read ({error.strerror}): could not verify") from error
    facts.append(f"{said.st_ino} {said.st_size} {said.st_mtime_ns} {said.st_ctime_ns}")
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()
