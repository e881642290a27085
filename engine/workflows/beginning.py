"""A policy folder to begin with: the organisation, the controls of its categories, and templates of its policies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.content.files import parse
from engine.content.load import Content, load
from engine.content.root import find
from engine.content.written import accepted, add, scalar
from engine.errors import Problem, UsageError
from engine.judging.scope import PRESETS, applying
from engine.workflows.discovery import Found, proposal

QUESTIONS: Final[Mapping[str, str]] = {
    "availability": "Do contracts promise customers how long the service is up, or how fast it is back?",
    "processing_integrity": "Do you compute what customers rely on as it comes out: money, payroll, orders?",
    "confidentiality": "Do you hold what customers call confidential: their files, source code, business figures?",
    "privacy": "Do you collect personal data from people themselves, and decide what is done with it?",
}
"""What a yes adds to a report, by category. Security is in every one."""
_ORDER: Final = ("security", *QUESTIONS)
_MONTHS: Final = 6
_RECURS: Final = re.compile(r"^ +occurs: \{every: \w+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Begun:
    """What was written into a policy folder; nothing where it has an ``organization.yaml`` already."""

    policy: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    controls: int
    templates: int


def proposed(preset: str | None, categories: Collection[str]) -> tuple[str, ...]:
    """The categories of a report, in their usual order: those of a preset, and those that are named."""
    chosen = {"security", *(PRESETS[preset] if preset is not None else ()), *categories}
    return tuple(name for name in _ORDER if name in chosen)


def begin(
    policy: Path,
    name: str,
    categories: tuple[str, ...],
    providers: tuple[str, ...],
    store: str | None,
    on: date,
    accounts: Sequence[Found] = (),
) -> Begun:
    """Write a policy folder, or what is missing of it; what is there stays as it is.

    Recurring controls are expected from ``on``. ``accounts`` are those that there are, as far as is known.

    Raises UsageError where something cannot be written, ContentError where what is there already does not fit.
    """
    doing = f"making the policy folder {policy}"
    there = policy / "organization.yaml"
    if there.exists():
        return Begun(policy, (), (there,), 0, 0)
    content = load(find())
    templates = dict(_templates(content, categories))
    roles = sorted(_roles(content, categories, templates))
    source = _organization(name, categories, providers, store, on, accounts, roles)
    accepted(there, source, content.root, "organization", doing)
    files = {
        **{policy / "controls" / file.name: data for file, data in _controls(content, categories, on)},
        **{policy / "documents" / file.name: data for file, data in templates.items()},
        # The last one makes the folder a policy folder.
        there: source,
    }
    if policy.exists() and not policy.is_dir():
        raise UsageError(f"{doing}: it is no folder")
    kept = tuple(path for path in files if path.exists())
    for path, data in files.items():
        if path not in kept:
            add(path, data)
    found = load(find(policy)).policy
    written = tuple(path for path in files if path not in kept)
    return Begun(policy, written, kept, len(found.controls), sum(row.template for row in found.documents))


def _controls(content: Content, categories: Collection[str], on: date) -> Iterator[tuple[Path, bytes]]:
    """The files of controls, without the controls that serve other categories only.

    What recurs is expected from a day on: nobody missed what was due before the programme began.
    """
    chosen = {control.id for control in applying(content.policy.controls, content.policy.criteria, categories)}
    for path in sorted({control.path for control in content.policy.controls}):
        problems: list[Problem] = []
        document = parse(path, content.policy.sources[path], problems)
        if document is None:
            raise UsageError(f"copying {path}: {problems[0]}")
        rows = next(value.value for key, value in document.root.value if key.value == "controls")
        begins = [_start(document.text, row.start_mark.index) for row in rows]
        ends = [*begins[1:], len(document.text)]
        kept = [
            document.text[begin:end].strip("\n")
            for row, begin, end in zip(document.value["controls"], begins, ends, strict=True)
            if row["id"] in chosen
        ]
        if kept:
            text = document.text[: begins[0]] + "\n\n".join(kept) + "\n"
            yield path, _RECURS.sub(rf"\g<0>, since: {on}", text).encode()


def _start(text: str, index: int) -> int:
    """Where the line that holds ``index`` begins, with the comments right above it."""
    start = text.rfind("\n", 0, index) + 1
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip(" ").startswith("#") or not text[above:start].startswith(" "):
            return start
        start = above
    return start


def _templates(content: Content, categories: Collection[str]) -> Iterator[tuple[Path, bytes]]:
    """The templates of policies that serve a criterion of the categories."""
    criteria = content.policy.criteria
    for document in content.policy.documents:
        serves = any(criteria[id_].category in categories for id_ in document.criteria if id_ in criteria)
        if document.template and serves:
            yield document.path, content.policy.sources[document.path]


def _roles(content: Content, categories: Collection[str], templates: Collection[Path]) -> set[str]:
    """The owners of the controls and templates that are written."""
    controls = applying(content.policy.controls, content.policy.criteria, categories)
    documents = (row for row in content.policy.documents if row.path in templates)
    return {row.owner for row in controls} | {row.owner for row in documents}


def _organization(
    name: str,
    categories: tuple[str, ...],
    providers: tuple[str, ...],
    store: str | None,
    on: date,
    found: Sequence[Found],
    roles: Sequence[str],
) -> bytes:
    starts, ends = suggested(on)
    lines = [
        "# What the organisation sets; every key is described in schemas/organization.schema.json.",
        f"name: {scalar(name)}",
        "# Proposed from what was said of contracts and data. Have your auditor agree before the window begins.",
        f"categories: [{', '.join(categories)}]",
        f"providers: [{', '.join(providers)}]",
        *_listings(providers),
        "# The period of the report. Recurring controls are counted in it; set it when it is decided. A first one is",
        "# often three to six months long, and begins when the controls have run for a few weeks:",
        f"# window: {{from: {starts}, to: {ends}}}",
        "# auditor: Who examines",
        "# Who holds the roles that controls and documents name; once written, every owner has to be in it:",
        "# owners:",
        *(f"#   {scalar(role)}: [A. Person]" for role in roles),
        "# Who reviews access, by account or provider; without it, the owner of the control that asks for reviews:",
        "# reviewers: {aws: Head of Security}",
        *proposal(found, on),
        "waivers: {max_days: 365, self_approval: refused}",
        *([f"store: {scalar(store)}"] if store is not None else []),
    ]
    return ("\n".join(lines) + "\n").encode()


def _listings(providers: Collection[str]) -> Iterator[str]:
    """How listings are judged too, for who did not ask for it."""
    if "tables" not in providers:
        yield "# Listings of people, accounts and devices are judged too: add tables to providers (docs/tables.md)."


def suggested(on: date) -> tuple[date, date]:
    """A first window: six months from the beginning of the quarter after next month."""
    first = on + timedelta(days=31)
    while (first.day, first.month % 3) != (1, 1):
        first += timedelta(days=1)
    month = first.month - 1 + _MONTHS
    return first, date(first.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
