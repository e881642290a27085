"""Cloud Storage: buckets, their ACLs and their policies.

Sources: provider documentation, google_storage_bucket; Cloud Storage JSON API reference, "Buckets".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.kms import KEY
from providers.gcp.storage import BUCKET
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import PRINCIPALS, policies
from providers.terraform.google.naming import LABELS, text
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split, Where

HOST: Final = "//storage.googleapis.com/"
_DOC: Final = "provider documentation, google_storage_bucket"
_ORGANIZATION_DECIDES: Final = Unread("known_after_apply", detail="the organization's default decides")
_CONDITIONS: Final = {
    "created_before": "createdBefore",
    "custom_time_before": "customTimeBefore",
    "days_since_custom_time": "daysSinceCustomTime",
    "days_since_noncurrent_time": "daysSinceNoncurrentTime",
    "matches_prefix": "matchesPrefix",
    "matches_storage_class": "matchesStorageClass",
    "matches_suffix": "matchesSuffix",
    "noncurrent_time_before": "noncurrentTimeBefore",
    "num_newer_versions": "numNewerVersions",
}
"""Conditions of a lifecycle rule, by the API's names. 0 is not set, but where ``send_..._if_zero`` says so."""
_CANNED: Final = {
    "publicRead": ["allUsers"],
    "publicReadWrite": ["allUsers"],
    "authenticatedRead": ["allAuthenticatedUsers"],
    **{name: [] for name in ("private", "projectPrivate", "bucketOwnerRead", "bucketOwnerFullControl")},
}
"""Whom canned ACLs name beside the project's own (Cloud Storage, "Predefined ACLs")."""


def _name(value: str) -> str:
    # Once they are there, resources of the bucket's policy name it "b/NAME".
    return value.removeprefix("b/")


def _identity(block: Block, where: Where) -> Any:
    for key in ("name", "id"):
        name = block.get(key, None, optional=True, computed=False)
        if isinstance(name, str) and name:
            return f"{HOST}{_name(name)}"
    return None


def _on(block: Block) -> Any:
    value = block.get("bucket", computed=False)
    return value if isinstance(value, Unread) else f"{HOST}{_name(value)}"


def _aliases(block: Block) -> Sequence[str]:
    name = block.get("name", None, computed=False)
    return [f"b/{name}"] if isinstance(name, str) else []


# --- lifecycle -------------------------------------------------------------------------------------------------------


def _lifecycle(block: Block) -> Any:
    rules = block.blocks("lifecycle_rule")
    return rules if isinstance(rules, Unread) else [_rule(rule) for rule in rules]


def _rule(rule: Block) -> dict[str, Any]:
    condition = rule.block("condition")
    if condition is None or isinstance(condition, Unread):
        told: Any = [] if condition is None else condition
        return {"action": rule.get("action.type"), "age_days": told or None, "conditions": told}
    age = _days(condition, "age")
    said = {"age": age, **{theirs: _days(condition, ours) for ours, theirs in _CONDITIONS.items()}}
    state = condition.get("with_state", None, optional=True)
    said["isLive"] = None if state in ("ANY", "", None) else state
    unread = next((value for value in said.values() if isinstance(value, Unread)), None)
    names = sorted(name for name, value in said.items() if value is not None)
    return {"action": rule.get("action.type"), "age_days": age, "conditions": names if unread is None else unread}


def _days(condition: Block, name: str) -> Any:
    """A condition; null where it is not set."""
    value = condition.get(name, None, optional=True)
    if value in ("", [], None) or (value == 0 and value is not False):
        sent = condition.get(f"send_{name}_if_zero", False, optional=True)
        return sent if isinstance(sent, Unread) else 0 if sent is True else None
    return value


# --- ACLs ------------------------------------------------------------------------------------------------------------


def _acl(*canned: str) -> Derived:
    def read(block: Block) -> Any:
        found: list[Any] = []
        for path in canned:
            name = block.get(path, None)
            if isinstance(name, Unread):
                return name
            if name:
                found += _CANNED.get(name) or ([] if name in _CANNED else [Unread("missing_attribute")])
        rows = block.get("role_entity", [], computed=True)
        if isinstance(rows, Unread):
            return rows
        return found + [row if isinstance(row, Unread) else row.partition(":")[2] for row in rows]

    return Derived((*canned, "role_entity"), read)


def _entity(block: Block) -> Any:
    value = block.get("entity")
    return value if isinstance(value, Unread) else [value]


def _each_once(entities: Sequence[Any]) -> Any:
    unread = next((entity for entity in entities if isinstance(entity, Unread)), None)
    return sorted(set(entities)) if unread is None else unread


def _uniform(properties: dict[str, Any]) -> dict[str, Any]:
    """Uniform access makes every ACL ineffective."""
    return {**properties, "acl_entities": []} if properties["uniform_bucket_level_access"] is True else properties


PARTS: Final = (
    Part("google_storage_bucket_acl", "bucket", {"acl_entities": _acl("predefined_acl", "default_acl")}),
    Part("google_storage_default_object_acl", "bucket", {"acl_entities": _acl()}),
    *(
        Part(terraform, "bucket", {"acl_entities": Derived(("entity",), _entity)})
        for terraform in ("google_storage_bucket_access_control", "google_storage_default_object_access_control")
    ),
    *policies("google_storage_bucket", "bucket", _on),
)

MAPPINGS: Final = (
    Mapping(
        type=BUCKET,
        terraform="google_storage_bucket",
        keys=("id", "name", "self_link"),
        aliases=_aliases,
        identity=_identity,
        parts=PARTS,
        finish=_uniform,
        properties={
            "uniform_bucket_level_access": Attribute("uniform_bucket_level_access", False, _DOC),
            "public_access_prevention": Attribute(
                "public_access_prevention", "inherited", _DOC, convert=lambda value: value or "inherited", optional=True
            ),
            "versioning_enabled": Attribute("versioning.enabled", False, "Bucket, 'versioning': off by default"),
            "soft_delete_seconds": Attribute(
                "soft_delete_policy.retention_duration_seconds",
                _ORGANIZATION_DECIDES,
                "Cloud Storage, 'Soft delete': an organization may set another default than 7 days",
                optional=True,
            ),
            "retention_seconds": Attribute("retention_policy.retention_period", None, convert=int),
            "retention_locked": Attribute("retention_policy.is_locked", False, _DOC),
            "default_kms_key": Attribute("encryption.default_kms_key_name", None, names=KEY, convert=text),
            "lifecycle_rules": Derived(("lifecycle_rule",), _lifecycle),
            "acl_entities": Split([], "Cloud Storage, 'Default ACLs': projectPrivate", group=_each_once),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
    ),
)
