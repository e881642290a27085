"""What people wrote down: the records and the policy documents of a policy folder, and what makes one improper."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

from engine.content.files import Document, parse, source_of
from engine.content.root import Root
from engine.content.validation import shape
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.model import Control, Criterion
from engine.programme.model import Attachment, Policy, Record

_FENCE: Final = b"---\n"


@dataclass(frozen=True, slots=True)
class People:
    """The records and documents of a policy folder, by id, and the bytes of their files.

    ``files`` are the documents as they were parsed.
    """

    records: tuple[Record, ...]
    documents: tuple[Policy, ...]
    sources: Mapping[Path, bytes]
    files: tuple[Document, ...] = ()


def load_people(
    root: Root, controls: Collection[Control], criteria: Mapping[str, Criterion], problems: list[Problem]
) -> People:
    """Everything in ``records`` and ``documents``; what is wrong with a file is added to ``problems``."""
    sources: dict[Path, bytes] = {}
    records = []
    for path in sorted((root.policies / "records").glob("*.yaml")):
        document = _accepted(path, root, "record", sources, problems)
        if document is not None:
            present = {name: _bytes(path.with_suffix("") / name) for name in files_of(document)}
            record = record_of(document, present)
            # What is not as it was recorded is no evidence, and is not sealed as if it were.
            whole = {file.name for file in record.files if file.state == "whole"}
            sources |= {
                path.with_suffix("") / name: data
                for name, data in present.items()
                if data is not None and name in whole
            }
            problems += record_problems(record, document, {control.id for control in controls})
            records.append(record)
    known = {record.path.with_suffix("") for record in records}
    problems += _stray(root.policies / "records", known)
    documents = []
    files = []
    for path in sorted((root.policies / "documents").glob("*.md")):
        document = _accepted(path, root, "document", sources, problems)
        if document is not None:
            documents.append(policy_of(document))
            files.append(document)
            for index, id_ in enumerate(documents[-1].criteria):
                if id_ not in criteria:
                    problems.append(
                        document.problem(("criteria", index), f"there is no criterion {id_}{suggestion(id_, criteria)}")
                    )
    return People(tuple(records), tuple(documents), sources, tuple(files))


def _accepted(
    path: Path, root: Root, kind: str, sources: dict[Path, bytes], problems: list[Problem]
) -> Document | None:
    source = source_of(path, problems)
    if source is None:
        return None
    sources[path] = source
    document = front_matter(path, source, problems) if path.suffix == ".md" else parse(path, source, problems)
    if document is None:
        return None
    found = shape(root.schema(kind)).problems(document)
    problems.extend(found)
    return None if found else document


def front_matter(path: Path, source: bytes, problems: list[Problem]) -> Document | None:
    """The YAML between the two lines "---" that a Markdown file begins with, placed where the file has it."""
    head, found, _ = source.partition(b"\n" + _FENCE)
    if not source.startswith(_FENCE) or not found:
        problems.append(Problem(path, 1, 1, "", 'does not begin with front matter: YAML between two lines "---"'))
        return None
    # An empty line stands for the first fence, so that lines are counted as in the file.
    document = parse(path, b"\n" + head.removeprefix(_FENCE) + b"\n", problems)
    return None if document is None else replace(document, source=source)


def files_of(document: Document) -> tuple[str, ...]:
    """The names of the files of a record that its schema accepts."""
    return tuple(said["name"] for said in document.value.get("files", ()))


def record_of(document: Document, present: Mapping[str, bytes | None]) -> Record:
    """The record in a file that its schema accepts; ``present`` are the bytes of its files, None where one is not."""
    value = document.value
    return Record(
        id=document.path.stem,
        kind=value["kind"],
        title=value["title"],
        by=value["by"],
        path=document.path,
        digest=hashlib.sha256(document.source).hexdigest(),
        effective_on=_day(value.get("effective_on")),
        received_on=_day(value.get("received_on")),
        valid_until=_day(value.get("valid_until")),
        occurrence=value.get("occurrence"),
        supports=tuple(value.get("supports", ())),
        files=tuple(
            Attachment(said["name"], said["sha256"], said["size"], _state(present.get(said["name"]), said["sha256"]))
            for said in value.get("files", ())
        ),
        facts=value.get("facts", {}),
        rows=tuple(value.get("rows", ())),
    )


def policy_of(document: Document) -> Policy:
    """The policy document whose front matter its schema accepts. One that says nothing below it is a template still."""
    value = document.value
    _, _, text = document.source.partition(b"\n" + _FENCE)
    return Policy(
        id=document.path.stem,
        kind=value["kind"],
        title=value["title"],
        owner=value["owner"],
        version=value["version"],
        criteria=tuple(value["criteria"]),
        path=document.path,
        digest=hashlib.sha256(document.source).hexdigest(),
        template=value.get("status") == "template" or not text.strip(),
        approved_by=value.get("approved_by"),
        approved_on=_day(value.get("approved_on")),
        effective_on=_day(value.get("effective_on")),
        review_by=_day(value.get("review_by")),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _state(data: bytes | None, digest: str) -> Literal["whole", "altered", "missing"]:
    if not data:
        return "missing"  # An empty file shows nothing.
    return "whole" if hashlib.sha256(data).hexdigest() == digest else "altered"


def record_problems(record: Record, document: Document, known: Collection[str]) -> Iterator[Problem]:
    """What a record refers to that is not there, and dates that contradict each other."""
    for index, id_ in enumerate(record.supports):
        if id_ not in known:
            yield document.problem(("supports", index), f"there is no control {id_}{suggestion(id_, known)}")
    if record.valid_until and record.effective_on and record.valid_until < record.effective_on:
        message = f"{record.valid_until} is before effective_on, {record.effective_on}"
        yield document.problem(("valid_until",), message)
    names = [file.name for file in record.files]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield document.problem(("files", index, "name"), "is named twice")
        elif name in (".", ".."):
            yield document.problem(("files", index, "name"), "is no file")


def _stray(folder: Path, known: Collection[Path]) -> Iterator[Problem]:
    """Files that no record names: passed over, somebody would take them for evidence."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.suffix in (".yaml", ".md"):
            continue
        if path not in known:
            yield Problem(path, 1, 1, "", "belongs to no record: a record is a file NAME.yaml, its files lie in NAME/")
