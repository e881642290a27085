"""How the evidence of people stands on a day.

Nothing is good by default: what nobody dated, approved or kept whole counts for nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from engine.programme.model import Policy, Record, Standing, State

_ORDER: Final[tuple[State, ...]] = (
    "current", "expired", "altered", "undated", "unapproved", "unreviewed", "template", "not_yet", "absent",
)  # fmt: skip
"""What tells most comes first: of several, this one is shown."""
DOCUMENTS: Final = frozenset((
    "information_security_policy", "code_of_conduct", "access_policy", "acceptable_use_policy",
    "change_management_policy", "secure_development_policy", "cryptography_policy", "data_classification_policy",
    "incident_response_plan", "continuity_plan", "risk_management_policy", "vendor_management_policy",
    "physical_security_policy", "privacy_policy",
))  # fmt: skip
"""The kinds of evidence that only a policy document is: who approved it, and until when it holds, no record says."""
GOOD_FOR: Final = timedelta(days=365)
"""How long a record that names no last day is good (a year: the longest time between two audits)."""


def standing(kind: str, control: str, records: Iterable[Record], documents: Iterable[Policy], on: date) -> Standing:
    """The best that there is of a kind of evidence for a control on a day.

    Where a kind is that of a policy document, a record is none: a file beside it does not approve it.
    """
    found = [_of_document(document, on) for document in documents if document.kind == kind]
    if kind not in DOCUMENTS and not found:
        found = [_of_record(record, on) for record in records if supports(record, kind, control)]
    return min(found, key=_rank, default=Standing(kind, "absent"))


def standing_of(source: Record | Policy, on: date) -> Standing:
    """How a single record or document stands on a day."""
    return _of_record(source, on) if isinstance(source, Record) else _of_document(source, on)


def supports(record: Record, kind: str, control: str) -> bool:
    """Whether a record is evidence of this kind for this control."""
    return record.kind == kind and (not record.supports or control in record.supports)


def last_day(record: Record) -> date | None:
    """The last day for which a record is good; None where it has no date."""
    if record.valid_until is not None or record.effective_on is None:
        return record.valid_until
    return record.effective_on + GOOD_FOR


def _rank(found: Standing) -> tuple[int, bool, int]:
    latest = found.until or found.since
    return _ORDER.index(found.state), found.on_word_of is not None, -(latest.toordinal() if latest else 0)


def _of_record(record: Record, on: date) -> Standing:
    until = last_day(record)
    state: State = "current"
    if not record.whole:
        state = "altered"
    elif record.effective_on is None:
        state = "undated"
    elif record.effective_on > on:
        state = "not_yet"
    elif until is not None and until < on:
        state = "expired"
    return Standing(record.kind, state, record.id, record.effective_on, until, record.on_word_of)


def _of_document(document: Policy, on: date) -> Standing:
    since = max(filter(None, (document.approved_on, document.effective_on)), default=None)
    state: State = "current"
    if document.template:
        state = "template"
    elif document.approved_by is None or document.approved_on is None:
        state = "unapproved"
    elif since is None or document.review_by is None:
        state = "undated"
    elif since > on:
        state = "not_yet"
    elif document.review_by < on:
        state = "expired"
    return Standing(document.kind, state, document.id, since, document.review_by)
