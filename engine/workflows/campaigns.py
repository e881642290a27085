"""Campaigns of access reviews where they lie: in ``policies/reviews``, and in the records that they became."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from engine.content.load import Content
from engine.content.policy import Policy
from engine.content.wording import suggestion
from engine.custody import inspection
from engine.errors import UsageError, VerificationError
from engine.programme.model import Record
from engine.reviews import campaign as campaigns
from engine.reviews import sheet
from engine.reviews.campaign import TABLE, Campaign
from engine.reviews.deciding import Answers, answers
from engine.reviews.model import Decision, Line
from engine.reviews.persons import same
from engine.run.request import RunRequest

KIND: Final = "access_review"
"""The kind of evidence that a signed campaign is."""
FOLDER: Final = "reviews"
"""The folder of campaigns in a policy folder."""


@dataclass(frozen=True, slots=True)
class Status:
    """A campaign as it stands: what its table says so far, and the record that it was signed into (None: not yet)."""

    campaign: Campaign
    folder: Path
    answers: Answers
    record: Record | None = None


def of_run(run: str, store: str, config: Path, accounts: Sequence[str], id_: str) -> Campaign:
    """What a sealed run shows, of some accounts or (none named) of all. Raises UsageError, VerificationError."""
    from engine.reviews.population import narrowed, population

    sequence, digest, filters = inspection.seal_of(run, store, config)
    snapshot = inspection.snapshot_of(run, store, config)
    found = population(snapshot, accounts)
    # Whoever names accounts means no others.
    whole = found if accounts else narrowed(found, filters)
    return campaigns.of(id_, whole, (run, sequence, digest, snapshot.as_of), accounts, {})


def store_of(request: RunRequest, content: Content, doing: str) -> str:
    """The store that the request or the policy names. Raises UsageError where neither does."""
    store = request.store or content.policy.organization.store
    if store is None:
        raise UsageError(f"{doing}: no store is named; use --store DIR, or auditreel init")
    return store


def place_of(content: Content, id_: str, doing: str) -> Path:
    """Where a campaign of this id lies. Raises UsageError for what is no id."""
    if not id_.replace("-", "").replace("_", "").isalnum() or not id_.isascii():
        raise UsageError(f"{doing}: {id_!r} is no id: letters, digits, hyphen and underscore")
    return content.root.policies / FOLDER / id_


def folders(content: Content, id_: str | None) -> list[Path]:
    """The folders of all campaigns, or of one. Raises UsageError where that is not there."""
    found = sorted((content.root.policies / FOLDER).glob("[!.]*/"))
    if id_ is None:
        return found
    mine = [path for path in found if path.name == id_]
    if not mine:
        raise UsageError(
            f"reading the access review {id_}: there is none{suggestion(id_, [path.name for path in found])}"
        )
    return mine


def known(content: Content) -> str:
    """What to do where a campaign is not signed."""
    ids = [path.name for path in folders(content, None)]
    return f"; sign it first (there are: {', '.join(ids)})" if ids else "; begin one: auditreel review new"


def status_of(folder: Path, records: Iterable[Record], today: date) -> Status:
    """A campaign as it stands. Raises InputError where its files cannot be read."""
    made = campaigns.load(folder)
    rows = sheet.read(campaigns.read(folder / TABLE), str(folder / TABLE))
    return Status(made, folder, answers(made.lines, rows, made.began, today), record_of(records, made.id))


def is_signed(record: Record) -> bool:
    """Whether a record is a campaign that was signed."""
    return record.kind == KIND and {"campaign", "population_sha256", "signed_at", "revoked"} <= record.facts.keys()


def record_of(records: Iterable[Record], id_: str) -> Record | None:
    """The record that a campaign was signed into."""
    return next((row for row in records if is_signed(row) and row.facts["campaign"] == id_), None)


def signed_in(record: Record, today: date) -> tuple[Campaign, Mapping[str, Decision]]:
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


def owner_of(policy: Policy) -> str:
    """Whose access reviews are: the owner of the first control that asks for them."""
    asking = (control.owner for control in policy.controls if KIND in control.evidence)
    return next(asking, "nobody")


def reviewers_of(lines: Iterable[Line], policy: Policy) -> dict[str, str]:
    """Who reviews each line: whoever holds the role that ``reviewers`` names for its account or its provider.

    Without one that is the owner of access reviews. Nobody is asked to review themselves.
    """
    programme, usual = policy.organization.programme, owner_of(policy)
    found = {}
    for line in lines:
        role = programme.reviewers.get(line.account) or programme.reviewers.get(line.provider) or usual
        people = programme.owners.get(role, (role,))
        others = [who for who in people if "yes" not in (same(who, line.name), same(who, line.identity))]
        found[line.key] = others[0] if others else f"somebody else than {people[0]}"
    return found
