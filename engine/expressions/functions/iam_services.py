"""Which AWS services a policy document lets in."""

from __future__ import annotations

from typing import Any

from engine.expressions.functions.iam_document import EVERYTHING, statements


def allowed_services(document: Any) -> list[str]:
    """The service principals that Allow statements name ("s3.amazonaws.com"), each once, sorted.

    ``"*"`` is among them where a statement lets in everyone, and so any service too. Conditions do not matter: which
    sources a service may act for is another question.
    """
    found = set()
    for statement in statements(document):
        if not statement.allows or statement.principals is None:
            continue
        if statement.all_principals_but or statement.addresses_everyone:
            found.add(EVERYTHING)
        else:
            found.update(name for kind, name in statement.principals if kind == "Service")
    return sorted(found)
