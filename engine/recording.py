"""Between a run and its evidence: what is recorded, where, and by which keys. The store itself is ``engine.evidence``.

The evidence package is imported only where something is recorded or read from a store, since it loads DuckDB.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import engine
from engine.collection.journal import Forgetful, Journal
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.errors import AuditreelError, SealError, UsageError, VerificationError
from engine.model import Assessment, Check, Clock, Finding, Organization, Retention, Scope, Snapshot
from providers.base import Directory

if TYPE_CHECKING:
    from engine.diffs import Diff, Notice
    from engine.evidence.bundle import Manifest
    from engine.evidence.compaction import Merged
    from engine.evidence.expiry import Fate
    from engine.evidence.inspecting import Inspected
    from engine.evidence.keys import Keys
    from engine.evidence.objects.holding import Locked
    from engine.evidence.objects.locked import Lock
    from engine.evidence.objects.mirror import Mirror
    from engine.evidence.period.changes import Weaker
    from engine.evidence.period.film import Film, ReadPolicy
    from engine.evidence.period.keeping import Comparison
    from engine.evidence.period.made import Asked
    from engine.evidence.replay import Judge
    from engine.evidence.retest import Judge as Rejudge
    from engine.evidence.sample import Draw, Frozen
    from engine.evidence.seal import Recorder
    from engine.evidence.trust import Trust
    from engine.external import Published
    from engine.gates import Changes
    from engine.periods import Failure, Period
    from engine.resume import Unsealed
    from engine.sealed import Overview


_RUN: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run says of itself before it collects: kind, who or what started it, whose it is, and its filters.

    ``boundary`` are the rules that it applies, as plain JSON values.
    """

    kind: Literal["adhoc", "scheduled", "gate", "demo"]
    trigger: str
    organization: str
    filters: Mapping[str, Any]
    witness: str | None = None
    boundary: Sequence[Mapping[str, Any]] = ()


class Recording:
    """A run that is being recorded, or that is not (``run`` is None, and ``store`` too).

    What could not be recorded is remembered, not raised: the run goes on, so that nothing of what it finds is lost, and
    ends with exit code 5.
    """

    def __init__(
        self,
        store: str | None = None,
        unsealed: Unsealed | None = None,
        authorities: Mapping[str, str] | None = None,
    ) -> None:
        self.store, self._unsealed, self._authorities = store, unsealed, authorities or {}
        self._added = False
        self._error: SealError | None = None

    def identified(self, provider: str, directory: Directory, now: str) -> tuple[str, Journal | Forgetful]:
        """Told who asks a provider: when the collection began, and the journal of what was read since.

        A run that somebody else began is given up and begun anew.
        """
        if self._unsealed is None:
            return now, Forgetful()
        try:
            return self._unsealed.identified(provider, dict(directory.identity), now, self._added)
        except SealError as error:
            self._error = self._error or error
            return now, Forgetful()

    @property
    def resumed(self) -> str | None:
        """When the run began that this one goes on with (RFC 3339 UTC); None where it began itself."""
        return self._unsealed.resumed if self._unsealed is not None else None

    def add(
        self, snapshot: Snapshot, findings: Sequence[Finding], out: Mapping[tuple[str, Scope, str], str] | None = None
    ) -> None:
        """Record a part of the run: what was read of an account, what is out of the boundary, and every verdict."""
        self._added = True
        if self._unsealed is None or self._error is not None:
            return
        try:
            self._unsealed.run.add(snapshot, findings, out or {})
        except SealError as error:
            self._error = error

    def abandon(self, error: BaseException, clock: Clock) -> None:
        """Say in the chain why the run ended without a seal. Where that fails, the intent alone says that it died.

        A run that was interrupted is not given up where it may go on later: its journal stays.
        """
        if self._unsealed is not None:
            self._unsealed.stop(error, clock.now())

    def seal(self, assessment: Assessment, clock: Clock) -> Assessment:
        """The assessment with where it was sealed; or, where it could not be, with exit code 5 and why."""
        if self._unsealed is None:
            return assessment
        from engine.evidence.seal import Judged

        judged = Judged(assessment.snapshot, assessment.findings, assessment.populations, assessment.waived)
        try:
            if self._error is not None:
                raise self._error
            sealed = self._unsealed.seal(judged, clock.now())
        except SealError as error:
            self._unsealed.stop(error, clock.now())
            return _with_exit(assessment, 5, str(error))
        return replace(
            assessment,
            run_id=sealed.run,
            sealed={
                "store": self.store,
                "sequence": sealed.sequence,
                "digest": sealed.digest,
                "root": sealed.root,
                "records": sealed.records,
                "bytes": sealed.size,
                **self._vouched(clock),
                **self._indexed(),
            },
        )

    def _indexed(self) -> Mapping[str, Any]:
        """Bring the store's index up to date. It holds nothing of its own, so that nothing is lost where that fails."""
        from engine.evidence.period import keeping
        from engine.evidence.trust import read_trust

        run = self._unsealed.run if self._unsealed is not None else None
        if run is None:
            return {}
        recorder = run.recorder
        try:
            if recorder.layout.mirror is not None:
                recorder.layout.mirror.bring()  # others may have sealed meanwhile
            was = keeping.grow(recorder.layout, read_trust(recorder.trust_file), recorder.keys.secret)
            if recorder.layout.mirror is not None and recorder.layout.index.exists():
                recorder.layout.mirror.share()
        except Exception as error:  # the run is sealed; whatever this is, it must not look like its failure
            return {"index": f"not brought up to date: {error}"}
        return {"index": "made anew: the one that was kept was not ours, or was altered"} if was == "not ours" else {}

    def _vouched(self, clock: Clock) -> Mapping[str, Any]:
        """Who else can vouch for the run: an authority for when it was sealed, an auditor for having watched.

        What cannot be had now waits for the next run; the seal stands all the same.
        """
        run = self._unsealed.run if self._unsealed is not None else None
        found: dict[str, Any] = {}
        if run is not None and run.intent.witness is not None:
            found["witness"] = run.intent.witness
        if run is None or not self._authorities:
            return found
        from engine.evidence.stamping import stamp

        try:
            stamping = stamp(run.recorder, self._authorities, clock.now)
        except AuditreelError as error:
            return {**found, "waiting": str(error)}
        if stamping.waiting is not None:
            return {**found, "waiting": stamping.why}
        if stamping.anchor is not None:
            found["anchored"] = {"at": stamping.anchor.at, "authority": stamping.anchor.authority}
        return found


def _with_exit(assessment: Assessment, code: int, reason: str) -> Assessment:
    """The assessment with a further exit code; 2, 1, 5, 130/143, 3, 4, 0 is their precedence."""
    return replace(assessment, exit_code=code, exit_reasons={**assessment.exit_reasons, code: reason})


def begin(
    plan: RunPlan,
    content: Content,
    checks: Sequence[CompiledCheck],
    store: str | None,
    config: Path,
    clock: Clock,
    resume_within: float = 0.0,
) -> Recording:
    """Write the run's intent, where there is a store to record in: ``store``, else what organization.yaml names.

    Where an equal run died not longer than ``resume_within`` hours ago, that one goes on instead. Raises SealError
    where there is a store and the intent cannot be written: what will not be evidence is not collected as if it were. A
    demonstration is recorded only where a store is given, with a throw-away key of its own.
    """
    place = store or (None if plan.kind == "demo" else content.policy.organization.store)
    if place is None:
        if plan.witness is not None:
            raise UsageError("recording the nonce of a witness: no store is named; use --store DIR, or auditreel init")
        return Recording()
    from engine.evidence.keys import load_keys
    from engine.evidence.seal import Plan
    from engine.resume import begun

    if plan.kind == "demo":
        if "://" in place:
            raise UsageError(f"recording a demonstration in {place}: it is no evidence, and has a folder of its own")
        config = _demonstration(Path(place))
    # A demonstration signs with its throw-away key, whatever key the environment holds.
    keys = load_keys(config, {}) if plan.kind == "demo" else load_keys(config)
    recorder = _opened(place, keys, config / "trust.json", content.policy.organization)
    intended = Plan(
        kind=plan.kind,
        trigger=plan.trigger,
        organization=plan.organization,
        filters=plan.filters,
        engine_version=engine.__version__,
        dependencies=dependencies(),
        boundary=_digest(plan.boundary),
        witness=plan.witness,
    )
    # A demonstration is no evidence, and nobody's time is taken for it.
    authorities = {} if plan.kind == "demo" else content.policy.organization.authorities
    _stamp_waiting(recorder, authorities, clock)
    intent, sources = recorder.intended(intended, sources_of(content, checks), clock.now())
    return Recording(place, begun(recorder, intent, sources, resume_within), authorities)


def _digest(boundary: Sequence[Mapping[str, Any]]) -> str | None:
    """The digest of the written boundary; None where there is none."""
    from engine.evidence import canonical

    return canonical.digest(canonical.encode(canonical.neutral(list(boundary)))) if boundary else None


def _stamp_waiting(recorder: Recorder, authorities: Mapping[str, str], clock: Clock) -> None:
    """Send what an earlier run could not, apart from what this one adds; its end says what came of it."""
    if not authorities:
        return
    from engine.evidence.stamping import stamp

    with suppress(AuditreelError):
        stamp(recorder, authorities, clock.now)


def _demonstration(folder: Path) -> Path:
    """The throw-away keys of a demonstration's store, made with it; they lie beside the store, not in it.

    Raises UsageError for a folder that is there and was not made by a demonstration.
    """
    from engine.evidence.keys import initialise

    config = folder.with_name(f"{folder.name}.keys")
    if not (config / "trust.json").exists():
        if folder.exists():
            raise UsageError(f"recording a demonstration in {folder}: it is there already, and not a demonstration's")
        initialise(folder, config, demonstration=True)
    return config


def local(store: str) -> Path:
    """The folder to read a store from: itself, or the working copy of its bucket, which is brought up to date.

    Raises UsageError for an address that is none, VerificationError where the bucket cannot be read.
    """
    mirror = _mirror(store)
    if mirror is None:
        return Path(store)
    mirror.bring()
    return mirror.root


def _mirror(store: str) -> Mirror | None:
    """The bucket that a store's name means; None where it means a folder."""
    if "://" not in store:
        return None
    from engine.evidence.objects.address import parse, working_copy
    from engine.evidence.objects.bucket import connect
    from engine.evidence.objects.mirror import Mirror

    address = parse(store)
    return Mirror(connect(address), working_copy(address))


def _opened(store: str, keys: Keys, trust_file: Path, organization: Organization | None = None) -> Recorder:
    """A store, open for recording under the policy at hand, else under the one that was recorded last.

    Raises SealError, VerificationError.
    """
    from engine.evidence.seal import open_store

    folder, mirror = _writable(store, trust_file, organization)
    return open_store(folder, keys, trust_file, mirror)


def _asked_lock(organization: Organization | None) -> Lock | None:
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
    sealed = [body for _, body in chain.read(layout, read_trust(trust_file)).of_kind("seal")]
    if not sealed:
        return None
    groups = {"policies": sealed[-1].asked.content.policies}
    try:
        found = catalogue.load(groups, lambda digest: layout.content(digest).read_bytes())
        sources = {name: found.files[digest] for name, digest in found.members["policies"].items()}
        return organization_in(sources) if "organization.yaml" in sources else None
    except (OSError, ValueError, AuditreelError) as error:
        raise SealError(f"reading the policy that was recorded last: {error}; run `auditreel verify`") from error


def _writable(store: str, trust_file: Path, organization: Organization | None = None) -> tuple[Path, Mirror | None]:
    """The folder to record in, and the bucket of which it is the working copy, ready to be written to.

    Raises SealError, VerificationError.
    """
    mirror = _mirror(store)
    if mirror is None:
        return Path(store), None
    mirror.bring()
    mirror.begin()
    how = _asked_lock(organization or _recorded_organization(mirror.root, trust_file))
    if how is not None:
        mirror.lock(how)
    return mirror.root, mirror


@contextmanager
def _anew(store: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A folder to verify: of a bucket a copy that nobody had in hand, and the names in it that no store has.

    Raises VerificationError where the bucket cannot be read.
    """
    mirror = _mirror(store)
    if mirror is None:
        yield Path(store), ()
        return
    with mirror.fresh() as (folder, brought):
        yield folder, brought.strange


def sources_of(content: Content, checks: Sequence[CompiledCheck]) -> Any:
    """The data files that the verdicts depend on, as bytes."""
    from engine.evidence.catalogue import Content as Sources

    root = content.root
    bases = (root.policies, root.controls.parent, root.criteria.parent)
    files = {
        next(path.relative_to(base) for base in bases if path.is_relative_to(base)).as_posix(): data
        for path, data in content.policy.sources.items()
    }
    return Sources(
        checks={check.check.id: check.check.source for check in checks},
        controls={name: data for name, data in files.items() if name.startswith("controls/")},
        policies={name: data for name, data in files.items() if not name.startswith("controls/")},
        schemas={name: type_.source for name, type_ in sorted(content.types.items())},
        parameters={check.check.id: check.parameters for check in checks},
    )


def dependencies() -> str:
    """SHA-256 over the installed distributions (name and version, sorted): what code could have taken part.

    The folders that installers leave are named so (packaging.python.org, "Recording installed projects"); to read the
    metadata in them, as importlib.metadata does, takes as long as a small scan.
    """
    folders = (Path(folder or ".") for folder in sys.path)
    rows = sorted({path.stem.lower() for folder in folders for path in folder.glob("*.dist-info")})
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def can_sign(config: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a signing key, good or not, in the environment or the configuration folder."""
    from engine.evidence.keys import KEY_FILE, KEY_VARIABLE

    return bool(environment.get(KEY_VARIABLE)) or (config / KEY_FILE).exists()


def is_run(name: str) -> bool:
    """Whether a name has the form of a run's id, not of a file."""
    return _RUN.fullmatch(name) is not None


def snapshot_of(run: str, store: str | None, config: Path) -> Snapshot:
    """The snapshot that a sealed run was judged on, rebuilt from its bodies and ledger."""
    if store is None:
        raise UsageError(
            f"reading the snapshot {run}: it is no file, and --store does not say which store has that run"
        )
    from engine.evidence.replay import snapshot_of as rebuilt

    folder = local(store)
    return rebuilt(folder, run, _trusted(folder, config) / "trust.json")


def latest(store: str, config: Path) -> str:
    """The id of the newest sealed run of a store that read the clouds. Raises UsageError, VerificationError."""
    from engine.evidence.replay import latest as newest

    folder = local(store)
    return newest(folder, _trusted(folder, config) / "trust.json")


def seal_of(run: str, store: str, config: Path) -> tuple[int, str, Mapping[str, Any]]:
    """The place in the chain and the digest of the entry that seals a run, and the filters that it was asked with.

    Raises UsageError, VerificationError.
    """
    from engine.evidence.replay import seal_of as sealed

    folder = local(store)
    placed = sealed(folder, run, _trusted(folder, config) / "trust.json")
    return placed.link.sequence, placed.link.digest, placed.entry.body.asked.filters


# --- stores and bundles ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying or replaying showed: lines for a reader, the first on how it is anchored, and the exit code."""

    lines: tuple[str, ...]
    exit_code: int


def initialise(store: str, config: Path) -> str:
    """Make a store, its keys and its trust file, or what is missing of them; gives the id of the signing key.

    Raises UsageError for an address that is none, SealError where the store cannot be made.
    """
    from engine.evidence.keys import initialise as made

    mirror = _mirror(store)
    if mirror is not None:
        mirror.begin()
    return next(iter(made(Path(store) if mirror is None else mirror.root, config).keys))


def verify(target: str, config: Path, allow_unanchored: bool = False, store: str | None = None) -> Verdict:
    """Verify a bundle or the proof of a record (files), a store (a folder, a bucket), or a run of ``store`` (its id).

    Of a bucket everything is read anew: what a working copy holds is not believed.

    Raises VerificationError where there is no trust file.
    """
    from engine.evidence.bundle_verify import verify_bundle
    from engine.evidence.inclusion import is_proof, verify_file
    from engine.evidence.trust import read_trust
    from engine.evidence.verify import verify as verified
    from engine.evidence.verify import with_strangers

    if is_run(target) and not Path(target).exists() and store is not None:
        trust = read_trust(_trusting(store, config) / "trust.json")
        with _anew(store) as (folder, _):
            report = verified(folder, trust, target, allow_unanchored)
        return Verdict(report.lines(), report.exit_code)
    # Before the bucket: whoever appends and pins meanwhile must not make it look cut off.
    trust = read_trust(_trusting(target, config) / "trust.json")
    with _anew(target) as (path, strange):
        if path.is_dir():
            report = with_strangers(verified(path, trust, None, allow_unanchored), strange)
        elif not is_proof(path):
            report = verify_bundle(path, trust, allow_unanchored)
        elif store is None:
            report = verify_file(path, trust, None)
        else:
            with _anew(store) as (folder, _):
                report = verify_file(path, trust, folder)
    return Verdict(report.lines(), report.exit_code)


def compare(one: str, other: str, config: Path, allow_unanchored: bool = False) -> Verdict:
    """Verify two stores or bundles, and that they tell one story. Either is named in each line."""
    from engine.evidence.split import compare as compared
    from engine.evidence.trust import read_trust

    lines: list[str] = []
    codes = []
    for target in (one, other):
        verdict = verify(target, config, allow_unanchored)
        lines += (f"{target}: {line}" for line in verdict.lines)
        codes.append(verdict.exit_code)
    with _anew(one) as (first, _), _anew(other) as (second, _):
        faults = compared(first, second, read_trust(config / "trust.json"))
    lines += [f"problem: {fault}" for fault in faults] or ["the two tell one story"]
    return Verdict(tuple(lines), 5 if faults else max(codes))


def prove(run: str, index: int, store: str, config: Path, output: Path) -> int:
    """Write the proof that a record stands in a sealed run; gives its size in bytes."""
    from engine.evidence import durable
    from engine.evidence.inclusion import prove as proved
    from engine.evidence.keys import load_keys

    folder, config, trust = _read(store, config)
    keys = load_keys(config)
    data = proved(folder, trust, keys.signing, run, index)
    with durable.doing(f"writing {output}"):
        durable.replace(output, data)
    return len(data)


# --- keys and time stamps --------------------------------------------------------------------------------------------


def keys(config: Path) -> tuple[str, ...]:
    """What the trust file pins: keys, until when each may sign, and authorities."""
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


def rotate_key(store: str, config: Path, clock: Clock, new: Path | None = None) -> tuple[str, int]:
    """Replace the signing key; gives the id of the new one, and the sequence of the entry that says so."""
    from engine.evidence.rotation import rotate

    folder, mirror = _writable(store, config / "trust.json")
    key_id, link = rotate(folder, config, clock.now(), new, mirror=mirror)
    return key_id, link.sequence


def revoke_key(store: str, config: Path, clock: Clock, key_id: str, since: int, reason: str) -> int:
    """Withdraw a key from an entry on; gives the sequence of the entry that says so."""
    from engine.evidence.rotation import revoke

    folder, mirror = _writable(store, config / "trust.json")
    return revoke(folder, config, key_id, since, reason, clock.now(), mirror=mirror).sequence


def trust_authority(config: Path, name: str, certificates: bytes) -> tuple[str, ...]:
    """Pin the certificates of a time stamp authority; gives their fingerprints."""
    from engine.evidence.rotation import trust_authority as pinned

    return pinned(config, name, certificates)


def time_stamp(store: str, config: Path, authorities: Mapping[str, str], clock: Clock) -> Verdict:
    """Have the end of a store's chain stamped now. Exits with 5 where it still waits."""
    from engine.evidence.keys import load_keys
    from engine.evidence.stamping import stamp

    found = stamp(_opened(store, load_keys(config), config / "trust.json"), authorities, clock.now)
    return Verdict(found.lines, 5 if found.waiting is not None else 0)


def _trusted(path: Path, config: Path) -> Path:
    """The folder of the trust file: that of a demonstration's throw-away keys where they lie beside its store."""
    from engine.evidence.trust import read_trust

    beside = path.with_name(f"{path.name}.keys")
    trust = beside / "trust.json"
    # Whoever can write beside a store could put a trust file of his own there; none of those is ever evidence.
    return beside if trust.exists() and read_trust(trust).purpose == "demonstration" else config


def _read(store: str, config: Path) -> tuple[Path, Path, Trust]:
    """The folder to read a store from, that of its trust file, and the trust.

    What is trusted is read before a bucket is: whoever appends and pins meanwhile must not make it look cut off.
    """
    from engine.evidence.trust import read_trust

    trusted = _trusting(store, config)
    trust = read_trust(trusted / "trust.json")
    return local(store), trusted, trust


def _trusting(store: str, config: Path) -> Path:
    """The folder of the trust file of a store. A bucket is never a demonstration's."""
    return config if "://" in store else _trusted(Path(store), config)


def replay(run: str, store: str, config: Path, judge: Judge) -> Verdict:
    """Judge a sealed run again with ``judge`` and compare every record."""
    from engine.evidence.replay import replay as replayed

    folder, _, trust = _read(store, config)
    result = replayed(folder, trust, run, judge, engine.__version__)
    return Verdict(result.lines(), result.exit_code)


def replay_bundle(path: Path, config: Path, judge: Judge) -> Verdict:
    """Judge every run of a bundle again and compare every record that it carries."""
    from engine.evidence.bundle_replay import replay_bundle as replayed
    from engine.evidence.trust import read_trust

    result = replayed(path, read_trust(config / "trust.json"), judge, engine.__version__)
    return Verdict(result.lines(), result.exit_code)


def replays(window: tuple[str, str], store: str, config: Path, judge: Judge) -> Verdict:
    """Judge the sealed runs of a period again with ``judge`` and compare every record of each."""
    from engine.evidence.anchors import NOT_ANCHORED
    from engine.evidence.replay import replays as replayed

    folder, _, trust = _read(store, config)
    found = list(replayed(folder, trust, window, judge, engine.__version__))
    notes = dict.fromkeys(f"note: {text}" for one in found for text in one.statements)
    lines = [line for one in found for line in one.lines()[1:] if line not in notes]
    same = [one for one in found if one.exit_code == 0]
    total = f"{len(found)} runs, {sum(one.records for one in found)} records: {len(same)} runs identical"
    return Verdict((NOT_ANCHORED, *lines, *notes, total), 0 if found and len(same) == len(found) else 5)


def retest(
    check: str,
    version: int,
    window: tuple[str, str],
    store: str,
    config: Path,
    judge: Rejudge,
    parse: Callable[[str, bytes], Check],
    at_hand: tuple[Check, Mapping[str, bytes]] | None,
) -> Verdict:
    """Judge the runs of a period by one version of a check, and tell every verdict that it does not share."""
    from engine.evidence.retest import Test
    from engine.evidence.retest import retest as tested

    folder, _, trust = _read(store, config)
    result = tested(folder, trust, (check, version), window, judge, parse, Test(*at_hand) if at_hand else None)
    return Verdict(result.lines(), result.exit_code)


def export(run: str, store: str, config: Path, output: Path, redacted: tuple[str, ...]) -> Manifest:
    """Write a sealed run as a bundle; gives its manifest."""
    from engine.evidence.exporting import export_run
    from engine.evidence.keys import load_keys

    folder, trusted, trust = _read(store, config)
    return export_run(folder, trust, load_keys(trusted).signing, run, output, redacted)


# --- periods ---------------------------------------------------------------------------------------------------------


def period(
    store: str,
    config: Path,
    starts: date,
    ends: date,
    type_: Literal[1, 2],
    read_policy: ReadPolicy,
    weaker: Weaker,
) -> Period:
    """What the sealed runs of a store show of a period. Raises VerificationError where any of them does not verify."""
    from engine.evidence.period.made import Asked

    folder, trusted, trust = _read(store, config)
    return _seen(folder, trusted, trust, Asked(starts, ends, type_), read_policy, weaker)[1]


def _seen(
    folder: Path, trusted: Path, trust: Trust, asked: Asked, read_policy: ReadPolicy, weaker: Weaker
) -> tuple[Film, Period]:
    """The frames of a period, and what they show, with what the chain says of it."""
    from engine.evidence import closing
    from engine.evidence.layout import Layout
    from engine.evidence.period.made import filmed, shown
    from engine.evidence.sampling import samples

    film, reading = filmed(folder, trust, _secret(trusted), asked, read_policy)
    window = film.window
    frames = (frame.placed.link for frame in film.frames[window.begin : window.count])
    film.samples = samples(reading, Layout(folder), frames)
    found = shown(film, reading, trust, asked, weaker)
    return film, replace(found, closed=closing.closed(reading, film, found, Layout(folder)))


@dataclass(frozen=True, slots=True)
class View:
    """A period as somebody may see it: all of it, or what is of some criteria and their ``checks``."""

    period: Period
    checks: frozenset[str] | None = None


def view(
    store: str,
    config: Path,
    window: tuple[date, date],
    criteria: tuple[str, ...] | None,
    read_policy: ReadPolicy,
    weaker: Weaker,
) -> View:
    """A period, or what is of some criteria in it. Raises as :func:`period`."""
    from engine.evidence.period.limited import checks_in, limited
    from engine.evidence.period.made import Asked

    folder, trusted, trust = _read(store, config)
    film, found = _seen(folder, trusted, trust, Asked(*window), read_policy, weaker)
    if criteria is None:
        return View(found)
    checks = checks_in(film, criteria)
    return View(limited(found, criteria, checks), checks)


def inspected(run: str, store: str, config: Path) -> Inspected:
    """A sealed run of a store, to be looked into. Raises VerificationError where it does not verify."""
    from engine.evidence.inspecting import inspect

    folder, _, trust = _read(store, config)
    return inspect(folder, trust, run)


def overview(store: str, config: Path) -> Overview:
    """What a store holds, by its chain. Raises VerificationError where that does not verify."""
    from engine.evidence.inspecting import overview as looked

    folder, _, trust = _read(store, config)
    return looked(folder, trust)


def store_name(store: str, config: Path) -> str:
    """The name of a store in every entry of its chain, as its trust file has it. Raises VerificationError."""
    from engine.evidence.trust import read_trust

    return read_trust(_trusting(store, config) / "trust.json").store


def seal_accesses(store: str, config: Path, log: str, standing: tuple[int, str], clock: Clock) -> int:
    """Seal how many lines a log of accesses has and the digest of its last one, once; gives the entry's sequence."""
    from engine.evidence import entries

    known = sealed_accesses(store, config, log)
    if known and known[-1][1:] == standing:
        return known[-1][0]
    recorder = _recorder(store, config)
    body = entries.Accesses(log=log, count=standing[0], digest=standing[1])
    link = recorder.chain().append("accesses", body, clock.now())
    recorder.pin(link)
    return link.sequence


def sealed_accesses(store: str, config: Path, log: str) -> list[tuple[int, int, str]]:
    """What a chain says of a log of accesses: the sequence of each entry, how many lines it had, the last's digest.

    Raises VerificationError where the chain does not verify.
    """
    from engine.evidence.layout import Layout
    from engine.evidence.period.keeping import verified_chain

    folder, _, trust = _read(store, config)
    reading = verified_chain(Layout(folder), trust)
    said = ((placed.entry.sequence, body) for placed, body in reading.of_kind("accesses"))
    return [(sequence, body.count, body.digest) for sequence, body in said if body.log == log]


def state(store: str, config: Path) -> str:
    """What tells that nothing in a store, and in what it is trusted by, was touched since: of every file, when it was.

    It proves nothing: what differs is to be verified again. Raises VerificationError where the store cannot be listed.
    """
    from engine.evidence.layout import INDEX, Layout

    folder = local(store)
    facts = []
    try:
        for name, entry in Layout(folder).files():
            # What is derived, and what is not finished, is no evidence.
            if not name.startswith((f"{INDEX}/", "tmp/")):
                said = entry.stat(follow_symlinks=False)
                facts.append(f"{name} {said.st_ino} {said.st_size} {said.st_mtime_ns} {said.st_ctime_ns}")
        said = (_trusted(folder, config) / "trust.json").stat()
    except OSError as error:
        raise VerificationError(f"{folder} cannot be read ({error.strerror}): could not verify") from error
    facts.append(f"{said.st_ino} {said.st_size} {said.st_mtime_ns} {said.st_ctime_ns}")
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()


def export_period(
    store: str,
    config: Path,
    window: tuple[date, date],
    output: Path,
    pages: Callable[[Period, Sequence[str]], Mapping[str, bytes]],
    criteria: tuple[str, ...] | None,
    redacted: tuple[str, ...],
    read_policy: ReadPolicy,
    weaker: Weaker,
) -> Manifest:
    """Write the runs of a period as a bundle with its report, which ``pages`` makes; gives its manifest."""
    from engine.evidence.exporting import export_period as exported
    from engine.evidence.keys import load_keys
    from engine.evidence.period.made import Asked

    folder, trusted, trust = _read(store, config)
    asked = Asked(*window)
    film, found = _seen(folder, trusted, trust, asked, read_policy, weaker)
    signer, made = load_keys(trusted).signing, partial(pages, found)
    return exported(folder, trust, signer, film, made, output, criteria, redacted)


def diff(
    pair: tuple[str | None, str | None],
    store: str,
    config: Path,
    within: int,
    read_policy: ReadPolicy,
    weaker: Weaker,
) -> Diff:
    """What differs between two sealed runs of a store."""
    from engine.evidence.period.chosen import Runs
    from engine.evidence.period.diff import diff as compared

    folder, _, trust = _read(store, config)
    return compared(folder, trust, Runs(*pair), read_policy, weaker, within)


def notice(store: str, config: Path, now: str, within: int, read_policy: ReadPolicy, weaker: Weaker) -> Notice:
    """What people are to be told of the night that it is."""
    from engine.evidence.period.notice import notice as told

    folder, _, trust = _read(store, config)
    return told(folder, trust, now, read_policy, weaker, within)


def close(
    store: str, config: Path, starts: date, ends: date, read_policy: ReadPolicy, weaker: Weaker, clock: Clock
) -> tuple[int, Period]:
    """Close a period; gives the sequence of the entry, and what it closed."""
    from engine.evidence import closing
    from engine.evidence.period.made import Asked, filmed, shown

    recorder, asked = _recorder(store, config), Asked(starts, ends)
    film, reading = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, read_policy)
    found = shown(film, reading, recorder.trust, asked, weaker)
    return closing.close(recorder, film, reading, found, clock.now()).sequence, found


def respond(
    store: str, config: Path, named: str, answer: Mapping[str, str], read_policy: ReadPolicy, clock: Clock
) -> tuple[int, Failure]:
    """Seal management's response to a failure of any night; gives the sequence of its entry, and the failure."""
    from engine.evidence import responding
    from engine.evidence.period import keeping
    from engine.evidence.period.made import Asked, filmed

    recorder, now = _recorder(store, config), clock.now()
    first = next(iter(keeping.verified_chain(recorder.layout, recorder.trust).placed), None)
    starts = date.fromisoformat((first.entry.recorded_at if first else now)[:10]) - timedelta(days=2)
    asked = Asked(starts, date.fromisoformat(now[:10]) + timedelta(days=1))
    film, _ = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, read_policy)
    link, failure = responding.respond(recorder, film, named, responding.Answer(**answer), now)
    return link.sequence, failure


def freeze(
    store: str, config: Path, check: str | None, starts: date, ends: date, read_policy: ReadPolicy, clock: Clock
) -> tuple[int, Frozen]:
    """Seal the population of a check, or of a period's nights; gives the sequence of its entry, and the list."""
    from engine.evidence import sampling
    from engine.evidence.period.made import Asked, filmed

    recorder = _recorder(store, config)
    film, reading = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, Asked(starts, ends), read_policy)
    link, population = sampling.freeze(recorder, film, reading, check, clock.now())
    return link.sequence, population


def drawn(store: str, config: Path, sequence: int, size: int, nonce: str | None, clock: Clock) -> tuple[int, Draw]:
    """Draw from a frozen population by a nonce, which is recorded; gives the sequence of its entry, and the sample."""
    from engine.evidence import sampling

    link, _, sample = sampling.drawn(_recorder(store, config), sequence, size, nonce, clock.now())
    return link.sequence, sample


def replaced(store: str, config: Path, sequence: int, unit: str, reason: str, clock: Clock) -> tuple[int, str]:
    """Replace a unit of a sample by the next in its order; gives the sequence of the entry, and that unit."""
    from engine.evidence import sampling

    link, by = sampling.replace(_recorder(store, config), sequence, unit, reason, clock.now())
    return link.sequence, by


def _recorder(store: str, config: Path) -> Recorder:
    from engine.evidence.keys import load_keys

    return _opened(store, load_keys(config), config / "trust.json")


def compact(store: str, config: Path, before: date | None, clock: Clock) -> Sequence[Merged]:
    """Merge what the runs of each month stored that is over before a day."""
    from engine.evidence import compaction

    now = clock.now()
    return compaction.compact(_recorder(store, config), before.isoformat() if before is not None else now[:10], now)


@dataclass(frozen=True, slots=True)
class Expiry:
    """What retention says of each run, and the entry that removed those that were due; None where none was removed.

    ``published``: the store holds tables for engines, which still say what was removed until they are made anew.
    """

    fates: Sequence[Fate]
    sequence: int | None = None
    published: bool = False


def expire(
    store: str,
    config: Path,
    retention: Retention | None,
    remove: bool,
    unclosed: bool,
    read_policy: ReadPolicy,
    clock: Clock,
) -> Expiry:
    """What retention says of each run of a store; with ``remove``, those that are due are removed."""
    from engine.evidence import expiry
    from engine.evidence.period.keeping import verified_chain

    if retention is None:
        raise UsageError("removing runs: organization.yaml says nothing of retention, so that all are kept for good")
    recorder, now = _recorder(store, config), clock.now()
    reading = verified_chain(recorder.layout, recorder.trust)
    fates = expiry.fates(reading, recorder.layout, retention, date.fromisoformat(now[:10]), unclosed)
    done = expiry.expire(recorder, retention, now, unclosed, read_policy) if remove else None
    return Expiry(fates, done[0].sequence if done is not None else None, recorder.layout.tables.is_dir())


def lock(store: str, config: Path, organization: Organization, clock: Clock) -> Locked:
    """Bring the locks of a bucket in line with the policy. Raises UsageError, VerificationError, SealError."""
    from engine.evidence.layout import Layout
    from engine.evidence.objects.holding import lock as locked
    from engine.evidence.period.keeping import verified_chain

    retention, mirror = organization.retention, _mirror(store)
    if mirror is None:
        raise UsageError(f"locking objects of {store}: it is a folder; Object Lock is of s3://")
    how = _asked_lock(organization)
    if retention is None or how is None:
        raise UsageError(
            f"locking objects of {store}: organization.yaml asks for no Object Lock: retention.object_lock"
        )
    folder, _, trust = _read(store, config)
    layout = Layout(folder)
    reading = verified_chain(layout, trust)
    return locked(mirror, layout, reading, retention, how, date.fromisoformat(clock.now()[:10]))


def rebuild(store: str, config: Path, compare: bool) -> Comparison:
    """Make the store's index anew, and keep it unless it is only to be compared."""
    from engine.evidence.keys import load_secret
    from engine.evidence.layout import Layout
    from engine.evidence.period import keeping

    folder, trusted, trust = _read(store, config)
    made = keeping.compare if compare else keeping.rebuild
    return made(Layout(folder), trust, load_secret(trusted))


def publish(store: str, config: Path, folder: Path | None, read_policy: ReadPolicy) -> Published:
    """Bring the tables of a store up to date, in a folder (default: in the store's index)."""
    from engine.evidence.keys import load_secret
    from engine.evidence.layout import Layout
    from engine.evidence.publishing import publish as published
    from engine.evidence.trust import read_trust

    layout = Layout(local(store))
    trusted = _trusted(layout.root, config)
    trust, secret = read_trust(trusted / "trust.json"), load_secret(trusted)
    return published(layout, trust, secret, folder or layout.tables.absolute(), read_policy)


def changes(store: str, gates: Sequence[str], config: Path, gates_config: Path, starts: date, ends: date) -> Changes:
    """The gates of ``gates`` (none: of ``store``) beside the live runs of ``store``."""
    from engine.evidence import gated

    folder, _, trust = _read(store, config)
    live = (folder, trust)
    others = [(place, said) for place, _, said in (_read(gate, gates_config) for gate in gates)]
    return gated.changes(live, others or [live], starts.isoformat(), ends.isoformat())


def _secret(config: Path) -> bytes | None:
    """The store's secret; None where only the trust file is at hand, as with an auditor."""
    from engine.evidence.keys import SECRET_FILE, load_secret

    return load_secret(config) if (config / SECRET_FILE).exists() else None
