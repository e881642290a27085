"""Rows of a JSON file: an array of objects, whose keys are the columns."""

from __future__ import annotations

import json
from typing import Any

from providers.tables.cells import Illegible, NotAListing, Row, Value
from providers.terraform.reading import NotAPlan, decoded, no_number, once

_NO_KEY = Illegible("the object has no such key")


def rows(data: bytes) -> tuple[tuple[str, ...], list[Row]]:
    """The columns of a file's bytes, in the order in which they first stand, and its rows. Raises NotAListing.

    A key that an object lacks is illegible there: null is what an export writes where there is nothing.
    """
    try:
        document = json.loads(decoded(data), object_pairs_hook=once, parse_constant=no_number)
    except NotAPlan as error:
        raise NotAListing(str(error)) from None
    except json.JSONDecodeError as error:
        raise NotAListing(f"line {error.lineno}, column {error.colno}: it is not JSON: {error.msg}") from None
    except RecursionError:
        raise NotAListing("it is nested too deeply") from None
    except ValueError as error:
        raise NotAListing(str(error)) from None
    if not isinstance(document, list):
        raise NotAListing("it is no array of objects; export the list itself, without what is around it")
    columns: dict[str, None] = {}
    for number, item in enumerate(document, 1):
        if not isinstance(item, dict):
            raise NotAListing(f"row {number}: it is no object with the columns as keys")
        columns.update(dict.fromkeys(item))
    found = [
        Row(number, tuple(_value(item.get(column, _NO_KEY)) for column in columns))
        for number, item in enumerate(document, 1)
    ]
    return tuple(columns), found


def _value(value: Any) -> Value:
    if isinstance(value, (dict, list)):
        return Illegible("a list or an object, where a single value belongs")
    if isinstance(value, str) and not value.strip():
        return None
    return value  # type: ignore[no-any-return]
