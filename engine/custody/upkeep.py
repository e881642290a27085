"""Keeping a store: making it, its keys and time stamps, how long runs are kept, and what is derived of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.content.load import load
from engine.content.root import find
from engine.custody import stores
from engine.custody.verification import Verdict
from engine.errors import UsageError
from engine.model import Clock

if TYPE_CHECKING:
    from engine.evidence.compaction import Merged
    from engine.evidence.expiry import Fate
    from engine.evidence.kms import KmsKey
    from engine.evidence.objects.holding import Locked
    from engine.evidence.period.keeping import Comparison
    from engine.external import Published, Wanted


def initialise(store: str, config: Path, elsewhere: KmsKey | None = None) -> str:
    """Make an evidence store with its keys and trust file, or what is missing of them; gives the key's id.

    ``elsewhere`` is the signing key where none is to be made. Raises UsageError for an address that is none, SealError
    where the store cannot be made or the keys are of another.
    """
    from engine.evidence.keys import initialise as made

    refuse_another(store, config)
    mirror = stores.bucket_of(store)
    if mirror is not None:
        mirror.begin()
    return next(iter(made(Path(store) if mirror is None else mirror.root, config, elsewhere=elsewhere).keys))


def key_elsewhere(address: str) -> KmsKey:
    """The signing key of an address (``aws-kms://ARN``), asked for before anything is written.

    Raises UsageError for an address that is none, SealError where KMS does not answer for the key.
    """
    from engine.evidence.kms import opened

    return opened(address)


def refuse_another(store: str, config: Path) -> None:
    """Raises SealError where the keys of a folder are of another store. Of a bucket appending tells, which reads it."""
    from engine.evidence.keys import refuse_another as refused

    if "://" not in store:
        refused(Path(store), config)


# --- keys and time stamps --------------------------------------------------------------------------------------------


def keys(config: Path) -> tuple[str, ...]:
    """What the trust file pins, in lines: keys, until when each may sign, and authorities."""
    from engine.evidence.canonical import digest
    from engine.evidence.trust import read_trust

    trust = read_trust(config / "trust.json")
    lines = [f"store     {trust.store}"]
    for key_id in sorted(trust.keys):
        until = f" (signs nothing after entry {trust.until[key_id]})" if key_id in trust.until else ""
        lines.append(f"key       {key_id}{until}")
    for name, listed in sorted(trust.authorities.items()):
        lines += (f"authority {name}: certificate {digest(data)}" for data in listed)
    return tuple(lines)


def rotate_key(store: str, config: Path, clock: Clock, new: str | None = None) -> tuple[str, int]:
    """Replace the signing key by ``new`` (a path, or the address of a key in AWS KMS; default: one is made).

    Gives the id of the new one, and the sequence of the entry that says so. Raises UsageError, SealError.
    """
    from engine.evidence.rotation import rotate

    folder, mirror = stores.writable(store, config / "trust.json")
    key_id, link = rotate(folder, config, clock.now(), new, mirror=mirror)
    return key_id, link.sequence


def revoke_key(store: str, config: Path, clock: Clock, key_id: str, since: int, reason: str) -> int:
    """Withdraw a key from an entry on; gives the sequence of the entry that says so."""
    from engine.evidence.rotation import revoke

    folder, mirror = stores.writable(store, config / "trust.json")
    return revoke(folder, config, key_id, since, reason, clock.now(), mirror=mirror).sequence


def trust_authority(config: Path, name: str, certificates: bytes) -> tuple[str, ...]:
    """Pin the certificates (PEM) of a time stamp authority; gives their fingerprints."""
    from engine.evidence.rotation import trust_authority as pinned

    return pinned(config, name, certificates)


def time_stamp(store: str, config: Path, clock: Clock, policy: Path | None = None) -> Verdict:
    """Have the end of a store's chain stamped now, by the authorities that the policy names.

    The exit code is 5 where it still waits.
    """
    from engine.evidence.keys import load_keys
    from engine.evidence.stamping import stamp

    authorities = load(find(policy)).policy.organization.authorities
    found = stamp(stores.opened(store, load_keys(config), config / "trust.json"), authorities, clock.now)
    return Verdict(found.lines, 5 if found.waiting is not None else 0)


# --- how long runs are kept ------------------------------------------------------------------------------------------


def compact(store: str, config: Path, before: date | None, clock: Clock) -> Sequence[Merged]:
    """Merge what the runs of each month stored that is over before a day (default: today, UTC)."""
    from engine.evidence import compaction

    now = clock.now()
    return compaction.compact(
        stores.recorder(store, config), before.isoformat() if before is not None else now[:10], now
    )


@dataclass(frozen=True, slots=True)
class Expiry:
    """What retention says of each run, and the entry that removed those that were due; None where none was removed.

    ``published``: the store holds tables for engines, which still say what was removed until they are made anew.
    """

    fates: Sequence[Fate]
    sequence: int | None = None
    published: bool = False


def expire(store: str, config: Path, remove: bool, unclosed: bool, clock: Clock, policy: Path | None = None) -> Expiry:
    """What the organisation's retention says of each run of a store; with ``remove``, those that are due are removed.

    ``unclosed`` lets runs of no closed period go by their own age. Raises UsageError where the policy sets no
    retention.
    """
    from engine.evidence import expiry
    from engine.evidence.period.keeping import verified_chain

    retention = load(find(policy)).policy.organization.retention
    if retention is None:
        raise UsageError("removing runs: organization.yaml says nothing of retention, so that all are kept for good")
    recorder, now = stores.recorder(store, config), clock.now()
    reading = verified_chain(recorder.layout, recorder.trust)
    fates = expiry.fates(reading, recorder.layout, retention, date.fromisoformat(now[:10]), unclosed)
    done = expiry.expire(recorder, retention, now, unclosed, stores.policy_of) if remove else None
    return Expiry(fates, done[0].sequence if done is not None else None, recorder.layout.tables.is_dir())


def lock(store: str, config: Path, clock: Clock, policy: Path | None = None) -> Locked:
    """Bring Object Lock and legal holds of a store in S3 in line with the policy.

    Raises UsageError where the policy asks for none, or the store is not in S3; VerificationError and SealError.
    """
    from engine.evidence.layout import Layout
    from engine.evidence.objects.holding import lock as locked
    from engine.evidence.period.keeping import verified_chain

    organization = load(find(policy)).policy.organization
    retention, mirror = organization.retention, stores.bucket_of(store)
    if mirror is None:
        raise UsageError(f"locking objects of {store}: it is a folder; Object Lock is of s3://")
    how = stores.lock_of(organization)
    if retention is None or how is None:
        raise UsageError(
            f"locking objects of {store}: organization.yaml asks for no Object Lock: retention.object_lock"
        )
    folder, _, trust = stores.readable(store, config)
    layout = Layout(folder)
    reading = verified_chain(layout, trust)
    return locked(mirror, layout, reading, retention, how, date.fromisoformat(clock.now()[:10]))


# --- what is derived -------------------------------------------------------------------------------------------------


def rebuild(store: str, config: Path, compare: bool = False) -> Comparison:
    """Make the index of a store anew from its sealed runs, and say what the one that was kept is beside it."""
    from engine.evidence.keys import load_secret
    from engine.evidence.layout import Layout
    from engine.evidence.period import keeping

    folder, trusted, trust = stores.readable(store, config)
    made = keeping.compare if compare else keeping.rebuild
    return made(Layout(folder), trust, load_secret(trusted))


def publish(store: str, config: Path, folder: Path | None = None, iceberg: Wanted | None = None) -> Published:
    """Bring the tables of a store's sealed runs up to date, in a folder (default: in the store's index).

    ``iceberg`` makes them Iceberg tables as well, which later calls then keep up to date. Raises VerificationError,
    SealError; UsageError where there is no run, the folder holds something else, or pyiceberg is not installed.
    """
    from engine.evidence.keys import load_secret
    from engine.evidence.layout import Layout
    from engine.evidence.publishing import publish as published
    from engine.evidence.trust import read_trust

    layout = Layout(stores.local(store))
    trusted = stores.trust_beside(layout.root, config)
    trust, secret = read_trust(trusted / "trust.json"), load_secret(trusted)
    return published(layout, trust, secret, folder or layout.tables.absolute(), stores.policy_of, iceberg)


# --- accesses --------------------------------------------------------------------------------------------------------


def seal_accesses(store: str, config: Path, log: str, standing: tuple[int, str], clock: Clock) -> int:
    """Seal how many lines a log of accesses has and the digest of its last one; gives the sequence of the entry.

    Raises VerificationError and SealError.
    """
    from engine.evidence import entries

    known = sealed_accesses(store, config, log)
    if known and known[-1][1:] == standing:
        return known[-1][0]
    recorder = stores.recorder(store, config)
    body = entries.Accesses(log=log, count=standing[0], digest=standing[1])
    link = recorder.chain().append("accesses", body, clock.now())
    recorder.pin(link)
    return link.sequence


def sealed_accesses(store: str, config: Path, log: str) -> list[tuple[int, int, str]]:
    """What a chain says of a log of accesses: each entry, how many lines, the last one's digest.

    Raises VerificationError.
    """
    from engine.evidence.layout import Layout
    from engine.evidence.period.keeping import verified_chain

    folder, _, trust = stores.readable(store, config)
    reading = verified_chain(Layout(folder), trust)
    said = ((placed.entry.sequence, body) for placed, body in reading.of_kind("accesses"))
    return [(sequence, body.count, body.digest) for sequence, body in said if body.log == log]
