"""Opening a store, a folder or a bucket: to read, to write, to verify anew; and by what it is trusted.

The evidence package is imported only where something is recorded or read from a store, since it loads DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import AuditreelError, SealError
from engine.model import InForce, Organization

if TYPE_CHECKING:
    from engine.evidence.entries import Link
    from engine.evidence.keys import Keys
    from engine.evidence.objects.locked import Lock
    from engine.evidence.objects.mirror import Mirror
    from engine.evidence.seal import Recorder
    from engine.evidence.trust import Trust


@dataclass(frozen=True, slots=True)
class Moment:
    """A store in a bucket as it was at one moment, in a folder that nobody brings up to date.

    ``head`` is the highest entry that was pinned before it was read: it has to be there, and those pinned since may not
    be there yet.
    """

    folder: Path
    head: Link | None


def stated(policy: Path | None) -> str | None:
    """The store that organization.yaml of a policy folder names, where runs are recorded that name no other.

    Raises UsageError for a folder that is none, ContentError where that file is improper.
    """
    if policy is None:
        return None
    from engine.content.policy import load_organization
    from engine.content.root import find

    return load_organization(find(policy)).store


def local(store: str | Moment) -> Path:
    """The folder to read a store from: itself, or the working copy of its bucket, which is brought up to date.

    Raises UsageError for an address that is none, VerificationError where the bucket cannot be read.
    """
    if isinstance(store, Moment):
        return store.folder
    mirror = bucket_of(store)
    if mirror is None:
        return Path(store)
    mirror.bring()
    return mirror.root


def bucket_of(store: str) -> Mirror | None:
    """The bucket that a store's name means; None where it means a folder."""
    if "://" not in store:
        return None
    from engine.evidence.objects.address import parse, working_copy
    from engine.evidence.objects.bucket import connect
    from engine.evidence.objects.mirror import Mirror

    address = parse(store)
    return Mirror(connect(address), working_copy(address))


def opened(store: str, keys: Keys, trust_file: Path, organization: Organization | None = None) -> Recorder:
    """A store, open for recording under the policy at hand, else under the one that was recorded last.

    Raises SealError, VerificationError.
    """
    from engine.evidence.seal import open_store

    folder, mirror = writable(store, trust_file, organization)
    return open_store(folder, keys, trust_file, mirror)


def recorder(store: str, config: Path) -> Recorder:
    """A store, open for recording by the keys and the trust file of a folder. Raises SealError, VerificationError."""
    from engine.evidence.keys import load_keys

    return opened(store, load_keys(config), config / "trust.json")


def writable(store: str, trust_file: Path, organization: Organization | None = None) -> tuple[Path, Mirror | None]:
    """The folder to record in, and the bucket of which it is the working copy, ready to be written to.

    Raises SealError, VerificationError.
    """
    mirror = bucket_of(store)
    if mirror is None:
        return Path(store), None
    mirror.bring()
    mirror.begin()
    how = lock_of(organization or _recorded_organization(mirror.root, trust_file))
    if how is not None:
        mirror.lock(how)
    return mirror.root, mirror


def lock_of(organization: Organization | None) -> Lock | None:
    """How what is written to a bucket is to be locked; None where the policy does not ask for it."""
    from engine.evidence.objects.locked import Lock

    retention = organization.retention if organization is not None else None
    if organization is None or retention is None or retention.object_lock is None:
        return None
    window = organization.window
    return Lock(retention.object_lock, retention.days, window[1] if window is not None else None)


def _recorded_organization(folder: Path, trust_file: Path) -> Organization | None:
    """What the policy of the last sealed run set; None before the first. Raises SealError where it cannot be read."""
    from engine.content.stored import organization_in
    from engine.evidence import catalogue, chain
    from engine.evidence.layout import Layout
    from engine.evidence.trust import read_trust

    layout = Layout(folder)
    reading = chain.read(layout, read_trust(trust_file))
    sealed = list(reading.of_kind("seal"))
    newest = layout.entry(sealed[-1][0].entry.sequence if sealed else 1)
    for fault in reading.faults:
        if fault.place >= layout.relative(newest):  # a later seal, whose policy may ask for another lock
            raise SealError(f"reading whether the last policy asks for Object Lock: {fault}; run `auditreel verify`")
    if not sealed:
        return None
    groups = {"policies": sealed[-1][1].asked.content.policies}
    try:
        found = catalogue.load(groups, lambda digest: layout.content(digest).read_bytes())
        sources = {name: found.files[digest] for name, digest in found.members["policies"].items()}
        return organization_in(sources) if "organization.yaml" in sources else None
    except (OSError, ValueError, AuditreelError) as error:
        raise SealError(f"reading the policy that was recorded last: {error}; run `auditreel verify`") from error


@contextmanager
def anew(store: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A folder to verify: of a bucket a copy that nobody had in hand, and the names in it that no store has.

    Raises VerificationError where the bucket cannot be read.
    """
    mirror = bucket_of(store)
    if mirror is None:
        yield Path(store), ()
        return
    with mirror.fresh() as (folder, brought):
        yield folder, brought.strange


def readable(store: str | Moment, config: Path) -> tuple[Path, Path, Trust]:
    """The folder to read a store from, that of its trust file, and the trust.

    What is trusted is read before a bucket is: whoever appends and pins meanwhile must not make it look cut off.
    """
    from engine.evidence.trust import read_trust

    trusted = trust_folder(store, config)
    trust = read_trust(trusted / "trust.json")
    return local(store), trusted, replace(trust, head=store.head) if isinstance(store, Moment) else trust


def trust_folder(store: str | Moment, config: Path) -> Path:
    """The folder of the trust file of a store. A bucket is never a demonstration's."""
    return config if isinstance(store, Moment) or "://" in store else trust_beside(Path(store), config)


def trust_beside(path: Path, config: Path) -> Path:
    """The folder of the trust file: that of a demonstration's throw-away keys where they lie beside its store."""
    from engine.evidence.trust import read_trust

    beside = path.with_name(f"{path.name}.keys")
    trust = beside / "trust.json"
    # Whoever can write beside a store could put a trust file of his own there; none of those is ever evidence.
    return beside if trust.exists() and read_trust(trust).purpose == "demonstration" else config


def secret_of(config: Path) -> bytes | None:
    """The store's secret; None where only the trust file is at hand, as with an auditor."""
    from engine.evidence.keys import SECRET_FILE, load_secret

    return load_secret(config) if (config / SECRET_FILE).exists() else None


def policy_of(sources: Mapping[str, Mapping[str, bytes]], parameters: Mapping[str, Mapping[str, Any]]) -> InForce:
    """What was in force in a sealed run, read from the sources that it sealed. Raises ContentError."""
    from engine.content.root import find
    from engine.content.stored import in_force

    return in_force(sources["checks"], sources["controls"], sources["policies"], parameters, find())
