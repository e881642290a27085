"""Between a run and its evidence: its intent, what is recorded of each part, and its seal.

The evidence package is imported only where something is recorded, since it loads DuckDB.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import engine
from engine.collection.journal import Forgetful, Journal
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.custody import stores
from engine.errors import AuditreelError, SealError, UsageError
from engine.model import Assessment, Clock, Finding, Scope, Snapshot
from providers.base import Directory

if TYPE_CHECKING:
    from engine.evidence.seal import Recorder
    from engine.run.resume import Unsealed


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
    from engine.run.resume import begun

    if plan.kind == "demo":
        if "://" in place:
            raise UsageError(f"recording a demonstration in {place}: it is no evidence, and has a folder of its own")
        config = _demonstration(Path(place))
    # A demonstration signs with its throw-away key, whatever key the environment holds.
    keys = load_keys(config, {}) if plan.kind == "demo" else load_keys(config)
    recorder = stores.opened(place, keys, config / "trust.json", content.policy.organization)
    intended = Plan(
        kind=plan.kind,
        trigger=plan.trigger,
        organization=plan.organization,
        filters=plan.filters,
        engine_version=engine.__version__,
        dependencies=dependencies(),
        boundary=_digest(plan.boundary),
        witness=plan.witness,
        semantics=engine.SEMANTICS,
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
            raise UsageError(
                f"recording a demonstration in {folder}: it is not a demonstration's; name another --store"
            )
        initialise(folder, config, demonstration=True)
    return config


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
    from engine.evidence.keys import ADDRESS_FILE, KEY_FILE, KEY_VARIABLE

    return bool(environment.get(KEY_VARIABLE)) or any((config / name).exists() for name in (KEY_FILE, ADDRESS_FILE))
