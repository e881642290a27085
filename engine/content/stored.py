"""Checks and schemas from the bytes that an evidence store keeps of them, compiled as they were when they judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.content.checks import CompiledCheck, check_of, compile_checks
from engine.content.files import parse
from engine.content.resources import types_of
from engine.content.root import Root
from engine.content.validation import shape
from engine.errors import ContentError, Problem
from engine.model import Check


def compile_stored(
    checks: Mapping[str, bytes], schemas: Mapping[str, bytes], parameters: Mapping[str, Mapping[str, Any]], root: Root
) -> tuple[CompiledCheck, ...]:
    """The checks (by id) on resource types (by name), with the parameters that were in force.

    ``root`` gives the schema that every check must have. Raises ContentError where the bytes are no checks to this
    version.
    """
    loaded = parse_stored(checks, root)
    types = types_of({Path(f"{name}.schema.json"): source for name, source in schemas.items()})
    return compile_checks(loaded, types, parameters)


def parse_stored(checks: Mapping[str, bytes], root: Root) -> list[Check]:
    """The checks (by id) in these bytes, by id. Raises ContentError where one is none to this version."""
    problems: list[Problem] = []
    rules = shape(root.schema("check"))
    loaded = []
    for id_, source in sorted(checks.items()):
        document = parse(Path(f"{id_}.yaml"), source, problems)
        if document is not None:
            found = list(rules.problems(document))
            problems += found
            loaded += [] if found else [check_of(document, id_)]
    if problems:
        raise ContentError(problems)
    return loaded
