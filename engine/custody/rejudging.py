"""Judging sealed runs again: each by its own checks on its own snapshot, or many by one version of a check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine.content.checks import CompiledCheck
from engine.content.load import load
from engine.content.root import find
from engine.content.stored import compile_stored, parse_stored, programme_in
from engine.custody import stores
from engine.custody.verification import Verdict
from engine.errors import UsageError
from engine.judging.boundary import EVERYTHING, Boundary, Sorting
from engine.judging.evaluate import evaluate
from engine.judging.selection import within
from engine.model import Check, Finding

if TYPE_CHECKING:
    from engine.evidence.replay import Engine, Recorded


def replay(run_id: str, store: str, config: Path) -> Verdict:
    """Judge a sealed run again, by its own checks on its own snapshot, and compare every record."""
    from engine.evidence.replay import replay as replayed

    folder, _, trust = stores.readable(store, config)
    result = replayed(folder, trust, run_id, _rejudged, _at_hand())
    return Verdict(result.lines(), result.exit_code)


def replay_bundle(path: Path, config: Path) -> Verdict:
    """Judge every run of a bundle again, by its own checks on its own snapshot. Needs no store."""
    from engine.evidence.bundle_replay import replay_bundle as replayed
    from engine.evidence.trust import read_trust

    result = replayed(path, read_trust(config / "trust.json"), _rejudged, _at_hand())
    return Verdict(result.lines(), result.exit_code)


def replays(window: tuple[str, str], store: str, config: Path) -> Verdict:
    """Judge the sealed runs of a period (first and last day, UTC) again, each by its own checks, and compare."""
    from engine.evidence.anchors import NOT_ANCHORED
    from engine.evidence.replay import replays as replayed

    if window[0] > window[1]:
        raise UsageError(f"judging a period again: it ends on {window[1]}, before it begins on {window[0]}")
    compiled: dict[Any, Sequence[CompiledCheck]] = {}

    def judge(recorded: Recorded) -> tuple[Finding, ...]:
        # Most nights are judged by the same content, which its digests tell.
        content = recorded.seal.asked.content
        if content not in compiled:
            compiled[content] = _compiled(recorded)
        return _judged(recorded, compiled[content])

    folder, _, trust = stores.readable(store, config)
    found = list(replayed(folder, trust, window, judge, _at_hand()))
    notes = dict.fromkeys(f"note: {text}" for one in found for text in one.statements)
    lines = [line for one in found for line in one.lines()[1:] if line not in notes]
    same = [one for one in found if one.exit_code == 0]
    total = f"{len(found)} runs, {sum(one.records for one in found)} records: {len(same)} runs identical"
    return Verdict((NOT_ANCHORED, *lines, *notes, total), 0 if found and len(same) == len(found) else 5)


def retest(
    check: str, version: int, window: tuple[str, str], store: str, config: Path, policy: Path | None = None
) -> Verdict:
    """Judge every sealed run of a period (first and last day, UTC) by one version of a check, and compare.

    The version is that of the last run that has it, else the one at hand. Raises UsageError for a period that ends
    before it begins, VerificationError where what is read does not verify or nobody has the version.
    """
    from engine.evidence.retest import Test
    from engine.evidence.retest import retest as tested

    if window[0] > window[1]:
        raise UsageError(f"judging a period again: it ends on {window[1]}, before it begins on {window[0]}")
    root = find(policy)
    content = load(root)
    known = content.checks.get(check)
    schemas = {name: type_.source for name, type_ in content.types.items()}
    at_hand = (known, schemas) if known is not None else None
    settings = content.policy.organization.parameters.get(check, {})

    def judge(recorded: Recorded, test: Test) -> tuple[Finding, ...]:
        # Values that were in force; of a parameter that the run's version did not have, what is set now.
        values = {**settings, **recorded.parameters.get(check, {})}
        kept = {name: value for name, value in values.items() if name in test.check.parameters}
        return _judged(recorded, compile_stored({check: test.check.source}, test.schemas, {check: kept}, root))

    def parse(id_: str, source: bytes) -> Check:
        (found,) = parse_stored({id_: source}, root)
        return found

    folder, _, trust = stores.readable(store, config)
    result = tested(folder, trust, (check, version), window, judge, parse, Test(*at_hand) if at_hand else None)
    return Verdict(result.lines(), result.exit_code)


def _at_hand() -> Engine:
    from engine.evidence.replay import Engine

    return Engine(engine.__version__, engine.SEMANTICS)


def _rejudged(recorded: Recorded) -> tuple[Finding, ...]:
    return _judged(recorded, _compiled(recorded))


def _compiled(recorded: Recorded) -> Sequence[CompiledCheck]:
    """The checks of a stored run, ready to be judged by."""
    return compile_stored(recorded.sources("checks"), recorded.sources("schemas"), recorded.parameters, find())


def _judged(recorded: Recorded, compiled: Sequence[CompiledCheck]) -> tuple[Finding, ...]:
    """What checks say of a stored snapshot, with the filters of its run."""
    filters = recorded.seal.asked.filters
    accounts, regions = tuple(filters.get("accounts", ())), tuple(filters.get("regions", ()))
    return evaluate(recorded.snapshot, compiled, partial(within, accounts, regions), _sorted(recorded))


def _sorted(recorded: Recorded) -> Sorting:
    """A stored snapshot by the boundary that its run applied, which stands in the policy that it was judged by."""
    if recorded.seal.asked.boundary is None:
        return EVERYTHING
    boundary = Boundary(programme_in(recorded.sources("policies")).boundary, recorded.snapshot.groups)
    return boundary.sorted(recorded.snapshot)
