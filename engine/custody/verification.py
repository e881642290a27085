"""Whether evidence holds: of a store, a run, the proof of a record, or a bundle; and whether two tell one story."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.custody import stores
from engine.custody.inspection import is_run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying or replaying showed: lines for a reader, the first on how it is anchored, and the exit code."""

    lines: tuple[str, ...]
    exit_code: int


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
        trust = read_trust(stores.trust_folder(store, config) / "trust.json")
        with stores.anew(store) as (folder, _):
            report = verified(folder, trust, target, allow_unanchored)
        return Verdict(report.lines(), report.exit_code)
    # Before the bucket: whoever appends and pins meanwhile must not make it look cut off.
    trust = read_trust(stores.trust_folder(target, config) / "trust.json")
    with stores.anew(target) as (path, strange):
        if path.is_dir():
            report = with_strangers(verified(path, trust, None, allow_unanchored), strange)
        elif not is_proof(path):
            report = verify_bundle(path, trust, allow_unanchored)
        elif store is None:
            report = verify_file(path, trust, None)
        else:
            with stores.anew(store) as (folder, _):
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
    with stores.anew(one) as (first, _), stores.anew(other) as (second, _):
        faults = compared(first, second, read_trust(config / "trust.json"))
    lines += [f"problem: {fault}" for fault in faults] or ["the two tell one story"]
    return Verdict(tuple(lines), 5 if faults else max(codes))
