"""The values of the programme: policy documents, dated records with their files, and what is expected when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

Every = Literal["month", "quarter", "half_year", "year"]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When a recurring control is expected: once in every calendar ``every`` that lies wholly after ``since``.

    Evidence is due by the last day of each, and late up to ``grace_days`` after it.
    """

    every: Every
    grace_days: int
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a record: ``sha256`` and ``size`` (bytes) are what the record says of it.

    ``altered``: what lies there now is something else; ``missing``: nothing lies there.
    """

    name: str
    sha256: str
    size: int
    state: Literal["whole", "altered", "missing"] = "whole"


@dataclass(frozen=True, slots=True)
class Record:
    """Something that people did, dated: a file of ``policies/records``. ``kind`` is what controls ask for.

    ``effective_on`` is the day for which it speaks, None where nobody said; ``received_on`` is when it came to us, and
    ``committed_at`` (RFC 3339 UTC) when a commit brought the file as it stands: None where no repository says.
    ``occurrence`` names the calendar period that it belongs to ("2026-Q3") where that is not the one in which it was
    made. ``valid_until`` is the last day for which it is good. ``supports`` are the controls it is meant for; none:
    all that ask for its kind. ``facts`` and ``rows`` are the kind's own.
    """

    id: str
    kind: str
    title: str
    by: str
    path: Path
    digest: str
    effective_on: date | None = None
    received_on: date | None = None
    valid_until: date | None = None
    occurrence: str | None = None
    supports: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Mapping[str, Any], ...] = ()
    committed_at: str | None = None

    @property
    def on_word_of(self) -> str | None:
        """Who says so, where no file shows it; None where one does."""
        return None if self.files else self.by

    @property
    def whole(self) -> bool:
        """Whether every file is there as the record says."""
        return all(file.state == "whole" for file in self.files)


@dataclass(frozen=True, slots=True)
class Policy:
    """A written policy of the organisation: a file of ``policies/documents``, by its front matter.

    A template, or what nobody approved, is no policy yet: ``approved_by`` and ``approved_on`` are None.
    """

    id: str
    kind: str
    title: str
    owner: str
    version: str
    criteria: tuple[str, ...]
    path: Path
    digest: str
    template: bool = False
    approved_by: str | None = None
    approved_on: date | None = None
    effective_on: date | None = None
    review_by: date | None = None


State = Literal["current", "expired", "not_yet", "undated", "altered", "template", "unapproved", "unreviewed", "absent"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a kind of evidence stands on a day: the best there is. ``source`` is the record or document; None: absent.

    ``since`` and ``until`` bound the days for which it is good; None: no bound is known. ``on_word_of`` is who recorded
    it where the record has no file: nothing but that word shows it.
    """

    kind: str
    state: State
    source: str | None = None
    since: date | None = None
    until: date | None = None
    on_word_of: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One expected time of a recurring control. ``name`` is its calendar period: "2026-Q3".

    "on_time", "late" (within the grace), "absent" (the grace is over and nothing speaks for it) or "open". ``lacking``
    are the kinds of evidence that nothing shows yet; ``sources`` the records that do; ``after`` are records that came
    when the grace was over: they are shown, and do not fill it. ``on_word_of`` are those who recorded what fills it
    without a file; ``handed_in_on`` is the day after the grace on which the last of it came, where some did.
    """

    name: str
    starts: date
    due: date
    closes: date
    state: Literal["on_time", "late", "absent", "open"]
    sources: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    on_word_of: tuple[str, ...] = ()
    handed_in_on: date | None = None


# --- the scope of the report -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    """A service commitment or a system requirement, who says so, and the criteria that it bears on."""

    id: str
    text: str
    source: str
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundaryRule:
    """What is part of the system (``state`` "in") or is not, who approved that, and why.

    It holds of a resource where all that is said matches. ``provider``, ``accounts``, ``groups``, ``regions``,
    ``types``: None or empty where they are not said. ``groups`` are what a provider gathers accounts in, at any depth:
    organizational units, management groups, folders. ``when`` is CEL over the resource's identity and tags.
    """

    id: str
    reason: str
    approver: str
    approved_on: date
    state: Literal["in", "out_of_boundary"] = "out_of_boundary"
    provider: str | None = None
    accounts: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    when: str | None = None


@dataclass(frozen=True, slots=True)
class VendorReport:
    """A subservice organisation's own report, as we have it: the days it speaks for, opinion, deviations, our review.

    ``bridge_until`` is the last day that its bridge letter speaks for.
    """

    type: str
    starts: date
    ends: date
    opinion: str
    deviations: tuple[str, ...] = ()
    bridge_until: date | None = None
    reviewed_on: date | None = None
    reviewed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Subservice:
    """A subservice organisation: carved out of the report or included in it.

    ``assumed`` are controls that we assume it has (text, criteria); ``duties`` are what its report asks of its users
    (text, our control); ``monitored_by`` is our control that watches over it.
    """

    id: str
    name: str
    method: Literal["carve_out", "inclusive"]
    services: str
    monitored_by: str
    assumed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    duties: tuple[tuple[str, str], ...] = ()
    report: VendorReport | None = None


@dataclass(frozen=True, slots=True)
class EntityControl:
    """A complementary user-entity control: what customers must do, and our control that depends on it."""

    id: str
    text: str
    criteria: tuple[str, ...]
    control: str


@dataclass(frozen=True, slots=True)
class Programme:
    """What an organisation says of its report's scope: ``organization.yaml``, apart from what runs need.

    ``system`` holds the fields of the system description that are written; ``owners`` maps a role to who holds it,
    ``reviewers`` an account or a provider to the role that reviews its access.
    """

    commitments: tuple[Promise, ...] = ()
    requirements: tuple[Promise, ...] = ()
    system: Mapping[str, str] = field(default_factory=dict)
    boundary: tuple[BoundaryRule, ...] = ()
    subservices: tuple[Subservice, ...] = ()
    entity_controls: tuple[EntityControl, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reviewers: Mapping[str, str] = field(default_factory=dict)
    auditor: str | None = None
