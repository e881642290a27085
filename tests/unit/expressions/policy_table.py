"""The cases of ``policy_documents.yaml``, and a policy document in other words."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.expressions.functions.iam import FUNCTIONS
from engine.expressions.functions.iam_escalation import ESCALATIONS

CALLS: dict[str, Callable[..., Any]] = {function.name: function.call for function in FUNCTIONS}
ESCALATION_NAMES = [" + ".join(step.action for step in path) for path in ESCALATIONS]
ABOUT_STATEMENTS = (
    "iam.publicStatements",
    "iam.publicTrustStatements",
    "iam.unpinnedSubjectStatements",
    "iam.administrativeStatements",
)
"""Questions whose answer is messages on statements, none where the policy is harmless."""
ABOUT_HARM = (*ABOUT_STATEMENTS, "iam.trustedIssuers", "iam.grantsUnconditionally", "iam.escalations")
"""Questions whose answer is a list that another Allow can only lengthen and a Deny only shorten."""
ARGUMENTS: dict[str, list[Any]] = {
    "iam.trustedIssuers": [["gitlab.com"]],
    "iam.unpinnedSubjectStatements": [["gitlab.com"]],
    "iam.grantsUnconditionally": [["kms:*", "s3:GetObject"]],
    "iam.allowedServices": ["s3:GetObject", []],
    "iam.deniesInsecureTransport": [["arn:aws:s3:::records"]],
    "iam.deniesOutsideRegions": [["ec2:RunInstances"], []],
}
"""What to ask beside the document where a question is asked of any document: an entry for each that takes more."""


@dataclass(frozen=True)
class Case:
    """A row: ``answer`` of ``question`` on ``document``, and how the first message goes on (``says``)."""

    id: str
    question: str
    document: Any
    arguments: list[Any]
    answer: Any
    says: str

    def asked(self) -> Any:
        """The answer that the library gives, statements by their numbers."""
        return answered(self.question, self.document, self.arguments)


@cache
def cases() -> tuple[Case, ...]:
    """Every row of the table."""
    text = Path(__file__).with_name("policy_documents.yaml").read_bytes()
    groups = yaml.load(text, Loader=yaml.CSafeLoader)
    return tuple(_case(group, row) for group in groups for row in group["cases"])


def _case(group: dict[str, Any], row: dict[str, Any]) -> Case:
    if set(row) - {"why", "statements", "document", "with", "and", "arguments", "answer", "says", "source"}:
        raise ValueError(f"{row['why']}: a key that means nothing")
    answer = ESCALATION_NAMES if row["answer"] == "all" else row["answer"]
    return Case(
        id=f"{group['about']}: {row['why']}",
        question=group["question"],
        document=_document(group, row),
        arguments=row.get("arguments", group.get("arguments", [])),
        answer=answer,
        says=row.get("says", group.get("says", "")) if answer and answer != "error" else "",
    )


def _document(group: dict[str, Any], row: dict[str, Any]) -> Any:
    if "document" in row:
        return row["document"]
    if "statements" in row:
        return {"Version": "2012-10-17", "Statement": row["statements"]}
    return {"Version": "2012-10-17", "Statement": [{**group["statement"], **row.get("with", {})}, *row.get("and", [])]}


def answered(question: str, document: Any, arguments: list[Any]) -> Any:
    """What the library answers, statements by their numbers."""
    found = messages(question, document, arguments)
    return [int(message.split()[1].rstrip(":")) for message in found] if question in ABOUT_STATEMENTS else found


def messages(question: str, document: Any, arguments: list[Any]) -> Any:
    """What the library answers in its own words."""
    given = [document] if question == "iam.escalations" else document
    return CALLS[question](given, *arguments)


def questions(document: Any) -> dict[str, Any]:
    """What each question gives on a document; those about statements without the numbers of statements."""
    return {name: answered(name, document, ARGUMENTS.get(name, [])) for name in CALLS}


def rewritten(value: Any, chance: random.Random) -> Any:
    """The same document in other words, its statements in the same order.

    A text or a list of one, the order of lists and keys, "*" or {"AWS": "*"}, a single statement without its list, the
    letter case of actions, operators and keys, booleans with quotation marks or without.
    """
    document = copy.deepcopy(value)
    sources = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    statements = [_shuffled(_reworded(statement, chance), chance) for statement in sources]
    document["Statement"] = statements[0] if len(statements) == 1 and chance.random() < 0.5 else statements
    return _shuffled(document, chance)


def _reworded(statement: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    reworded = dict(statement)
    for element in ("Action", "NotAction"):
        if element in reworded:
            reworded[element] = _mapped(reworded[element], lambda text: _cased(text, chance))
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        if element in reworded:
            reworded[element] = _loose(reworded[element], chance)
    for element in ("Principal", "NotPrincipal"):
        if reworded.get(element) in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            reworded[element] = chance.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
        elif element in reworded:
            kinds = {kind: _loose(named, chance) for kind, named in reworded[element].items()}
            reworded[element] = _shuffled(kinds, chance)
    if "Condition" in reworded:
        lines = {
            _cased(operator, chance): _shuffled(
                {_cased(key, chance): _unquoted(_loose(values, chance), chance) for key, values in keys.items()}, chance
            )
            for operator, keys in reworded["Condition"].items()
        }
        reworded["Condition"] = _shuffled(lines, chance)
    return reworded


def _shuffled(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return dict(chance.sample(sorted(value.items(), key=lambda item: item[0]), len(value)))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    return [change(text) for text in value] if isinstance(value, list) else change(value)


def _cased(text: str, chance: random.Random) -> str:
    return chance.choice((str.lower, str.upper, str))(text)


def _loose(value: Any, chance: random.Random) -> Any:
    several = chance.sample(value, len(value)) if isinstance(value, list) else [value]
    return several[0] if len(several) == 1 and chance.random() < 0.5 else several


def _unquoted(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_unquoted(item, chance) for item in value]
    return {"true": True, "false": False}.get(value, value) if chance.random() < 0.5 else value
