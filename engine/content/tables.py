"""What is said of the listings that are handed in, ``policies/tables``: cross-checked. Their provider reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine.content.files import Document, read
from engine.content.resources import ResourceSchema
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.model import LISTINGS, Organization

_GIVEN: Final = "row"
"""The property of a row that no column gives."""


def table_problems(
    folder: Path, documents: Collection[Document], setting: Document, organization: Organization
) -> Iterator[Problem]:
    """Files that nothing would read, and listings that nobody would be told of."""
    named = {document.value["file"] for document in documents}
    there = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else []
    for path in there:
        if path.name.startswith(".") or path.suffix in (".yaml", ".md"):
            continue
        if path.parent != folder or path.name not in named:
            yield Problem(path, 1, 1, "", "no file beside it in policies/tables says what it lists")
    for document in documents:
        if document.path.parent != folder:
            yield document.problem((), "it must lie in policies/tables itself, beside its listing")
        yield from _zone(document)
    if documents and LISTINGS not in organization.providers:
        yield setting.problem(("providers",), f"policies/tables holds listings: add {LISTINGS}, so that they are read")


def _zone(document: Document) -> Iterator[Problem]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = document.value["timezone"]
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield document.problem(("timezone",), f"no time zone {name} is known here")


def meaningless(
    folder: Path, tables: Mapping[str, Mapping[str, Any]], types: Mapping[str, ResourceSchema]
) -> Iterator[Problem]:
    """Columns that give what a row of that kind does not have, or what another column gives already."""
    for name, value in tables.items():
        known = {"id", "name", *types[value["kind"]].properties} - {_GIVEN} if value["kind"] in types else set()
        document = read(folder / f"{name}.yaml", [])
        if document is None or not known:
            continue
        given: set[str] = set()
        columns = [
            (("columns", column), said if isinstance(said, str) else said["property"])
            for column, said in value["columns"].items()
        ]
        for keys, property_ in (*columns, *((("without", i), p) for i, p in enumerate(value.get("without", ())))):
            if property_ not in known:
                message = f"{value['kind']} has no property {property_}{suggestion(property_, known)}"
                yield document.problem(keys, message)
            elif property_ in given:
                yield document.problem(keys, f"{property_} is given already")
            given.add(property_)
        if "id" not in given:
            yield document.problem(("columns",), "no column gives id, so that rows could not be told apart")
