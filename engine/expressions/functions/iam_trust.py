"""Statements of role trust policies by which a stranger, or a token of any subject, can assume the role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from engine.expressions.functions.iam_callers import limits_callers, open_principal
from engine.expressions.functions.iam_conditions import fixed, requires, says_nothing
from engine.expressions.functions.iam_document import EVERYTHING, PrincipalKind, Statement, listed
from engine.expressions.functions.iam_public import effective_allows, principal, remark
from engine.expressions.functions.wildcards import matches

_ASSUME: Final = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")


def public_trust_statements(document: Any) -> list[str]:
    """Allow statements of a role's trust policy by which a stranger can assume the role, in the order of the policy.

    Strangers are all AWS principals where no condition limits them (sts:ExternalId does not identify a caller), and the
    other customers of a shared identity provider where no condition pins the claim that names the tenant (``sub`` for
    most; ``aud`` alone does not), and the guests of a Cognito identity pool where none demands an ``amr`` that they
    lack. An identity provider of one's own must at least be asked for ``sub`` or ``aud``. SAML providers and services
    are as fixed as their ARN or name. A Deny counts where it is for everyone, without condition, on all that is
    allowed. Raises EvaluationError for a document that is malformed or names no principals.
    """
    return [
        statement.named(strangers)
        for statement in effective_allows(document)
        if any(statement.includes_action(action) for action in _ASSUME) and (strangers := _strangers(statement))
    ]


def trusted_issuers(document: Any, issuers: Sequence[str]) -> list[str]:
    """Those of ``issuers`` whose tokens a role's trust policy accepts, in the order of ``issuers``.

    An issuer is the address of an OpenID Connect provider ("gitlab.com"); one with a path below it
    ("gitlab.com/acme") is the same issuer's. Deny and errors as in :func:`public_trust_statements`.
    """
    statements = list(_accepting_tokens(document))
    return [issuer for issuer in issuers if any(any(_accepted(statement, issuer)) for statement in statements)]


def unpinned_subject_statements(document: Any, issuers: Sequence[str]) -> list[str]:
    """Allow statements by which a token of ``issuers`` assumes the role whatever its subject, in the policy's order.

    A subject is pinned by a condition that demands ``<issuer>:sub`` at values which name an owner
    (:func:`pinned_subject`, for GitHub :func:`github_subject`), or another claim that says as much of a shared
    provider's token (GitHub's ``repository``). No token of another issuer has that key, so that one such condition
    suffices. A statement for everybody accepts tokens too, unless its conditions leave only callers that someone chose.
    Issuers, Deny and errors as in :func:`trusted_issuers`.
    """
    found = []
    for statement in _accepting_tokens(document):
        accepted = {name for issuer in issuers for name in _accepted(statement, issuer)}
        if accepted and not any(_pinned(statement, name) for name in accepted):
            found.append(statement.named(f"no condition pins the sub of {listed(accepted)}"))
    return found


def _accepting_tokens(document: Any) -> Iterator[Statement]:
    return (statement for statement in effective_allows(document) if statement.includes_action(_ASSUME[2]))


def _accepted(statement: Statement, issuer: str) -> Iterator[str]:
    """The names by which a statement accepts tokens of an issuer."""
    issuer = issuer.lower().removeprefix("https://").rstrip("/")
    everybody = statement.all_principals_but or any(
        value == EVERYTHING or (kind == "Federated" and not fixed(value)) for kind, value in statement.principals or ()
    )
    if everybody and not limits_callers(statement):
        yield issuer
    for kind, value in () if statement.all_principals_but else statement.principals or ():
        name = (value.partition(":oidc-provider/")[2] or value).lower()
        if kind == "Federated" and (name == issuer or name.startswith(f"{issuer}/")):
            yield name


def _pinned(statement: Statement, issuer: str) -> bool:
    claims = _GITHUB if issuer.startswith(f"{_GITHUB_ISSUER}/") else _SHARED_PROVIDERS.get(issuer, _SUBJECT)
    return _requires_any(statement, issuer, claims)


def _requires_any(statement: Statement, issuer: str, claims: Claims) -> bool:
    """Whether a condition demands one of an issuer's claims, at values that limit the token."""
    keys = [(claim if ":" in claim else f"{issuer}:{claim}", accepted) for claim, accepted in claims.items()]
    return any(requires(condition, key, accepted) for condition in statement.conditions for key, accepted in keys)


def _strangers(statement: Statement) -> str:
    if statement.all_principals_but:
        return "" if limits_callers(statement) else "NotPrincipal" + remark(statement)
    reasons = [_stranger(statement, kind, value) for kind, value in statement.principals or ()]
    return listed(reason for reason in reasons if reason)


def _stranger(statement: Statement, kind: PrincipalKind, value: str) -> str:
    """Why a principal of a trust policy is open to strangers, or nothing."""
    if kind != "Federated" or not fixed(value):
        is_open = (kind == "Federated" or open_principal(kind, value)) and not limits_callers(statement)
        return principal(kind, value) + remark(statement) if is_open else ""
    if ":saml-provider/" in value:
        return ""
    issuer = value.partition(":oidc-provider/")[2] or value
    claims = _SHARED_PROVIDERS.get(issuer.lower(), _OWN_PROVIDER)
    if not _requires_any(statement, issuer.lower(), claims):
        return f"Federated {issuer}, and no condition pins its {next(iter(claims))}"
    if issuer.lower() == _COGNITO and not _requires_any(statement, _COGNITO, {"amr": _no_guest}):
        return f"Federated {issuer}, and no condition keeps out its guests by amr"
    return ""


_PINNED: Final = re.compile(r"[^:/*?]+[:/][^:/*?]+[:/]")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pinned_subject(value: str) -> bool:
    """Whether a ``sub`` pattern names its owner before the first wildcard.

    ``repo:acme/*`` does, ``repo:acme*`` and ``repo:*`` do not. Subjects of shared providers begin with a kind and an
    owner ("repo:", "organization:", "project_path:", "account:"), or with a UUID.
    """
    if "${" in value:
        return False
    prefix = re.split(r"[*?]", value, maxsplit=1)[0].removeprefix("system:")
    return fixed(value) or bool(_PINNED.match(prefix) or _UUID.search(prefix))


_GITHUB_OWNER: Final = re.compile(
    r"(?:^|:)(?:(?:repo|repository):[^:/]+/"
    r"|(?:repository_owner|repository_owner_id|repository_id|enterprise|enterprise_id):[^:]+:)"
)


def github_subject(value: str) -> bool:
    """Whether a ``sub`` pattern of GitHub Actions names the owner of the repository before the first wildcard.

    Any organization may have its subjects written otherwise, without repository and owner ("environment:production"),
    so that a subject which does not name them is a stranger's too, though it be written out.
    """
    if "${" in value:
        return False
    return bool(_GITHUB_OWNER.search(f"{value}:" if fixed(value) else re.split(r"[*?]", value, maxsplit=1)[0]))


def _owned(value: str) -> bool:
    """Whether a repository pattern names its owner: ``acme/*``."""
    return "${" not in value and bool(re.match(r"[^/*?]+/", value))


def _some(value: str) -> bool:
    return "${" not in value and not says_nothing(value)


def _no_guest(value: str) -> bool:
    """Whether the ``amr`` of an identity that has not signed in cannot match."""
    return "${" not in value and not matches(value.lower(), "unauthenticated")


Claims = Mapping[str, Callable[[str], bool]]

_SUBJECT: Final[Claims] = {"sub": pinned_subject}
_AUDIENCE: Final[Claims] = {"aud": fixed}
_OWN_PROVIDER: Final[Claims] = {"sub": _some, "aud": _some}
_GITHUB: Final[Claims] = {
    "sub": github_subject,
    "repository": _owned,
    "repository_id": fixed,
    "enterprise_id": fixed,
}
_GITHUB_ISSUER: Final = "token.actions.githubusercontent.com"
_COGNITO: Final = "cognito-identity.amazonaws.com"
_SHARED_PROVIDERS: Final[Mapping[str, Claims]] = {
    _GITHUB_ISSUER: _GITHUB,
    "vstoken.actions.githubusercontent.com": _SUBJECT,
    "oidc-configuration.audit-log.githubusercontent.com": _SUBJECT,
    "gitlab.com": _SUBJECT,
    "app.terraform.io": _SUBJECT,
    "agent.buildkite.com": _SUBJECT,
    "oidc.codefresh.io": _SUBJECT,
    "studio.datachain.ai/api": _SUBJECT,
    "scalr.io": _SUBJECT,
    "tokens.cloud.shisho.dev": _SUBJECT,
    "proidc.upbound.io": _SUBJECT,
    "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb": _SUBJECT,
    "oidc.vercel.com": _AUDIENCE,
    "api.pulumi.com/oidc": _AUDIENCE,
    "sandboxes.cloud": _AUDIENCE,
    _COGNITO: _AUDIENCE,
    "accounts.google.com": {"aud": fixed, "oaud": fixed, "azp": fixed, "sub": fixed},
    "graph.facebook.com": {"app_id": fixed, "id": fixed},
    "www.amazon.com": {"app_id": fixed, "user_id": fixed},
    "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d": {"sts:rolesessionname": fixed},
}
"""Identity providers that many organizations share, and the claims that tell whose a token is, the usual one first.

IAM User Guide, "Identity-provider controls for shared OIDC providers"; the claims of GitHub besides ``sub`` are in
"Available keys for AWS OIDC federation". The last one is Microsoft's tenant for Sentinel.
"""
