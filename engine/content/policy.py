"""The organisation's side: criteria, organisation, controls and waivers, read from ``policies/``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.content import remediation
from engine.content.controls import control_problems, controls_of
from engine.content.files import Document, read
from engine.content.parameters import conforms
from engine.content.people import load_people
from engine.content.programme import programme_of, programme_problems
from engine.content.provenance import Commit, Unanswered, brought
from engine.content.references import unknown_accounts, unowned
from engine.content.root import Root
from engine.content.tables import table_problems
from engine.content.validation import Shape, shape
from engine.content.waivers import waiver_of, waiver_problems
from engine.content.wording import suggestion
from engine.errors import ContentError, Problem
from engine.expressions.types import parse_type
from engine.model import Check, Control, Criterion, Hold, Organization, Retention, Schedule, Waiver
from engine.programme.model import Policy as PolicyDocument
from engine.programme.model import Record
from engine.programme.remediation import Task

_FILES: Final = frozenset(("criteria.yaml", "organization.yaml", "README.md", remediation.NAME))
_FOLDERS: Final = frozenset(("checks", "controls", "waivers", "documents", "records", "requests", "reviews", "tables"))


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything in the policy folder; ``sources`` are the bytes of each file that was read, for the evidence store.

    ``tables`` is what is said of each listing that is handed in, by the name of the file that says it. The listings
    themselves, which name people, are read by their provider and are not among the sources.
    """

    criteria: Mapping[str, Criterion]
    organization: Organization
    controls: tuple[Control, ...]
    waivers: tuple[Waiver, ...]
    sources: Mapping[Path, bytes] = field(repr=False)
    records: tuple[Record, ...] = ()
    documents: tuple[PolicyDocument, ...] = ()
    plan: tuple[Task, ...] = ()
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def load_policy(
    root: Root,
    checks: Mapping[str, Check],
    known: Collection[str],
    problems: list[Problem],
    brought: Callable[[Path], Commit | None] = brought,
) -> Policy | None:
    """The policy folder, cross-checked against the checks; what is wrong is added to ``problems``.

    ``known`` are the ids of all check files, also of those whose own problems kept them out of ``checks``. ``brought``
    finds the commit of a waiver's file. None where problems leave nothing to go on with.
    """
    problems += _misplaced(root.policies)
    documents: dict[Path, Document] = {}

    def accepted(path: Path, kind: str, partly: bool = False) -> Document | None:
        document = read(path, problems)
        if document is None:
            return None
        found = shape(root.schema(kind)).problems(document)
        problems.extend(found)
        documents[path] = document
        if found and partly:
            return _remainder(document, found, shape(root.schema(kind)))
        return None if found else document

    listing = accepted(root.criteria, "criteria")
    setting = accepted(root.policies / "organization.yaml", "organization", partly=True)
    controls = [accepted(path, "control") for path in _files(root.controls)]
    waivers = [accepted(path, "waiver") for path in _files(root.policies / "waivers")]
    if listing is None or setting is None:
        return None
    criteria = criteria_of(listing, problems)
    organization = organization_of(setting)
    problems += _unfitting(setting, organization, criteria, checks, known)
    concluded = _controls(controls, criteria, known, problems)
    problems += programme_problems(organization.programme, setting, concluded, criteria)
    problems += unknown_accounts(organization, setting)
    people = load_people(root, concluded, criteria, problems)
    listings = [row for path in _files(root.tables) if (row := accepted(path, "table")) is not None]
    problems += table_problems(root.tables, listings, setting, organization)
    problems += unowned(organization, [*filter(None, controls), *people.files], root.policies)
    policy = Policy(
        criteria=criteria,
        organization=organization,
        controls=concluded,
        waivers=_waivers(waivers, organization, known, brought, problems),
        sources={path: document.source for path, document in documents.items()} | dict(people.sources),
        records=people.records,
        documents=people.documents,
        tables={document.path.stem: document.value for document in listings},
        plan=remediation.plan_in(root.policies / remediation.NAME, root.schema("remediation"), problems),
    )
    problems += [
        setting.problem(("criteria", id_), f"{control.id} addresses it")
        for id_, (state, _) in organization.stated.items()
        for control in policy.controls
        # A control may stand beside what is left to others: it watches over them, or does our part.
        if state == "not_relevant" and id_ in control.criteria
    ]
    return policy


def _remainder(document: Document, found: Collection[Problem], schema: Shape) -> Document | None:
    """``organization.yaml`` without its improper keys, so that what else is wrong is told at once."""
    if not isinstance(document.value, dict):
        return None
    improper = {re.split(r"[.\[]", problem.key)[0] for problem in found}
    kept = {key: value for key, value in document.value.items() if key not in improper}
    value = {"name": "-", "categories": ["security"], **kept}
    return replace(document, value=value) if schema.accepts(value) else None


def load_organization(root: Root) -> Organization:
    """What organization.yaml says, alone. Raises ContentError with every problem of it."""
    problems: list[Problem] = []
    document = read(root.policies / "organization.yaml", problems)
    if document is not None:
        problems += shape(root.schema("organization")).problems(document)
    if problems or document is None:
        raise ContentError(problems)
    return organization_of(document)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.yaml") if not path.name.startswith("."))


def _misplaced(folder: Path) -> Iterator[Problem]:
    """Files that nothing would read: passed over, a waiver or a control would be missing without a word."""
    for path in sorted(folder.iterdir()):
        known = _FOLDERS if path.is_dir() else _FILES
        if path.name not in known and not path.name.startswith("."):
            yield Problem(path, 1, 1, "", f"is not known in a policy folder{suggestion(path.name, known)}")
    for name in ("controls", "waivers"):
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and path.suffix != ".yaml" and not path.name.startswith(".") and path.suffix != ".md":
                yield Problem(path, 1, 1, "", "the name must end in .yaml")


def criteria_of(document: Document, problems: list[Problem]) -> dict[str, Criterion]:
    """The criteria of a file that its schema accepts, by id; what is there twice is added to ``problems``."""
    criteria: dict[str, Criterion] = {}
    for index, value in enumerate(document.value["criteria"]):
        if value["id"] in criteria:
            problems.append(document.problem(("criteria", index, "id"), f"{value['id']} is there already"))
        lists = {"typical_evidence": tuple(value["typical_evidence"])}
        criteria[value["id"]] = Criterion(**{**value, **lists})
    return criteria


def organization_of(document: Document) -> Organization:
    """What a file that its schema accepts says of the organisation."""
    value = document.value
    rules = value.get("waivers", {})
    return Organization(
        name=value["name"],
        categories=tuple(value["categories"]),
        path=document.path,
        digest=hashlib.sha256(document.source).hexdigest(),
        providers=tuple(value.get("providers", ("aws",))),
        says_providers="providers" in value,
        waiver_days=rules.get("max_days", 365),
        self_approval=rules.get("self_approval") == "allowed",
        parameters=value.get("parameters", {}),
        stated={id_: (said["state"], said["reason"]) for id_, said in value.get("criteria", {}).items()},
        access=value.get("access", {}),
        store=value.get("store"),
        authorities={said["authority"]: said["url"] for said in value.get("time_stamps", ())},
        schedule=Schedule(**value.get("schedule", {})),
        retention=_retention(value.get("retention")),
        window=_window(value.get("window")),
        programme=programme_of(value),
    )


def _window(value: Mapping[str, str] | None) -> tuple[date, date] | None:
    return None if value is None else (date.fromisoformat(value["from"]), date.fromisoformat(value["to"]))


def _retention(value: Mapping[str, Any] | None) -> Retention | None:
    if value is None:
        return None
    holds = (
        Hold(date.fromisoformat(said["from"]), date.fromisoformat(said["to"]), said["reason"])
        for said in value.get("holds", ())
    )
    return Retention(value["days"], tuple(holds), value.get("object_lock"))


def _unfitting(
    document: Document,
    organization: Organization,
    criteria: Collection[str],
    checks: Mapping[str, Check],
    known: Collection[str],
) -> Iterator[Problem]:
    """Settings of ``organization.yaml`` for what is not there, or of the wrong type."""
    if "security" not in organization.categories:
        yield document.problem(("categories",), "security is always in a SOC 2 report: add it")
    if not _is_timezone(organization.schedule.timezone):
        yield document.problem(("schedule", "timezone"), f"no time zone {organization.schedule.timezone} is known here")
    for number, hold in enumerate(organization.retention.holds if organization.retention else ()):
        if hold.starts > hold.ends:
            yield document.problem(("retention", "holds", number), "it ends before it starts")
    for id_ in organization.stated:
        if id_ not in criteria:
            yield document.key_problem(("criteria", id_), f"there is no criterion {id_}")
    for id_, values in organization.parameters.items():
        if id_ not in known:
            yield document.key_problem(("parameters", id_), f"there is no check {id_}{suggestion(id_, known)}")
        if id_ not in checks:
            continue
        declared = checks[id_].parameters
        for name, value in values.items():
            keys = ("parameters", id_, name)
            if name not in declared:
                yield document.key_problem(keys, f"{id_} has no parameter {name}{suggestion(name, declared)}")
                continue
            try:
                fits = conforms(value, parse_type(declared[name].type))
            except ValueError:
                continue  # the check's own file is at fault, and its problem says so
            if not fits:
                yield document.problem(keys, f"is no {declared[name].type}")


def _is_timezone(name: str) -> bool:
    try:
        return name == "UTC" or ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _controls(
    documents: list[Document | None],
    criteria: Mapping[str, Criterion],
    known: Collection[str],
    problems: list[Problem],
) -> tuple[Control, ...]:
    controls: dict[str, Control] = {}
    for document in filter(None, documents):
        for control, keys in controls_of(document):
            problems += control_problems(control, document, keys, criteria, known)
            if control.id in controls:
                message = f"{control.id} is in {controls[control.id].path} already"
                problems.append(document.problem((*keys, "id"), message))
            controls[control.id] = control
    return tuple(controls[id_] for id_ in sorted(controls))


def _waivers(
    documents: list[Document | None],
    organization: Organization,
    known: Collection[str],
    brought: Callable[[Path], Commit | None],
    problems: list[Problem],
) -> tuple[Waiver, ...]:
    waivers: dict[str, Waiver] = {}
    for document in filter(None, documents):
        try:
            commit = brought(document.path)
        except Unanswered as error:
            problems.append(document.problem((), f"git does not say which commit brought it: {error}"))
            continue
        waiver = waiver_of(document, commit)
        problems += waiver_problems(waiver, document, organization, known)
        if waiver.id in waivers:
            problems.append(document.problem((), f"{waiver.id} is the id of {waivers[waiver.id].path} already"))
        waivers[waiver.id] = waiver
    return tuple(waivers[id_] for id_ in sorted(waivers))
