"""Reads the bytes of a plan as JSON, strictly: what is not wholly a plan is an error with what to do, never a guess.

The format is that of ``terraform show -json`` and ``tofu show -json`` ("JSON Output Format", HashiCorp and OpenTofu
documentation): UTF-8 without a byte order mark. What Windows shells make of it (a UTF-8 or UTF-16 mark) is decoded.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

LARGEST: Final = 2**30
"""Bytes of a plan that are read at the most."""
DEEPEST: Final = 200
"""Nesting beyond which a plan is refused; Terraform's own values stay far below."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_VERSION: Final = re.compile(r"(?P<major>\d{1,4})\.(?P<minor>\d{1,4})", re.ASCII)
_HINT: Final = "write it with: terraform show -json FILE.tfplan > plan.json"


class NotAPlan(Exception):
    """A file is no plan, or not one that can be judged; the text says why and what to do."""


MALFORMED: Final = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of reading a value that has another structure than its format gives it."""


@contextmanager
def about(place: str) -> Iterator[None]:
    """Name the place, such as the address of a resource, of what cannot be read for its structure. Raises NotAPlan."""
    try:
        yield
    except MALFORMED as error:
        raise NotAPlan(f"{place}: something in it has another structure than the format gives it ({error})") from error


def parsed(data: bytes) -> dict[str, Any]:
    """The plan in a file's bytes, as a plain object. Raises NotAPlan."""
    if len(data) > LARGEST:
        raise NotAPlan(f"it is larger than {LARGEST} bytes")
    text = decoded(data)
    if not text.strip():
        raise NotAPlan(f"it is empty; {_HINT}")
    try:
        document = json.loads(text, object_pairs_hook=once, parse_constant=no_number, parse_float=_number)
    except json.JSONDecodeError as error:
        raise NotAPlan(_why(text, error)) from None
    except RecursionError:
        raise NotAPlan("it is nested too deeply") from None
    except ValueError as error:
        raise NotAPlan(str(error)) from None
    if not isinstance(document, dict):
        raise NotAPlan(f"it is JSON, and no object; {_HINT}")
    _refuse_deep(document)
    _refuse_other(document)
    return document


def decoded(data: bytes) -> str:
    """The text in a file's bytes, by its byte order mark, else as UTF-8. Raises NotAPlan."""
    encoding = "utf-8"
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    else:
        if data.startswith(b"PK\x03\x04"):
            raise NotAPlan(f"it is the binary plan; {_HINT}")
        if b"\0" in data[:64]:
            raise NotAPlan("it is neither UTF-8 nor marked as UTF-16; write it again as UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotAPlan(f"it is not {encoding.upper()} from byte {error.start} on; write it again as UTF-8") from None


def _why(text: str, error: json.JSONDecodeError) -> str:
    place = f"line {error.lineno}, column {error.colno}"
    if error.msg == "Extra data":
        return f"text follows the JSON ({place}); a wrapper may have added it; {_HINT}"
    if not text.lstrip().startswith("{"):
        return (
            "text stands before the JSON, or it is none; a wrapper such as setup-terraform's may have added it "
            f"(terraform_wrapper: false); {_HINT}"
        )
    if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated"):
        return f"it ends in the middle ({place}): it was cut off; {_HINT}"
    return f"it is not JSON ({place}): {error.msg}; {_HINT}"


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, whose keys stand in it once each. Raises ValueError."""
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r:.80} stands twice in one object; which of the two counts nobody can tell")
    return values


def no_number(name: str) -> Any:
    """Refuse NaN and Infinity, which Python takes for numbers of JSON. Raises ValueError."""
    raise ValueError(f"it holds {name}, which is no number of JSON")


def _number(text: str) -> Any:
    """Terraform's numbers are decimals: 1.0 and 1e3 are whole."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else text


def _refuse_deep(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise NotAPlan("it is nested too deeply")


def _refuse_other(document: Mapping[str, Any]) -> None:
    """Refuse what is JSON and no plan, and a plan that failed or that this version cannot read."""
    version = document.get("format_version")
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        raise NotAPlan(f"it is JSON without a format_version of a plan, such as 1.2; {_HINT}")
    if int(match["major"]) > 1:
        raise NotAPlan(f"its format_version is {version}, and those up to 1.x can be read; use a newer auditreel")
    if "resource_changes" not in document and "planned_values" not in document:
        what = "a state" if "values" in document else "no plan"
        raise NotAPlan(f"it is {what}: it has no resource_changes; {_HINT}")
    if document.get("errored") not in (None, False):
        raise NotAPlan("Terraform says that planning failed (errored); mend what it reported and plan again")
