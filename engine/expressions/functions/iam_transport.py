"""Whether a resource policy refuses requests that are not encrypted in transit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_conditions import Condition
from engine.expressions.functions.iam_document import Statement, statements

LEAST_TLS: Final = 1.2


def denies_insecure_transport(document: Any, resources: Sequence[str]) -> bool:
    """Whether a resource policy denies everyone every action on each of ``resources`` over plain HTTP.

    ``resources`` are ARNs or patterns of them; for a bucket both ``arn:aws:s3:::name`` and ``arn:aws:s3:::name/*``.
    They may be covered by several statements. A statement counts if it denies everyone all actions of the resource's
    service under conditions each of which holds for every request over plain HTTP:

    - Bool (or BoolIfExists, the key always being there) aws:SecureTransport "false" (IAM User Guide, "Boolean condition
      operators");
    - for S3, NumericLessThan s3:TlsVersion of 1.2 or more, by which plain HTTP is refused too (AWS Knowledge Center,
      "How do I enforce TLS 1.2 or later for my Amazon S3 buckets?"; CIS AWS Foundations accepts either).

    An Allow under aws:SecureTransport "true" does not count: another statement may allow the same over HTTP. Raises
    EvaluationError for a malformed document and for a resource that is no ARN.
    """
    if not resources:
        raise EvaluationError("no resources are named that should refuse insecure transport")
    denials = [
        statement
        for statement in statements(document)
        if not statement.allows and statement.addresses_everyone and statement.conditions
    ]
    refused = [_refused(resource, denials) for resource in resources]
    return all(refused)


def _refused(resource: str, denials: list[Statement]) -> bool:
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise EvaluationError(f"{resource!r} is not an ARN")
    service = parts[2]
    return any(
        denial.surely_holds_for(f"{service}:*", resource)
        and all(_holds_over_http(condition, service) for condition in denial.conditions)
        for denial in denials
    )


def _holds_over_http(condition: Condition, service: str) -> bool:
    if condition.key == "aws:securetransport":
        return condition.operator == "bool" and "false" in condition.values
    if condition.key == "s3:tlsversion" and condition.operator == "numericlessthan":
        return service == "s3" and max(map(_version, condition.values), default=0.0) >= LEAST_TLS
    return False


def _version(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise EvaluationError(f"{value!r} is not a TLS version") from None
