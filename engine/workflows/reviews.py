"""Access reviews: a campaign is made of a sealed run, decided by people, signed into a record, and then verified.

A campaign lies in ``policies/reviews/ID``: the table that people fill in, and beside it what the table is compared
with. Signing makes it anew from the run, so that what was altered, added or removed since is found, and records it as
evidence. The next run shows whether what was to be revoked is gone; nothing else does.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from engine.content.load import load
from engine.content.root import find
from engine.content.written import lodge_folder, replace_or_add
from engine.custody import inspection
from engine.errors import UsageError, VerificationError
from engine.programme.model import Record
from engine.reviews import sheet
from engine.reviews.campaign import SIDECAR, TABLE, VERIFIED, Campaign
from engine.reviews.deciding import Answers
from engine.reviews.model import Outcome
from engine.run.request import RunRequest
from engine.workflows import evidence, own
from engine.workflows.campaigns import (
    FOLDER,
    KIND,
    Status,
    folders,
    known,
    of_run,
    place_of,
    record_of,
    reviewers_of,
    signed_in,
    status_of,
    store_of,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A campaign that was signed: the record that it became, with the occurrences that it fills."""

    status: Status
    added: evidence.Added


@dataclass(frozen=True, slots=True)
class Verified:
    """What a run shows of the revocations of a signed campaign. ``run`` is None where none was made since."""

    campaign: Campaign
    record: Record
    outcomes: tuple[Outcome, ...]
    run: str | None = None
    as_of: str | None = None

    def of(self, state: str) -> tuple[Outcome, ...]:
        """Those that came out so."""
        return tuple(row for row in self.outcomes if row.state == state)


def new(request: RunRequest, run: str | None, accounts: Collection[str], id_: str | None, today: date) -> Status:
    """Write a campaign for what a sealed run (default: the newest) read of people and their rights.

    Raises UsageError where no account of the run is meant or the campaign is there already, and as reading a run does.
    """
    doing = "beginning an access review"
    content = own(request.policy, doing)
    store = store_of(request, content, doing)
    named = run or inspection.latest(store, request.config)
    made = of_run(named, store, request.config, sorted(accounts), id_ or f"{today}-access")
    if not made.lines:
        raise UsageError(f"{doing}: run {named} read no account {' or '.join(sorted(accounts))}")
    made = replace(made, reviewers=reviewers_of(made.lines, content.policy))
    folder = place_of(content, made.id, doing)
    table = sheet.write(made.lines, made.reviewers)
    lodge_folder(folder, {TABLE: table, SIDECAR: made.encode()})
    return status_of(folder, content.policy.records, today)


def show(policy: Path | None, id_: str | None, today: date) -> tuple[Status, ...]:
    """One campaign as it stands, or all of them, the oldest first. Raises InputError, UsageError."""
    found = load(find(policy))
    return tuple(status_of(folder, found.policy.records, today) for folder in folders(found, id_))


def sign(request: RunRequest, id_: str, by: str, today: date, now: str, occurrence: str | None = None) -> Signed:
    """Record a campaign that is decided as evidence. ``by`` answers for the record, ``now`` is RFC 3339 UTC.

    The population is made anew from the sealed run. Raises UsageError, with everything that is open, altered or
    improper, and writes nothing then; VerificationError where the run does not verify.
    """
    doing = f"signing the access review {id_}"
    content = own(request.policy, doing)
    (folder,) = folders(content, id_)
    status = status_of(folder, content.policy.records, today)
    if status.record is not None:
        raise UsageError(f"{doing}: it is signed already: {status.record.path}")
    made = status.campaign
    sealed = of_run(made.run, store_of(request, content, doing), request.config, made.accounts, made.id)
    if (sealed.digest, sealed.seal) != (made.digest, made.seal):
        raise UsageError(
            f"{doing}: {folder / SIDECAR} is not what run {made.run} shows: it was altered; begin a new one"
        )
    if not status.answers.complete:
        raise UsageError(f"{doing}: {_refusal(status.answers)}")
    decisions = status.answers.decisions
    facts = {
        "campaign": made.id,
        "run": made.run,
        "seal": made.seal,
        "population_sha256": made.digest,
        "lines": len(made.lines),
        "identities": len({(line.place, line.identity) for line in made.lines if not line.unseen}),
        "kept": status.answers.count("keep"),
        "revoked": status.answers.count("revoke"),
        "not_seen_and_reviewed_elsewhere": status.answers.count("elsewhere"),
        "signed_at": now,
        **({"only_accounts": list(made.accounts)} if made.accounts else {}),
    }
    asked = evidence.Evidence(
        files=(folder / TABLE, folder / SIDECAR),
        kind=KIND,
        title=f"Access review of {made.began}, {len(made.lines)} lines",
        by=by,
        received=today,
        effective=max((decision.on for decision in decisions.values()), default=today),
        occurrence=occurrence,
        facts=facts,
    )
    return Signed(status, evidence.record(asked, request.policy, today))


def verify(request: RunRequest, id_: str, run: str | None, today: date) -> Verified:
    """What a sealed run, the newest where none is named, shows of what a signed campaign revoked; it is written down.

    Raises UsageError where the campaign is not signed, VerificationError where its record or a run does not verify.
    """
    doing = f"verifying the access review {id_}"
    content = own(request.policy, doing)
    record = record_of(content.policy.records, id_)
    if record is None:
        raise UsageError(f"{doing}: no record says that it was signed{known(content)}")
    made, decided = signed_in(record, today)
    store = store_of(request, content, doing)
    sealed = of_run(made.run, store, request.config, made.accounts, made.id)
    if (sealed.digest, sealed.seal) != (made.digest, made.seal):
        raise VerificationError(f"{doing}: {record.path} is not of what run {made.run} shows")
    revoked = [(line, decided[line.key]) for line in made.lines if decided[line.key].word == "revoke"]
    named = run or inspection.latest(store, request.config)
    later = of_run(named, store, request.config, (), made.id) if revoked else None
    if later is None or named == made.run or later.as_of < str(record.facts["signed_at"]):
        why = "no run was made since it was signed"
        return Verified(made, record, tuple(Outcome(line, decision, "unseen", why) for line, decision in revoked))
    from engine.reviews.population import population
    from engine.reviews.verifying import outcomes

    snapshot = inspection.snapshot_of(named, store, request.config)
    found = Verified(made, record, tuple(outcomes(revoked, population(snapshot))), named, later.as_of)
    place = content.root.policies / FOLDER / id_ / VERIFIED
    replace_or_add(place, _written(found, later))
    return found


def _written(found: Verified, later: Campaign) -> bytes:
    value = {
        "schema": 1,
        "campaign": found.campaign.id,
        "record": found.record.id,
        "population_sha256": found.campaign.digest,
        "run": later.run,
        "seal": later.seal,
        "as_of": later.as_of,
        "outcomes": [
            {
                "line": row.line.key,
                "name": row.line.name,
                "access": row.line.access,
                "revoked_on": row.decision.on.isoformat(),
                "state": row.state,
                **({"why": row.why} if row.why else {}),
            }
            for row in found.outcomes
        ],
    }
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode(errors="surrogatepass")


def _refusal(said: Answers) -> str:
    parts = [*said.tampered, *said.improper]
    parts += [f"not decided: {line.name}: {line.access} (L-{line.key})" for line in said.open]
    more = f"; and {len(parts) - _TOLD} more" if len(parts) > _TOLD else ""
    return "; ".join(parts[:_TOLD]) + more


_TOLD: Final = 20
