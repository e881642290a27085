"""How one execution of a reader ended: value, absent, gone, off or failed, and what that makes of the properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from engine.collection.limiter import Cancelled
from providers.base import Failure, Found, Reader, Unread

MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a reader's code raises when an answer lacks what the API documents, or holds it in another form."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``value`` is what the reader returned (for a listing that broke off: what it yielded before)."""

    word: Literal["value", "absent", "gone", "off", "failed"]
    value: Any = None
    unread: Unread | None = None

    @property
    def label(self) -> str:
        """The word for the ledger: of a failure its reason."""
        return self.unread.reason if self.unread else self.word


def attempt(reader: Reader, read: Callable[[], Any], classify: Callable[[Exception], Failure | None]) -> Outcome:
    """Run ``read`` once and say how it ended. An exception that is no answer of the provider passes through."""
    try:
        return Outcome("value", read())
    except Cancelled:
        return Outcome("failed", unread=Unread("cancelled", reader.operations[0]))
    except MALFORMED as error:
        return Outcome("failed", unread=Unread("malformed_response", reader.operations[0], None, _missing(error)))
    except Exception as error:
        failure = classify(error)
        if failure is None:
            raise
        return _of(reader, failure)


def _missing(error: Exception) -> str:
    # A KeyError names the attribute, unless the answer's own text was the key; the others' texts may quote the answer.
    name = error.args[0] if isinstance(error, KeyError) and error.args else None
    return f"no {name}" if isinstance(name, str) and name.isidentifier() else type(error).__name__


def _of(reader: Reader, failure: Failure) -> Outcome:
    if failure.code in reader.absent_codes:
        return Outcome("absent")
    if failure.code in reader.gone_codes:
        return Outcome("gone")
    if failure.code in reader.off_codes or (failure.not_offered and reader.lists):
        return Outcome("off")
    operation, permission = _blamed(reader, failure)
    return Outcome("failed", unread=Unread(failure.reason, operation, permission, failure.detail))


def _blamed(reader: Reader, failure: Failure) -> tuple[str, str | None]:
    """The operation that failed and the permission that would have allowed it, where lacking one is the cause."""
    index = 0
    if failure.operation:
        name = _plain(failure.operation)
        index = next((i for i, operation in enumerate(reader.operations) if _plain(operation) == name), 0)
    operation = reader.operations[index]
    if not failure.denied:
        return operation, None
    if failure.permission:
        return operation, failure.permission
    parallel = len(reader.permissions) == len(reader.operations)
    return operation, reader.permissions[index] if parallel else ", ".join(reader.permissions)


def _plain(operation: str) -> str:
    """An operation's name as "iam:GetUser", "GetUser" and "iam:get_user" all have it."""
    return operation.rpartition(":")[2].replace("_", "").lower()


def properties(reader: Reader, type_: str, outcome: Outcome, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the reader's outcome says of each property that it fills for ``type_``.

    ``given`` is what a value said of this resource, None where it did not mention it: then the reader's ``unmentioned``
    speaks. What neither says is unread.
    """
    names = reader.fills.get(type_, ())
    if outcome.unread is not None:
        return dict.fromkeys(names, outcome.unread)
    if outcome.word in ("absent", "off"):
        return {name: reader.absent.get(name) for name in names}
    missing = Unread("missing_attribute", reader.operations[0])
    said = reader.unmentioned.get(type_, {}) if given is None else given
    return {**{name: said.get(name, missing) for name in names}, **(given or {})}


def contradicted(first: Found, second: Found) -> Found:
    """What two mentions of one resource in one listing say together: where they differ, nobody knows.

    Pages can overlap while a listing changes, so that a resource is listed twice.
    """
    said = {**second.properties, **first.properties}
    differs = Unread("ambiguous", detail="listed twice, with different values")
    return replace(
        first,
        properties={
            name: value if second.properties.get(name, value) == value else differs for name, value in said.items()
        },
    )
