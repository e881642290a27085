"""The remediation plan, ``policies/remediation.yaml``: read, held to its schema, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.content.files import Document, read
from engine.content.validation import shape
from engine.errors import ContentError, Problem
from engine.programme.remediation import Task

NAME: Final = "remediation.yaml"
"""The plan's name in a policy folder. It decides nothing, so that no run is judged by it and none seals it."""
_DAYS: Final = ("opened_on", "target", "done_on", "dropped_on", "reopened_on")
_KEYS: Final = ("id", "what", "owner", "target", "ticket", "note", "opened_on", "done_on", "dropped_on", "reopened_on")
_PLAIN: Final = frozenset(_DAYS)
_HEAD: Final = """\
# What is to be done before the report. Written by: auditreel report gap --remediation FILE
# Yours are owner, target (YYYY-MM-DD), ticket and note. The rest is written anew, comments are not kept.
"""


def load_plan(path: Path, schema: Path) -> tuple[Task, ...]:
    """The plan in a file; nothing where there is none. Raises ContentError with every problem."""
    problems: list[Problem] = []
    tasks = plan_in(path, schema, problems)
    if problems:
        raise ContentError(problems)
    return tasks


def plan_in(path: Path, schema: Path, problems: list[Problem]) -> tuple[Task, ...]:
    """The plan in a file, nothing where there is none; what is wrong with it is added to ``problems``."""
    document = read(path, problems) if path.exists() else None
    if document is None:
        return ()
    found = shape(schema).problems(document) or list(_contradictions(document))
    problems += found
    return () if found else tuple(_task(said) for said in document.value["items"])


def _task(said: Mapping[str, Any]) -> Task:
    told: dict[str, Any] = {key: date.fromisoformat(value) if key in _DAYS else value for key, value in said.items()}
    return Task(**told)


def _contradictions(document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, said in enumerate(document.value["items"]):
        if said["id"] in seen:
            yield document.problem(("items", index, "id"), f"{said['id']} is there already")
        seen.add(said["id"])
        for key in ("done_on", "dropped_on", "reopened_on"):
            if key in said and said[key] < said["opened_on"]:
                yield document.problem(("items", index, key), f"is before opened_on, {said['opened_on']}")
        if "done_on" in said and "dropped_on" in said:
            yield document.problem(("items", index, "dropped_on"), "an item is done or dropped, not both")


def written(tasks: Iterable[Task]) -> bytes:
    """The plan as the bytes of its file. Text is written as JSON strings, which are YAML's too (YAML 1.2, 7.3.1)."""
    lines = [_HEAD]
    for task in tasks:
        rows = [(key, value) for key in _KEYS if (value := getattr(task, key)) is not None]
        for number, (key, value) in enumerate(rows):
            text = str(value) if key in _PLAIN else json.dumps(value, ensure_ascii=False)
            lines.append(f"  {'- ' if number == 0 else '  '}{key}: {text}\n")
    lines.insert(1, "items:\n" if len(lines) > 1 else "items: []\n")
    return "".join(lines).encode()
