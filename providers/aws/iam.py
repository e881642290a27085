"""AWS IAM: principals and policies by one bulk call, credentials by the credential report, root by the summary."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import GLOBAL, MISSING, Found, NotReady, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ACCOUNT: Final = "AWS::Account"
USER: Final = "AWS::IAM::User"
GROUP: Final = "AWS::IAM::Group"
ROLE: Final = "AWS::IAM::Role"
MANAGED_POLICY: Final = "AWS::IAM::ManagedPolicy"
INLINE_POLICY: Final = "AWS::IAM::Policy"
SERVER_CERTIFICATE: Final = "AWS::IAM::ServerCertificate"
TYPES: Final = tuple(
    ResourceType(name, GLOBAL) for name in (USER, GROUP, ROLE, MANAGED_POLICY, INLINE_POLICY, SERVER_CERTIFICATE)
)

POLLS: Final = 30
"""Times that the credential report is asked for before it counts as unavailable: a minute in all."""
_EMPTY: Final = frozenset({"N/A", "no_information", "not_supported", ""})


# --- GetAccountAuthorizationDetails ---


def _authorization_details(aws: Caller, scope: Scope) -> Iterator[Found]:
    filters = ["User", "Group", "Role", "LocalManagedPolicy"]
    for page in aws.whole_pages("iam", "get_account_authorization_details", Filter=filters):
        for user in page["UserDetailList"]:
            yield _principal(USER, user, user["UserName"], {"groups": sorted(user.get("GroupList") or [])})
            yield from _inline_policies(user["Arn"], user.get("UserPolicyList"))
        for group in page["GroupDetailList"]:
            yield _principal(GROUP, group, group["GroupName"], {})
            yield from _inline_policies(group["Arn"], group.get("GroupPolicyList"))
        for role in page["RoleDetailList"]:
            more = {
                "trust_policy": document(role.get("AssumeRolePolicyDocument"), quoted=True),
                "last_used_at": _last_used(role),
            }
            yield _principal(ROLE, role, role["RoleName"], more)
            yield from _inline_policies(role["Arn"], role.get("RolePolicyList"))
        for policy in page["Policies"]:
            yield _managed_policy(policy)


def _principal(type_: str, detail: Mapping[str, Any], name: str, more: Mapping[str, Any]) -> Found:
    # The lists of a principal that has none are left out of the answer (GetAccountAuthorizationDetails, examples).
    lists = ("UserPolicyList", "GroupPolicyList", "RolePolicyList")
    inline: list[Mapping[str, Any]] = next((detail[key] for key in lists if key in detail), [])
    properties = {
        "path": attribute(detail, "Path"),
        "created_at": instant(detail.get("CreateDate")),
        "attached_policies": sorted(policy["PolicyArn"] for policy in detail.get("AttachedManagedPolicies") or []),
        "inline_policies": sorted(policy["PolicyName"] for policy in inline),
        **more,
    }
    if type_ != GROUP:
        properties["tags"] = {tag["Key"]: tag["Value"] for tag in detail.get("Tags") or []}
    return Found(type_, detail["Arn"], properties, name)


def _last_used(role: Mapping[str, Any]) -> str | Unread | None:
    used = role.get("RoleLastUsed")
    if used is None:
        return MISSING
    # Empty for a role that nobody used in the 400 days that IAM looks back.
    return instant(used["LastUsedDate"]) if used.get("LastUsedDate") else None


def _inline_policies(principal: str, policies: list[Mapping[str, Any]] | None) -> Iterator[Found]:
    for policy in policies or []:
        name = policy["PolicyName"]
        properties = {
            "principal": principal,
            "document": document(policy.get("PolicyDocument"), quoted=True),
        }
        yield Found(INLINE_POLICY, f"{principal}/inline-policy/{name}", properties, name)


def _managed_policy(policy: Mapping[str, Any]) -> Found:
    default = attribute(policy, "DefaultVersionId")
    versions = {version["VersionId"]: version for version in policy["PolicyVersionList"]}
    version = versions.get(default, {})
    properties = {
        "path": attribute(policy, "Path"),
        "attachment_count": attribute(policy, "AttachmentCount"),
        "document": document(version["Document"], quoted=True) if "Document" in version else MISSING,
    }
    return Found(MANAGED_POLICY, policy["Arn"], properties, policy["Arn"].rpartition("/")[2])


# --- server certificates ---


def _server_certificates(aws: Caller, scope: Scope) -> Iterator[Found]:
    for certificate in aws.pages("iam", "list_server_certificates", "ServerCertificateMetadataList"):
        properties = {"expiration": instant(certificate.get("Expiration"))}
        yield Found(SERVER_CERTIFICATE, certificate["Arn"], properties, certificate["ServerCertificateName"])


# --- credential report ---


def _credential_report(aws: Caller, scope: Scope) -> Iterator[Found]:
    for _ in range(POLLS):
        if aws.call("iam", "generate_credential_report")["State"] == "COMPLETE":
            break
        aws.poll(2.0)
    else:
        raise NotReady("iam:GenerateCredentialReport")
    report = aws.call("iam", "get_credential_report")
    generated = instant(report.get("GeneratedTime"))
    for row in _rows(report["Content"]):
        if row["user"] == "<root_account>":
            yield Found(ACCOUNT, scope.account, {"root_last_used_at": _latest(row), "report_generated_at": generated})
        else:
            yield Found(USER, row["arn"], {**_credentials(row), "report_generated_at": generated})


def _rows(report: bytes) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(io.StringIO(report.decode("utf-8"))))
    except csv.Error as error:
        raise ValueError("the credential report is not CSV") from error


def _credentials(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "password_enabled": _flag(row["password_enabled"]),
        "password_last_used_at": _time(row["password_last_used"]),
        "password_last_changed_at": _time(row["password_last_changed"]),
        "mfa_active": _flag(row["mfa_active"]),
        "access_keys": [
            {
                "number": number,
                "active": _flag(row[f"access_key_{number}_active"]),
                "last_rotated_at": _time(row[f"access_key_{number}_last_rotated"]),
                "last_used_at": _time(row[f"access_key_{number}_last_used_date"]),
            }
            for number in (1, 2)
        ],
    }


def _flag(value: str) -> bool | Unread:
    """A report's true or false. A password that is "not_supported" is none."""
    flags = {"true": True, "false": False, "not_supported": False}
    return flags.get(value.lower(), Unread("malformed_response", "iam:GetCredentialReport"))


def _time(value: str) -> str | Unread | None:
    """A report's time; null for N/A, no_information and not_supported, which mean "no such use on record"."""
    return None if value in _EMPTY else instant(value)


def _latest(root: Mapping[str, str]) -> str | Unread | None:
    names = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")
    times = [_time(root[name]) for name in names]
    unreadable = next((time for time in times if isinstance(time, Unread)), None)
    return unreadable or max((time for time in times if isinstance(time, str)), default=None)


# --- the account ---


_COUNTED: Final = {
    "iam_user_count": "Users",
    "iam_group_count": "Groups",
    "iam_role_count": "Roles",
    "iam_managed_policy_count": "Policies",
    "iam_server_certificate_count": "ServerCertificates",
}
"""IAM's own count of what the listings give: properties, and the keys of the summary (GetAccountSummary)."""


def _account_summary(aws: Caller, scope: Scope) -> Iterator[Found]:
    summary = aws.call("iam", "get_account_summary")["SummaryMap"]
    properties = {
        "root_mfa_enabled": _present(summary, "AccountMFAEnabled", MISSING),
        "root_access_keys_present": _present(summary, "AccountAccessKeysPresent", MISSING),
        # Newer than the others, and returned only where it says something (central root access management).
        "root_password_present": _present(summary, "AccountPasswordPresent", None),
        "root_signing_certificates_present": _present(summary, "AccountSigningCertificatesPresent", None),
        **{name: attribute(summary, key) for name, key in _COUNTED.items()},
    }
    yield Found(ACCOUNT, scope.account, properties)


def _present(summary: Mapping[str, int], key: str, absent: Unread | None) -> bool | Unread | None:
    return summary[key] > 0 if key in summary else absent


def _virtual_mfa_devices(aws: Caller, scope: Scope) -> Iterator[Found]:
    devices = aws.pages("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Assigned")
    # Whose an assigned device is, is always told; one of nobody could be root's.
    root = sorted(device["SerialNumber"] for device in devices if device["User"]["Arn"].endswith(":root"))
    yield Found(ACCOUNT, scope.account, {"root_virtual_mfa_devices": root})


def _password_policy(aws: Caller, account: Resource) -> Mapping[str, Any]:
    policy = aws.call("iam", "get_account_password_policy")["PasswordPolicy"]
    return {
        "password_policy": {
            "minimum_length": attribute(policy, "MinimumPasswordLength"),
            "require_symbols": attribute(policy, "RequireSymbols"),
            "require_numbers": attribute(policy, "RequireNumbers"),
            "require_uppercase": attribute(policy, "RequireUppercaseCharacters"),
            "require_lowercase": attribute(policy, "RequireLowercaseCharacters"),
            # Left out where reuse is not prevented (GetAccountPasswordPolicy).
            "remembered_passwords": policy.get("PasswordReusePrevention"),
        }
    }


_COMMON: Final = ("path", "created_at", "attached_policies", "inline_policies")

READERS: Final = (
    Reader(
        operations=("iam:GetAccountAuthorizationDetails",),
        read=_authorization_details,
        lists=(USER, GROUP, ROLE, MANAGED_POLICY, INLINE_POLICY),
        fills={
            USER: (*_COMMON, "groups", "tags"),
            GROUP: _COMMON,
            ROLE: (*_COMMON, "trust_policy", "last_used_at", "tags"),
            MANAGED_POLICY: ("path", "attachment_count", "document"),
            INLINE_POLICY: ("principal", "document"),
        },
        permissions=("iam:GetAccountAuthorizationDetails",),
        where=GLOBAL,
    ),
    Reader(
        operations=("iam:ListServerCertificates",),
        read=_server_certificates,
        lists=(SERVER_CERTIFICATE,),
        fills={SERVER_CERTIFICATE: ("expiration",)},
        permissions=("iam:ListServerCertificates",),
        where=GLOBAL,
    ),
    Reader(
        operations=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
        read=_credential_report,
        fills={
            USER: (
                "password_enabled",
                "password_last_used_at",
                "password_last_changed_at",
                "mfa_active",
                "access_keys",
                "report_generated_at",
            ),
            ACCOUNT: ("root_last_used_at", "report_generated_at"),
        },
        permissions=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
        where=GLOBAL,
    ),
    Reader(
        operations=("iam:GetAccountSummary",),
        read=_account_summary,
        fills={
            ACCOUNT: (
                "root_mfa_enabled",
                "root_access_keys_present",
                "root_password_present",
                "root_signing_certificates_present",
                *_COUNTED,
            )
        },
        permissions=("iam:GetAccountSummary",),
        where=GLOBAL,
    ),
    Reader(
        operations=("iam:ListVirtualMFADevices",),
        read=_virtual_mfa_devices,
        fills={ACCOUNT: ("root_virtual_mfa_devices",)},
        permissions=("iam:ListVirtualMFADevices",),
        where=GLOBAL,
    ),
    Reader(
        operations=("iam:GetAccountPasswordPolicy",),
        read=_password_policy,
        per="resource",
        of=ACCOUNT,
        fills={ACCOUNT: ("password_policy",)},
        permissions=("iam:GetAccountPasswordPolicy",),
        absent_codes=frozenset({"NoSuchEntity"}),
    ),
)
