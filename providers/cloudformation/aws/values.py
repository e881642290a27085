"""Values as templates write them: flags and numbers that may be text, tags, policy documents, and ARNs of resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.aws.documents import document
from providers.base import Unread
from providers.cloudformation.aws.naming import PATTERNS
from providers.cloudformation.functions import Functions
from providers.terraform.block import REQUIRED, Block
from providers.terraform.mapping import Attribute, Derived, Where

DOCUMENTED: Final = "CloudFormation Template Reference"
_FLAGS: Final = {"true": True, "false": False}


def flag(path: str, default: Any = REQUIRED, source: str = DOCUMENTED, **more: Any) -> Attribute:
    """A property that is true or false; templates may write it as text."""
    return Attribute(path, default, source, convert=truth, **more)


def number(path: str, default: Any = REQUIRED, source: str = DOCUMENTED, **more: Any) -> Attribute:
    """A property that is a whole number; templates may write it as text."""
    return Attribute(path, default, source, convert=whole, **more)


def listed(path: str, source: str = DOCUMENTED) -> Attribute:
    """A property that is a list of texts, of which the order says nothing; none is the empty list."""
    return Attribute(path, [], source, convert=_sorted)


def truth(value: Any) -> Any:
    """A flag. Raises for what is none."""
    return value if value is None or isinstance(value, (bool, Unread)) else _FLAGS[value.lower()]


def whole(value: Any) -> Any:
    """A whole number. Raises for what is none."""
    if value is None or isinstance(value, Unread):
        return value
    if isinstance(value, bool):
        raise TypeError("a flag is no number")
    return int(value)


def _sorted(value: Any) -> Any:
    rows = value if isinstance(value, list) else [value]
    unread = next((row for row in rows if isinstance(row, Unread)), None)
    return unread if unread is not None else sorted(rows)


def policy(path: str, default: Any = None, **more: Any) -> Attribute:
    """A property that is the policy document at ``path``, an object or JSON text; null where none is set."""
    return Attribute(path, default, convert=_document, **more)


def _document(value: Any) -> Any:
    return value if isinstance(value, Mapping) else document(value)


def _tags(path: str) -> Callable[[Block], Any]:
    def read(block: Block) -> Any:
        rows = block.get(path, [])
        if isinstance(rows, (Unread, Mapping)):
            return rows
        found: dict[str, Any] = {}
        for row in rows:
            key = row if isinstance(row, Unread) else row["Key"]
            if isinstance(key, Unread):
                return key
            found[key] = _tag(row["Value"])
        return found

    return read


def _tag(value: Any) -> Any:
    return value if isinstance(value, (str, Unread)) else str(value).lower() if isinstance(value, bool) else str(value)


def tags(path: str = "Tags") -> Derived:
    """The tags that the template itself gives, a list of Key and Value or a map. Those of the stack are not in it."""
    return Derived((path,), _tags(path))


def arn(type_: str) -> Callable[[Block, Where], Any]:
    """The id of a resource: its ARN, where the template gives it a name and it is told where it is deployed."""

    def identity(block: Block, where: Where) -> Any:
        places = {"Partition": where.partition, "AccountId": where.account, "Region": where.region}
        return Functions.filled(
            PATTERNS[type_, "Arn"],
            lambda key: places[key] if key in places else block.get(key, None, computed=False),
        )

    return identity
