"""What access reviews wait for: decisions, signatures, and revocations that no run has shown to be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from engine.content.policy import Policy
from engine.errors import InputError, VerificationError
from engine.programme.due import Due
from engine.programme.model import Record
from engine.reviews import campaign as campaigns
from engine.reviews.campaign import TABLE, VERIFIED, Campaign
from engine.workflows.campaigns import FOLDER, Status, is_signed, owner_of, signed_in, status_of


def due(policy: Policy, folder: Path, today: date) -> Iterator[Due]:
    """What access reviews wait for: decisions, signatures, and revocations that no run has shown to be done."""
    owner = owner_of(policy)
    for place in sorted((folder / FOLDER).glob("[!.]*/")):
        try:
            status = status_of(place, policy.records, today)
        except InputError as error:
            yield Due(
                owner, "undated", None, place.name, f"an access review that cannot be read: {error}", "restore it"
            )
            continue
        if status.record is None:
            yield _unsigned(status, owner)
    for record in policy.records:
        if is_signed(record) and record.facts["revoked"]:
            yield from _unverified(record, folder, owner, today)


def _unsigned(status: Status, owner: str) -> Due:
    said, made = status.answers, status.campaign
    what = f"the access review of {made.began}: {len(said.open)} of {len(made.lines)} lines are not decided"
    if faults := len(said.tampered) + len(said.improper):
        what += f", {faults} {'is' if faults == 1 else 'are'} improper"
    sign_it = f"auditreel review sign {made.id} --by NAME"
    return Due(owner, "undated", None, made.id, what, sign_it if said.complete else f"fill in {status.folder / TABLE}")


def _unverified(record: Record, folder: Path, owner: str, today: date) -> Iterator[Due]:
    id_ = str(record.facts["campaign"])
    then = f"revoke it, scan, and auditreel review verify {id_}"
    try:
        made, decided = signed_in(record, today)
    except (InputError, VerificationError) as error:
        yield Due(owner, "undated", None, id_, f"revocations of a review that cannot be read: {error}", "restore it")
        return
    states = _states(folder / FOLDER / id_ / VERIFIED, made)
    for line in made.lines:
        decision, state = decided[line.key], states.get(line.key, "")
        if decision.word != "revoke" or state == "gone":
            continue
        what = f"{line.access} of {line.name} ({line.provider} {line.account}) was revoked on {decision.on}"
        if state == "still_there":
            yield Due(owner, "overdue", decision.on, id_, f"{what} and is still there", then)
        else:
            yield Due(owner, "undated", None, id_, f"{what}; no run has shown that it is gone", then)


def _states(path: Path, made: Campaign) -> dict[str, str]:
    """What was verified of a campaign by line's key; nothing where that is of another population, or not readable."""
    try:
        value: dict[str, Any] = json.loads(campaigns.read(path))
        if value["population_sha256"] != made.digest:
            return {}
        return {str(row["line"]): str(row["state"]) for row in value["outcomes"]}
    except (InputError, ValueError, KeyError, TypeError):
        return {}
