"""Access reviews: a campaign is made of a sealed run, decided by people, signed into a record, and then verified.

A campaign lies in ``policies/reviews/ID``: the table that people fill in, and beside it what the table is compared
with. Signing makes it anew from the run, so that what was altered, added or removed since is found, and records it as
evidence. The next run shows whether what was to be revoked is gone; nothing else does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine import recording
from engine.content.load import Content, load
from engine.content.policy import Policy
from engine.content.root import find
from engine.content.wording import suggestion
from engine.content.written import lodge_folder, replace_or_add
from engine.errors import InputError, UsageError, VerificationError
from engine.office import evidence, own
from engine.pipeline import RunRequest
from engine.programme.due import Due
from engine.programme.model import Record
from engine.reviews import campaign as campaigns
from engine.reviews import sheet
from engine.reviews.campaign import SIDECAR, TABLE, VERIFIED, Campaign
from engine.reviews.deciding import Answers, answers
from engine.reviews.model import Decision, Line, Outcome
from engine.reviews.persons import same

KIND: Final = "access_review"
"""The kind of evidence that a signed campaign is."""
_FOLDER: Final = "reviews"


@dataclass(frozen=True, slots=True)
class Status:
    """A campaign as it stands: what its table says so far, and the record that it was signed into (None: not yet)."""

    campaign: Campaign
    folder: Path
    answers: Answers
    record: Record | None = None


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
    store = _store(request, content, doing)
    named = run or recording.latest(store, request.config)
    made = _of_run(named, store, request.config, sorted(accounts), id_ or f"{today}-access")
    if not made.lines:
        raise UsageError(f"{doing}: run {named} read no account {' or '.join(sorted(accounts))}")
    made = replace(made, reviewers=_reviewers(made.lines, content.policy))
    folder = _place(content, made.id, doing)
    table = sheet.write(made.lines, made.reviewers)
    lodge_folder(folder, {TABLE: table, SIDECAR: made.encode()})
    return _status(folder, content.policy.records, today)


def show(policy: Path | None, id_: str | None, today: date) -> tuple[Status, ...]:
    """One campaign as it stands, or all of them, the oldest first. Raises InputError, UsageError."""
    found = load(find(policy))
    return tuple(_status(folder, found.policy.records, today) for folder in _folders(found, id_))


def sign(request: RunRequest, id_: str, by: str, today: date, now: str, occurrence: str | None = None) -> Signed:
    """Record a campaign that is decided as evidence. ``by`` answers for the record, ``now`` is RFC 3339 UTC.

    The population is made anew from the sealed run. Raises UsageError, with everything that is open, altered or
    improper, and writes nothing then; VerificationError where the run does not verify.
    """
    doing = f"signing the access review {id_}"
    content = own(request.policy, doing)
    (folder,) = _folders(content, id_)
    status = _status(folder, content.policy.records, today)
    if status.record is not None:
        raise UsageError(f"{doing}: it is signed already: {status.record.path}")
    made = status.campaign
    sealed = _of_run(made.run, _store(request, content, doing), request.config, made.accounts, made.id)
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
    record = _record(content.policy.records, id_)
    if record is None:
        raise UsageError(f"{doing}: no record says that it was signed{_known(content)}")
    made, decided = _signed(record, today)
    store = _store(request, content, doing)
    sealed = _of_run(made.run, store, request.config, made.accounts, made.id)
    if (sealed.digest, sealed.seal) != (made.digest, made.seal):
        raise VerificationError(f"{doing}: {record.path} is not of what run {made.run} shows")
    revoked = [(line, decided[line.key]) for line in made.lines if decided[line.key].word == "revoke"]
    named = run or recording.latest(store, request.config)
    later = _of_run(named, store, request.config, (), made.id) if revoked else None
    if later is None or named == made.run or later.as_of < str(record.facts["signed_at"]):
        why = "no run was made since it was signed"
        return Verified(made, record, tuple(Outcome(line, decision, "unseen", why) for line, decision in revoked))
    from engine.reviews.population import population
    from engine.reviews.verifying import outcomes

    snapshot = recording.snapshot_of(named, store, request.config)
    found = Verified(made, record, tuple(outcomes(revoked, population(snapshot))), named, later.as_of)
    place = content.root.policies / _FOLDER / id_ / VERIFIED
    replace_or_add(place, _written(found, later))
    return found


def due(policy: Policy, folder: Path, today: date) -> Iterator[Due]:
    """What access reviews wait for: decisions, signatures, and revocations that no run has shown to be done."""
    owner = _owner(policy)
    for place in sorted((folder / _FOLDER).glob("*/")):
        try:
            status = _status(place, policy.records, today)
        except InputError as error:
            yield Due(
                owner, "undated", None, place.name, f"an access review that cannot be read: {error}", "restore it"
            )
            continue
        if status.record is None:
            yield _unsigned(status, owner)
    for record in policy.records:
        if _is_signed(record) and record.facts["revoked"]:
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
        made, decided = _signed(record, today)
    except (InputError, VerificationError) as error:
        yield Due(owner, "undated", None, id_, f"revocations of a review that cannot be read: {error}", "restore it")
        return
    states = _states(folder / _FOLDER / id_ / VERIFIED, made)
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


# --- where things are ------------------------------------------------------------------------------------------------


def _of_run(run: str, store: str, config: Path, accounts: Sequence[str], id_: str) -> Campaign:
    from engine.reviews.population import narrowed, population

    sequence, digest, filters = recording.seal_of(run, store, config)
    snapshot = recording.snapshot_of(run, store, config)
    found = population(snapshot, accounts)
    # Whoever names accounts means no others.
    whole = found if accounts else narrowed(found, filters)
    return campaigns.of(id_, whole, (run, sequence, digest, snapshot.as_of), accounts, {})


def _store(request: RunRequest, content: Content, doing: str) -> str:
    store = request.store or content.policy.organization.store
    if store is None:
        raise UsageError(f"{doing}: no store is named; use --store DIR, or auditreel init")
    return store


def _place(content: Content, id_: str, doing: str) -> Path:
    if not id_.replace("-", "").replace("_", "").isalnum() or not id_.isascii():
        raise UsageError(f"{doing}: {id_!r} is no id: letters, digits, hyphen and underscore")
    return content.root.policies / _FOLDER / id_


def _folders(content: Content, id_: str | None) -> list[Path]:
    folders = [path for path in sorted((content.root.policies / _FOLDER).glob("*/")) if not path.name.startswith(".")]
    if id_ is None:
        return folders
    mine = [path for path in folders if path.name == id_]
    if not mine:
        raise UsageError(f"reading the access review {id_}: there is none{suggestion(id_, [p.name for p in folders])}")
    return mine


def _known(content: Content) -> str:
    ids = [path.name for path in _folders(content, None)]
    return f"; sign it first (there are: {', '.join(ids)})" if ids else "; begin one: auditreel review new"


def _status(folder: Path, records: Iterable[Record], today: date) -> Status:
    made = campaigns.load(folder)
    rows = sheet.read(campaigns.read(folder / TABLE), str(folder / TABLE))
    return Status(made, folder, answers(made.lines, rows, made.began, today), _record(records, made.id))


def _is_signed(record: Record) -> bool:
    return record.kind == KIND and {"campaign", "population_sha256", "signed_at", "revoked"} <= record.facts.keys()


def _record(records: Iterable[Record], id_: str) -> Record | None:
    return next((row for row in records if _is_signed(row) and row.facts["campaign"] == id_), None)


def _signed(record: Record, today: date) -> tuple[Campaign, Mapping[str, Decision]]:
    """A campaign and its decisions as they were signed. Raises VerificationError where its files are not whole."""
    if not record.whole:
        broken = ", ".join(f"{file.name} is {file.state}" for file in record.files if file.state != "whole")
        raise VerificationError(f"reading {record.path}: {broken}")
    folder = record.path.with_suffix("")
    made = campaigns.load(folder)
    rows = sheet.read(campaigns.read(folder / TABLE), str(folder / TABLE))
    found = answers(made.lines, rows, made.began, today)
    if made.digest != record.facts["population_sha256"] or not found.complete:
        raise VerificationError(f"reading {record.path}: its files are not the campaign that it says was signed")
    return made, found.decisions


def _refusal(said: Answers) -> str:
    parts = [*said.tampered, *said.improper]
    parts += [f"not decided: {line.name}: {line.access} (L-{line.key})" for line in said.open]
    more = f"; and {len(parts) - _TOLD} more" if len(parts) > _TOLD else ""
    return "; ".join(parts[:_TOLD]) + more


_TOLD: Final = 20


# --- who reviews -----------------------------------------------------------------------------------------------------


def _owner(policy: Policy) -> str:
    """Whose access reviews are: the owner of the first control that asks for them."""
    asking = (control.owner for control in policy.controls if KIND in control.evidence)
    return next(asking, "nobody")


def _reviewers(lines: Iterable[Line], policy: Policy) -> dict[str, str]:
    """Who reviews each line: whoever holds the role that ``reviewers`` names for its account or its provider.

    Without one that is the owner of access reviews. Nobody is asked to review themselves.
    """
    programme, usual = policy.organization.programme, _owner(policy)
    found = {}
    for line in lines:
        role = programme.reviewers.get(line.account) or programme.reviewers.get(line.provider) or usual
        people = programme.owners.get(role, (role,))
        others = [who for who in people if "yes" not in (same(who, line.name), same(who, line.identity))]
        found[line.key] = others[0] if others else f"somebody else than {people[0]}"
    return found
