"""Lists of an auditor's requests, ``policies/requests/*.yaml``: read, held to their schema, and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from engine.content.files import Document, read
from engine.content.root import Root
from engine.content.validation import shape
from engine.content.written import accepted, add, replace, text_of
from engine.errors import ContentError, Problem
from engine.programme.requests import Request, RequestList, Sheet, Tie

FOLDER: Final = "requests"
"""The folder's name in a policy folder. It decides nothing, so that no run is judged by it and none seals it."""
_SCHEMA: Final = "requests"
_TARGETS: Final = ("kind", "checks", "control", "part", "record", "document", "file")
_HEAD: Final = b"""\
# The requests of an auditor. Written by: auditreel requests import FILE; comments are not kept.
# To change what a line is tied to, its owner or its note: auditreel requests tie
"""


def load_lists(root: Root) -> tuple[RequestList, ...]:
    """Every list of a policy folder, by id. Raises ContentError with every problem of every file."""
    problems: list[Problem] = []
    folder = root.policies / FOLDER
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".yaml" and not path.name.startswith("."):
            document = read(path, problems)
            wrong = shape(root.schema(_SCHEMA)).problems(document) if document is not None else []
            if document is not None and not wrong:
                wrong = list(_contradictions(document))
                found += [] if wrong else [_list(document)]
            problems += wrong
        elif not path.name.startswith(".") and path.suffix != ".md":
            problems.append(Problem(path, 1, 1, "", "is no list of requests; the name must end in .yaml"))
    if problems:
        raise ContentError(problems)
    return tuple(found)


def save(requests: RequestList, root: Root, doing: str) -> None:
    """Write a list, whole or not at all, in the place of what is there. Raises UsageError where a rule refuses it."""
    source = _HEAD + text_of(_value(requests))
    accepted(requests.path, source, root, _SCHEMA, doing)
    if requests.path.exists():
        replace(requests.path, source)
    else:
        add(requests.path, source)


def _contradictions(document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    sheets = document.value["sheets"]
    for index, said in enumerate(document.value["requests"]):
        if said["id"] in seen:
            yield document.problem(("requests", index, "id"), f"{said['id']} is there already")
        seen.add(said["id"])
        if said["sheet"] >= len(sheets):
            yield document.problem(("requests", index, "sheet"), f"there are {len(sheets)} sheets")
        elif len(said["cells"]) != len(sheets[said["sheet"]]["columns"]):
            yield document.problem(("requests", index, "cells"), "are not as many as the columns of its sheet")
        for number, tie in enumerate(said["ties"]):
            named = [key for key in _TARGETS if key in tie]
            if len(named) != 1 and named != ["kind", "checks"]:
                message = f"names {' and '.join(named) or 'nothing'}; it is one of {', '.join(_TARGETS)}"
                yield document.problem(("requests", index, "ties", number), message)
            elif ("file" in tie) != ("sha256" in tie):
                yield document.problem(
                    ("requests", index, "ties", number), "a file has its sha256, and nothing else has"
                )


def _list(document: Document) -> RequestList:
    value = document.value
    return RequestList(
        id=document.path.stem,
        source=value["source"]["name"],
        sha256=value["source"]["sha256"],
        imported_on=date.fromisoformat(value["imported_on"]),
        sheets=tuple(Sheet(said.get("name"), tuple(said["columns"])) for said in value["sheets"]),
        requests=tuple(map(_request, value["requests"])),
        path=document.path,
    )


def _request(said: Mapping[str, Any]) -> Request:
    def day(key: str) -> date | None:
        return date.fromisoformat(said[key]) if key in said else None

    return Request(
        id=said["id"],
        text=said["text"],
        row=said["row"],
        sheet=said["sheet"],
        cells=tuple(said["cells"]),
        area=said.get("area"),
        criteria=tuple(said.get("criteria", ())),
        controls=tuple(said.get("controls", ())),
        asks=said["asks"],
        contact=said.get("contact"),
        due=day("due"),
        ties=tuple(Tie(**{**tie, "checks": tuple(tie.get("checks", ()))}) for tie in said["ties"]),
        tied_by=said["tied_by"],
        tied_on=day("tied_on"),
        owner=said.get("owner"),
        note=said.get("note"),
        added_on=day("added_on"),
        was=said.get("was"),
        dropped_on=day("dropped_on"),
    )


def _value(requests: RequestList) -> dict[str, Any]:
    return {
        "source": {"name": requests.source, "sha256": requests.sha256},
        "imported_on": requests.imported_on,
        "sheets": [_said({"name": sheet.name, "columns": list(sheet.columns)}) for sheet in requests.sheets],
        "requests": [_written(row) for row in requests.requests],
    }


def _written(row: Request) -> dict[str, Any]:
    head = {
        "id": row.id,
        "text": row.text,
        "area": row.area,
        "asks": row.asks,
        "criteria": list(row.criteria) or None,
        "controls": list(row.controls) or None,
        "due": row.due,
        "contact": row.contact,
        "owner": row.owner,
        "note": row.note,
        "tied_by": row.tied_by,
        "tied_on": row.tied_on,
        "was": row.was,
        "added_on": row.added_on,
        "dropped_on": row.dropped_on,
    }
    ties = [
        _said(
            {
                "kind": tie.kind,
                "checks": list(tie.checks) or None,
                "control": tie.control,
                "part": tie.part,
                "record": tie.record,
                "document": tie.document,
                "file": tie.file,
                "sha256": tie.sha256,
                "why": tie.why,
                "sure": tie.sure,
            }
        )
        for tie in row.ties
    ]
    return {**_said(head), "ties": ties, "row": row.row, "sheet": row.sheet, "cells": list(row.cells)}


def _said(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: said for key, said in value.items() if said is not None}
