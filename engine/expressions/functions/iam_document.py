"""An IAM policy document in one form, whatever way it was written.

Grammar: IAM User Guide, "Grammar of the IAM JSON policy language". A document that does not follow it raises
EvaluationError, so that nothing is concluded from what was not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_conditions import Condition, conditions, fixed, shortened
from engine.expressions.functions.wildcards import covers, matches, overlaps, surely_covers

EVERY_ACTION: Final = "*:*"
EVERYTHING: Final = "*"
PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
LONGEST_TEXT: Final = 2048
"""No ARN is longer (IAM API, arnType); to compare two patterns can take as long as the product of their lengths."""

PrincipalKind = Literal["AWS", "Federated", "Service", "CanonicalUser"]
_PRINCIPAL_KINDS: Final[tuple[PrincipalKind, ...]] = ("AWS", "Federated", "Service", "CanonicalUser")
_AWS_PRINCIPAL: Final = re.compile(r"[0-9]{12}|arn:.+|A[A-Z0-9]{15,}")
"""An account id, an ARN, or the unique id that is left of a user or role that was deleted."""
_DOCUMENT: Final = frozenset(("Version", "Id", "Statement"))
_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_ELEMENTS: Final = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}?")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy. ``position`` counts from 1.

    ``actions`` are in lower case, with :data:`EVERY_ACTION` for ``*``; with ``all_actions_but`` they are NotAction.
    ``resources`` are empty where the statement names none, as a trust policy does; with ``all_resources_but`` they are
    NotResource. ``principals`` are None where the statement names none, as an identity policy does; ``"*"`` is
    ``("AWS", "*")``, which means the same; with ``all_principals_but`` they are NotPrincipal.
    """

    position: int
    sid: str
    allows: bool
    principals: tuple[tuple[PrincipalKind, str], ...] | None
    all_principals_but: bool
    actions: tuple[str, ...]
    all_actions_but: bool
    resources: tuple[str, ...]
    all_resources_but: bool
    conditions: tuple[Condition, ...]

    def named(self, why: str) -> str:
        """The statement in a message: "Statement 2 (Sid PublicRead): Principal *"."""
        sid = f" (Sid {shortened(self.sid)})" if self.sid else ""
        return f"Statement {self.position}{sid}: {why}"

    @property
    def addresses_everyone(self) -> bool:
        """Whether it is about every caller there is, anonymous ones too."""
        return self.principals is not None and not self.all_principals_but and ("AWS", EVERYTHING) in self.principals

    def covers_action(self, action: str) -> bool:
        """Whether it is about every action that the pattern ``action`` (lower case) matches; true if in doubt."""
        if self.all_actions_but:
            return not any(overlaps(excluded, action) for excluded in self.actions)
        return any(covers(pattern, action) for pattern in self.actions)

    def includes_action(self, action: str) -> bool:
        """Whether it is about the one ``action`` (lower case)."""
        return any(matches(pattern, action) for pattern in self.actions) is not self.all_actions_but

    def surely_holds_for(self, action: str, resource: str) -> bool:
        """Whether it is about every action and resource that the two patterns match; false if in doubt."""
        if self.all_actions_but:
            action_covered = not any(overlaps(excluded, action) for excluded in self.actions)
        else:
            action_covered = any(surely_covers(pattern, action) for pattern in self.actions)
        if self.all_resources_but:
            return action_covered and not any(_may_share(excluded, resource) for excluded in self.resources)
        return action_covered and (
            not self.resources or any(_surely_holds(pattern, resource) for pattern in self.resources)
        )


def _surely_holds(pattern: str, resource: str) -> bool:
    """Whether a pattern of resources covers another for certain, whatever becomes of the policy variables in them."""
    if "${" in pattern:
        return pattern == resource
    return surely_covers(pattern, _any_value(resource))


def _may_share(pattern: str, resource: str) -> bool:
    return overlaps(_any_value(pattern), _any_value(resource))


def _any_value(pattern: str) -> str:
    """A pattern in which each policy variable may be anything."""
    return _VARIABLE.sub("*", pattern)


def normal_action(action: str) -> str:
    """An action pattern as statements hold it: lower case, ``*`` as ``*:*``."""
    return EVERY_ACTION if set(action) == {"*"} else action.lower()


def listed(texts: Iterable[str]) -> str:
    """Texts of a policy in a message: each once, sorted, the first three."""
    unique = [shortened(text) for text in sorted(set(texts))]
    return ", ".join(unique[:3]) + (f" and {len(unique) - 3} more" if len(unique) > 3 else "")


def statements(document: Any) -> tuple[Statement, ...]:
    """The statements of a policy document as the provider parsed it; null, which is no policy, has none.

    Raises EvaluationError for what does not follow the grammar.
    """
    if document is None:
        return ()
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise EvaluationError("the policy document is no object with a Statement")
    if unknown := sorted(str(element) for element in document if element not in _DOCUMENT):
        raise EvaluationError(f"the policy document is malformed: {shortened(unknown[0])} is no element of a policy")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise EvaluationError(f"the policy document is malformed: Version is none of {', '.join(_VERSIONS)}")
    sources = document["Statement"]
    if isinstance(sources, Mapping):
        sources = [sources]
    if not isinstance(sources, (list, tuple)):
        raise EvaluationError("the policy document is malformed: Statement is neither an object nor a list")
    return tuple(_statement(position, source) for position, source in enumerate(sources, 1))


def _malformed(position: int, what: str) -> EvaluationError:
    return EvaluationError(f"statement {position} of the policy document is malformed: {what}")


def _statement(position: int, source: Any) -> Statement:
    if not isinstance(source, Mapping):
        raise _malformed(position, "it is no object")
    if unknown := sorted(str(element) for element in source if element not in _ELEMENTS):
        raise _malformed(position, f"{shortened(unknown[0])} is no element of a statement")
    if source.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(position, "Effect is neither Allow nor Deny")
    sid = source.get("Sid", "")
    if not isinstance(sid, str):
        raise _malformed(position, "Sid is no text")
    actions, all_actions_but = _either(position, source, "Action", "NotAction")
    if actions is None:
        raise _malformed(position, "it names no Action")
    resources, all_resources_but = _either(position, source, "Resource", "NotResource")
    principals, all_principals_but = _principals(position, source)
    return Statement(
        position=position,
        sid=sid,
        allows=source["Effect"] == "Allow",
        principals=principals,
        all_principals_but=all_principals_but,
        actions=tuple(normal_action(action) for action in actions),
        all_actions_but=all_actions_but,
        resources=resources or (),
        all_resources_but=all_resources_but,
        conditions=_conditions(position, source),
    )


def _either(
    position: int, source: Mapping[str, Any], element: str, negated: str
) -> tuple[tuple[str, ...] | None, bool]:
    """The texts of an element or of its negated form, and whether it is the negated one; None where neither stands."""
    if element in source and negated in source:
        raise _malformed(position, f"it has {element} and {negated}")
    name = negated if negated in source else element
    return (_texts(position, name, source[name]) if name in source else None), name == negated


def _texts(position: int, element: str, value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, (list, tuple)) else (value,)
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise _malformed(position, f"{element} is neither a text nor a list of texts")
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise _malformed(position, f"{element} has a text of more than {LONGEST_TEXT} characters")
    return tuple(texts)


def _principals(position: int, source: Mapping[str, Any]) -> tuple[tuple[tuple[PrincipalKind, str], ...] | None, bool]:
    if "Principal" in source and "NotPrincipal" in source:
        raise _malformed(position, "it has Principal and NotPrincipal")
    element = "NotPrincipal" if "NotPrincipal" in source else "Principal"
    if element not in source:
        return None, False
    value = source[element]
    if value == EVERYTHING:
        return (("AWS", EVERYTHING),), element == "NotPrincipal"
    if not isinstance(value, Mapping) or not value or not all(kind in _PRINCIPAL_KINDS for kind in value):
        raise _malformed(position, f'{element} is neither "*" nor an object of {", ".join(_PRINCIPAL_KINDS)}')
    named = tuple(
        (kind, text) for kind in _PRINCIPAL_KINDS if kind in value for text in _texts(position, element, value[kind])
    )
    for kind, text in named:
        if kind == "AWS" and fixed(text) and not _AWS_PRINCIPAL.fullmatch(text):
            raise _malformed(position, f"{shortened(text)} is neither an account, an ARN nor a unique id")
    return named, element == "NotPrincipal"


def _conditions(position: int, source: Mapping[str, Any]) -> tuple[Condition, ...]:
    if "Condition" not in source:
        return ()
    try:
        return conditions(source["Condition"])
    except EvaluationError as error:
        raise _malformed(position, error.message) from None
