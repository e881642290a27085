"""What ``jsonschema`` found, in our words and at its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from engine.content.files import Document, Key
from engine.errors import Problem


def located(document: Document, before: tuple[Key, ...], error: Any) -> Iterator[Problem]:
    """The problems that one ``jsonschema.ValidationError`` stands for, each where it is in the file."""
    keys = (*before, *error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        yield document.key_problem((*keys, str(error.instance)), f"is no name for this: {_wording(error)}")
    elif error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                yield document.key_problem((*keys, name), f"is not known here{suggestion(name, known)}")
    elif error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        yield document.problem(keys, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    elif error.validator == "anyOf":
        # The branch of the value's own type is the one that was meant.
        meant = [below for below in error.context or () if below.validator != "type" and below.validator != "enum"]
        if meant:
            for below in meant:
                yield from located(document, before, below)
        else:
            choices = " or ".join(_choice(branch) for branch in error.validator_value)
            yield document.problem(keys, f"must be {choices}, not {_shown(error.instance)}")
    else:
        yield document.problem(keys, _wording(error))


def _wording(error: Any) -> str:
    shown, limit = _shown(error.instance), error.validator_value
    match error.validator:
        case "type":
            names = [limit] if isinstance(limit, str) else limit
            return f"must be {_article(' or '.join(names))}, not {shown}"
        case "enum":
            near = suggestion(error.instance, limit) if isinstance(error.instance, str) else ""
            return f"must be one of {', '.join(map(str, limit))}, not {shown}{near}"
        case "pattern":
            return f"{shown} does not match {limit}"
        case "format":
            form = "a date (2026-01-31)" if limit == "date" else "a time in UTC (2026-01-31T00:00:00Z)"
            return f"must be {form}, not {shown}"
        case "minItems" | "minProperties":
            return f"must have at least {limit} {'entry' if limit == 1 else 'entries'}"
        case "maxItems" | "maxProperties":
            return f"must have at most {limit} entries"
        case "minLength":
            return f"must have at least {limit} characters"
        case "maxLength":
            return f"must have at most {limit:,} characters"
        case "uniqueItems":
            return "has an entry twice"
        case "minimum" | "maximum":
            return f"must be at {'least' if error.validator == 'minimum' else 'most'} {limit}, not {shown}"
        case _:
            return str(error.message)[:200]


def _choice(branch: Mapping[str, Any]) -> str:
    return " or ".join(map(str, branch["enum"])) if "enum" in branch else _article(str(branch.get("type", "other")))


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aio' else 'a'} {noun}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: did you mean X, where a known name is near, else nothing."""
    return _suggested(name, tuple(known))


@cache
def _suggested(name: str, known: tuple[str, ...]) -> str:
    """Looking through hundreds of names takes milliseconds, and one slip of the pen stands in many files."""
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""
