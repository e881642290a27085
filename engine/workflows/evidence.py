"""Evidence that people bring: a record with its files, by the rules that the controls and the schema set."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.content.load import load
from engine.content.people import record_of, record_problems
from engine.content.root import find
from engine.content.wording import suggestion
from engine.content.written import accepted, lodge, refuse, text_of
from engine.errors import Problem, UsageError
from engine.model import Control
from engine.programme.model import Occurrence, Record
from engine.programme.needs import Need, needs
from engine.programme.occurrences import name_of
from engine.programme.sentences import named, recording
from engine.programme.standing import DOCUMENTS, supports
from engine.workflows import own, shown
from engine.workflows.demands import demands, kinds_of

_LARGEST: Final = 64 << 20
"""Bytes of a file beyond which it is no attachment: every run seals what the folder holds."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What ``evidence add`` was asked for. ``received`` is when it came to us; ``supports``: none means all."""

    files: tuple[Path, ...]
    kind: str
    title: str
    by: str
    received: date
    effective: date | None = None
    until: date | None = None
    occurrence: str | None = None
    supports: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Added:
    """A record that was written, every demand that it was made for as it stands now, and records with equal files."""

    record: Record
    needs: tuple[Need, ...]
    again: tuple[str, ...]

    def filled(self, need: Need) -> tuple[Occurrence, ...]:
        """The occurrences of a demand that the record speaks for."""
        return tuple(row for row in need.occurrences if self.record.id in row.sources)

    def belated(self, need: Need) -> tuple[Occurrence, ...]:
        """The occurrences that it came too late for."""
        return tuple(row for row in need.occurrences if self.record.id in row.after)


def listed(policy: Path | None, on: date) -> tuple[Need, ...]:
    """Every kind of evidence that the controls name, as it stands on a day; what is due longest ago first."""
    found = load(find(policy)).policy
    return needs(demands(found), shown(found, on), found.organization.window is not None)


def record(evidence: Evidence, policy: Path | None, on: date) -> Added:
    """Copy files into the policy folder and write the record that names them.

    Raises UsageError for what contradicts the controls or itself; nothing is written then.
    """
    doing = "recording evidence"
    content = own(policy, doing)
    controls = content.policy.controls
    if evidence.kind in DOCUMENTS:
        raise UsageError(
            f"{doing}: {named(evidence.kind)} is a policy, which counts once approved: {recording(evidence.kind)}"
        )
    asking = _asking(evidence, controls, doing)
    if evidence.occurrence is not None:
        _refuse_occurrence(evidence, asking, doing)
    files = _files(evidence.files, doing)
    folder = content.root.policies / "records"
    id_ = _free(folder, f"{evidence.effective or evidence.received}-{evidence.kind.replace('_', '-')}")
    path = folder / f"{id_}.yaml"
    source = text_of(_value(evidence, files))
    document = accepted(path, source, content.root, "record", doing)
    made = record_of(document, files)
    problems: list[Problem] = list(record_problems(made, document, {control.id for control in controls}))
    refuse(problems, doing)
    lodge(path, source, files)
    # What was written is read again, as every run will.
    now = load(content.root).policy
    mine = next(row for row in now.records if row.id == id_)
    digests = {file.sha256 for file in mine.files}
    again = tuple(
        row.id for row in now.records if row.id != id_ and digests.intersection(file.sha256 for file in row.files)
    )
    meant = [row for row in demands(now) if supports(mine, row.kind, row.control)]
    return Added(mine, needs(meant, shown(now, on), now.organization.window is not None), again)


def _asking(evidence: Evidence, controls: Sequence[Control], doing: str) -> list[Control]:
    """The controls that a record of this kind is meant for."""
    known = {control.id: control for control in controls}
    for id_ in evidence.supports:
        if id_ not in known:
            raise UsageError(f"{doing}: there is no control {id_}{suggestion(id_, known)}")
    asking = [control for control in controls if evidence.kind in kinds_of(control)]
    if not asking:
        named = sorted({kind for control in controls for kind in kinds_of(control)})
        near = suggestion(evidence.kind, named) or "; see: auditreel evidence list"
        raise UsageError(f"{doing}: no control names the kind {evidence.kind}{near}")
    for id_ in evidence.supports:
        if known[id_] not in asking:
            theirs = ", ".join(sorted(kinds_of(known[id_]))) or "no kind of evidence"
            raise UsageError(f"{doing}: {id_} does not ask for {evidence.kind}; it asks for {theirs}")
    return [control for control in asking if not evidence.supports or control.id in evidence.supports]


def _refuse_occurrence(evidence: Evidence, asking: Sequence[Control], doing: str) -> None:
    """Refuse an occurrence that no control has that the record is meant for."""
    rhythms = {control.occurs.every for control in asking if control.occurs and evidence.kind in control.evidence}
    forms = sorted({name_of(every, evidence.effective or evidence.received) for every in rhythms})
    if not forms:
        ids = ", ".join(control.id for control in asking)
        raise UsageError(f"{doing}: it can be of no occurrence, for {ids} is not recurring; leave --occurrence out")
    if _form(evidence.occurrence or "") not in map(_form, forms):
        raise UsageError(
            f"{doing}: there is no occurrence {evidence.occurrence}; one is named like {' or '.join(forms)}"
        )


def _form(occurrence: str) -> str:
    return re.sub(r"\d", "0", occurrence)


def _files(paths: Sequence[Path], doing: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path in paths:
        if path.name in files:
            raise UsageError(f"{doing}: two files are called {path.name}; rename one")
        try:
            if not path.is_file():
                raise UsageError(f"{doing}: {path} is no file")
            if path.stat().st_size > _LARGEST:
                raise UsageError(f"{doing}: {path} is larger than {_LARGEST >> 20} MiB, and every run seals it")
            files[path.name] = path.read_bytes()
            if not files[path.name]:
                raise UsageError(f"{doing}: {path} is empty, and shows nothing")
        except OSError as error:
            raise UsageError(f"{doing}: reading {path}: {error.strerror or error}") from error
    return files


def _value(evidence: Evidence, files: dict[str, bytes]) -> dict[str, Any]:
    value: dict[str, Any] = {
        "kind": evidence.kind,
        "title": evidence.title,
        "by": evidence.by,
        "effective_on": evidence.effective,
        "received_on": evidence.received,
        "valid_until": evidence.until,
        "occurrence": evidence.occurrence,
        "supports": list(dict.fromkeys(evidence.supports)) or None,
        "files": [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in files.items()
        ],
        "facts": dict(evidence.facts) or None,
    }
    return {name: said for name, said in value.items() if said is not None}


def _free(folder: Path, wanted: str) -> str:
    """An id that no record has: ``wanted``, else that with the first number that is free."""
    taken = {path.name.removesuffix(".yaml").casefold() for path in folder.iterdir()} if folder.is_dir() else set()
    number, id_ = 1, wanted
    while id_ in taken:
        number += 1
        id_ = f"{wanted}-{number}"
    return id_
