"""Who can call: which principals are everybody, and which conditions limit everybody to somebody.

The rule is Amazon S3's (User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public"): a
policy is public unless it grants access only to fixed values, without wildcard or policy variable, of a principal or of
one of some condition keys. The keys of other services that identify the caller, its account or its network are added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from engine.expressions.functions.cidrs import Network, joined, network
from engine.expressions.functions.iam_conditions import Condition, fixed, is_true, requires
from engine.expressions.functions.iam_document import EVERYTHING, PrincipalKind, Statement

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_BUCKET: Final = re.compile(r"[a-z0-9.-]{3,63}")
_ORGANIZATION_PATH: Final = re.compile(r"o-[a-z0-9]+/.*")
_UNIQUE_ID_AND_SESSION: Final = re.compile(r"(?:A[A-Z0-9]{15,}|[0-9]{12})(?::.*)?")
_ANONYMOUS: Final = "65a011a29cdf8ec533ec3d1ccaae921c"
"""The canonical user that anonymous requests to S3 have (User Guide, "Access control list (ACL) overview")."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def _account(value: str) -> bool:
    """An account id. aws:PrincipalAccount is "anonymous" for a request that nobody signed."""
    return bool(_ACCOUNT.fullmatch(value))


def fixed_arn(value: str) -> bool:
    """Whether an ARN (or a pattern of ARNs) belongs to one account.

    The ARN of a bucket has no account, but its name, written out, is as unique. ``arn:aws:s3:*:*:name`` means the same;
    it is in Amazon's own examples of event notifications.
    """
    parts = value.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or "${" in value:
        return False
    _, _, service, region, account, name = parts
    if _ACCOUNT.fullmatch(account):
        return True
    if service == "s3" and region == account == "*":
        return bool(_BUCKET.fullmatch(name))
    return account == "" and fixed(service) and fixed(name)


def _arn_fixed_as_text(value: str) -> bool:
    """As :func:`fixed_arn` where text is compared: a wildcard before the account could swallow the account."""
    return fixed_arn(value) and fixed(":".join(value.split(":", 4)[:4]))


def _organization_path(value: str) -> bool:
    """A path below one organization: ``o-abc123/r-ab12/*``."""
    return "${" not in value and bool(_ORGANIZATION_PATH.fullmatch(value))


def _unique_id(value: str) -> bool:
    """A unique id, or any session of the role with that id: ``AROA...:*``. Who signs nothing has "anonymous"."""
    return "${" not in value and bool(_UNIQUE_ID_AND_SESSION.fullmatch(value))


_LIMITS: Final[Mapping[str, Callable[[str], bool]]] = {
    "aws:principalaccount": _account,
    "aws:principalarn": fixed_arn,
    "aws:principalorgid": fixed,
    "aws:principalorgpaths": _organization_path,
    "aws:principalservicename": fixed,
    "aws:principalservicenameslist": fixed,
    "aws:sourceaccount": _account,
    "aws:sourcearn": fixed_arn,
    "aws:sourceorgid": fixed,
    "aws:sourceorgpaths": _organization_path,
    "aws:sourceowner": _account,
    "aws:sourcevpc": fixed,
    "aws:sourcevpcarn": fixed_arn,
    "aws:sourcevpce": fixed,
    "aws:userid": _unique_id,
    "aws:vpceaccount": _account,
    "aws:vpceorgid": fixed,
    "aws:vpceorgpaths": _organization_path,
    "kms:calleraccount": _account,
    "s3:dataaccesspointaccount": _account,
    "s3:dataaccesspointarn": fixed_arn,
}
"""Condition keys that say who calls, for whom, or through which network, and which values of each limit that.

Not here, since anyone can meet them: aws:Referer, aws:UserAgent, aws:SecureTransport, aws:PrincipalTag (a tag of the
caller's own account), aws:PrincipalType, aws:VpcSourceIp, aws:ResourceAccount, kms:ViaService, sns:Endpoint,
lambda:FunctionUrlAuthType, sts:ExternalId, sts:RoleSessionName.
"""


def limits_callers(statement: Statement) -> bool:
    """Whether the conditions of a statement that addresses everybody leave only callers that someone chose.

    All conditions must hold, so that one that limits suffices. Raises EvaluationError for an
    aws:SourceIp that is no address.
    """
    # Each is judged, so that an address that is none is an error wherever it stands.
    limiting = [_limits(condition) for condition in statement.conditions]
    return any(limiting)


def spares_only_chosen(denial: Statement) -> bool:
    """Whether a Deny is about all callers but those that someone chose, by NotPrincipal or by its conditions.

    It denies only if all its conditions hold, so that each must hold for every stranger. One that spares services
    (aws:PrincipalIsAWSService "false") does not: a service acts for anyone who sets it to work.
    """
    refusing = [_refuses_strangers(condition) for condition in denial.conditions]
    if denial.all_principals_but:
        return all(refusing) and not any(open_principal(kind, value) for kind, value in denial.principals or ())
    return all(refusing) and denial.addresses_everyone


def _limits(condition: Condition) -> bool:
    if condition.operator == "ipaddress" and condition.key == "aws:sourceip":
        return narrow_networks(condition.values) and condition.demands_key
    if condition.key == "elasticfilesystem:accessedviamounttarget":
        # EFS User Guide, "The meaning of public": a mount target is reached through the VPC only.
        return is_true(condition, condition.key)
    return requires(condition, condition.key, _accepted_values(condition))


def _refuses_strangers(condition: Condition) -> bool:
    if condition.operator == "notipaddress" and condition.key == "aws:sourceip":
        return narrow_networks(condition.values) and condition.refuses_all_but_values
    accepted = _accepted_values(condition)
    return condition.refuses_all_but_values and all(accepted(value) for value in condition.values)


def _accepted_values(condition: Condition) -> Callable[[str], bool]:
    """Which values of a condition's key someone chose."""
    accepted = _LIMITS.get(condition.key, _no_value)
    return _arn_fixed_as_text if accepted is fixed_arn and condition.operator.startswith("string") else accepted


def _no_value(value: str) -> bool:
    return False


def narrow_networks(cidrs: tuple[str, ...]) -> bool:
    """Whether no block is broader than /8 (IPv4) or /32 (IPv6), blocks that adjoin being taken as one."""
    blocks = joined(_unmapped(network(cidr)) for cidr in cidrs)
    return bool(blocks) and all(block.prefixlen >= (8 if isinstance(block, IPv4Network) else 32) for block in blocks)


def _unmapped(block: Network) -> Network:
    """An IPv4 block that is written as one of IPv6 (``::ffff:0.0.0.0/96``), as what it is."""
    if isinstance(block, IPv6Network) and block.subnet_of(_MAPPED):
        return IPv4Network((int(block.network_address) & 0xFFFFFFFF, block.prefixlen - 96))
    return block


def open_principal(kind: PrincipalKind, value: str) -> bool:
    """Whether a principal of a resource policy is more than one account, user, role or service.

    A wildcard is, unless it follows a fixed account. A federated principal that is no ARN is a public identity provider
    (graph.facebook.com), with which anyone can sign in. An id like ``AIDA...`` is what is left of a deleted user.
    """
    if value == EVERYTHING or (kind, value) == ("CanonicalUser", _ANONYMOUS):
        return True
    if kind == "Federated" and not value.startswith("arn:"):
        return True
    return not fixed(value) and not fixed_arn(value)
