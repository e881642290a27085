"""Questions about IAM policy documents, as checks ask them: ``iam.publicStatements`` and the like.

A document is the JSON object that the provider parsed, or null, which is no policy. ``iam_document`` and
``iam_conditions`` read it, the other modules ask one question each. What they answer is a table that can be read
without them: ``tests/unit/expressions/policy_documents.yaml``.
"""

from __future__ import annotations

from typing import Final

from engine.expressions.functions import Function
from engine.expressions.functions.iam_admin import administrative_statements, granted_unconditionally
from engine.expressions.functions.iam_escalation import escalations
from engine.expressions.functions.iam_public import public_statements
from engine.expressions.functions.iam_regions import denies_outside_regions
from engine.expressions.functions.iam_services import allowed_services
from engine.expressions.functions.iam_transport import denies_insecure_transport
from engine.expressions.functions.iam_trust import (
    public_trust_statements,
    trusted_issuers,
    unpinned_subject_statements,
)
from engine.expressions.types import BOOL, DYN, STRING, ListType

_TEXTS: Final = ListType(STRING)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("iam.publicStatements", (DYN,), _TEXTS, public_statements),
    Function("iam.publicTrustStatements", (DYN,), _TEXTS, public_trust_statements),
    Function("iam.trustedIssuers", (DYN, _TEXTS), _TEXTS, trusted_issuers),
    Function("iam.unpinnedSubjectStatements", (DYN, _TEXTS), _TEXTS, unpinned_subject_statements),
    Function("iam.administrativeStatements", (DYN,), _TEXTS, administrative_statements),
    Function("iam.grantsUnconditionally", (DYN, _TEXTS), _TEXTS, granted_unconditionally),
    Function("iam.escalations", (ListType(DYN),), _TEXTS, escalations),
    Function("iam.allowedServices", (DYN, STRING, _TEXTS), _TEXTS, allowed_services),
    Function("iam.deniesInsecureTransport", (DYN, _TEXTS), BOOL, denies_insecure_transport),
    Function("iam.deniesOutsideRegions", (DYN, _TEXTS, _TEXTS), BOOL, denies_outside_regions),
)
