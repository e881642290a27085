"""What a run takes of the bucket in which it records, in each cloud: it writes, and deletes nothing.

Object Lock's two actions are used where the policy asks for it (``retention.object_lock``). Google asks for
``storage.objects.delete`` where an object is written over, which a run does without: see ``docs/object-store.md``.
"""

from __future__ import annotations

import json
from typing import Any, Final

from engine.evidence.objects.address import Address

CLOUDS: Final = {"s3": "aws", "gs": "gcp", "az": "azure"}
"""The provider by whose identity a store of each scheme is entered."""
ON_BUCKET: Final = ("s3:ListBucket", "s3:GetBucketObjectLockConfiguration")
ON_OBJECTS: Final = ("s3:GetObject", "s3:PutObject", "s3:PutObjectRetention")
_OF_GOOGLE: Final = ("storage.objects.create", "storage.objects.get", "storage.objects.list")
_BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_OF_AZURE: Final = (f"{_BLOBS}/read", f"{_BLOBS}/write")
_ABOUT: Final = "Reads and writes evidence for auditreel, and deletes nothing."


def cloud(store: Address) -> str:
    """The provider whose identity enters the bucket of a store."""
    return CLOUDS[store.scheme]


def statements(store: Address, arn: str = "arn:aws:s3:::") -> list[dict[str, Any]]:
    """The statements of an IAM policy for a store in S3; ``arn`` is what stands before the bucket's name."""
    return [
        {"Effect": "Allow", "Action": list(ON_BUCKET), "Resource": f"{arn}{store.bucket}"},
        {"Effect": "Allow", "Action": list(ON_OBJECTS), "Resource": f"{arn}{store.bucket}/{store.key('*')}"},
    ]


def role(store: Address) -> tuple[str, str]:
    """The name and the text of a file that grants it: an IAM policy, or a role of Google or Azure."""
    if store.scheme == "s3":
        policy = {"Version": "2012-10-17", "Statement": statements(store)}
        return "store-aws.json", f"{json.dumps(policy, indent=2)}\n"
    if store.scheme == "gs":
        head = f"title: auditreel evidence\ndescription: {json.dumps(_ABOUT)}\nstage: GA\nincludedPermissions:\n"
        return "store-gcp.yaml", head + "".join(f"- {name}\n" for name in _OF_GOOGLE)
    found = {
        "Name": "auditreel evidence",
        "IsCustom": True,
        "Description": _ABOUT,
        "Actions": [],
        "NotActions": [],
        "DataActions": list(_OF_AZURE),
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION_ID"],
    }
    return "store-azure.json", f"{json.dumps(found, indent=2)}\n"
