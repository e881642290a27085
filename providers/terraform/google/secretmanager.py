"""Secret Manager: secrets, how they rotate and end, and who may read them.

Source: provider documentation, google_secret_manager_secret; Secret Manager API reference, "projects.secrets".
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.fields import instant
from providers.gcp.secretmanager import HOST, STORED
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.iam_policies import PRINCIPALS, parts
from providers.terraform.google.kms import after
from providers.terraform.google.naming import LABELS, mapping, period
from providers.terraform.mapping import Attribute, Derived


def _expires(block: Block) -> Any:
    """When it is deleted by itself: at the time that is set, or so long after it is made."""
    at = block.get("expire_time", None, computed=False)
    if at is not COMPUTED and at not in (None, ""):
        return at if isinstance(at, Unread) else instant(at)
    lives = block.get("ttl", None)
    seconds = lives if isinstance(lives, Unread) else period(lives or "")
    return seconds if seconds is None or isinstance(seconds, Unread) else after(block, seconds)


MAPPINGS: Final = (
    mapping(
        HOST,
        STORED,
        "google_secret_manager_secret",
        {
            "rotation_seconds": Attribute("rotation.rotation_period", None, convert=period),
            "expires_at": Derived(("expire_time", "ttl"), _expires),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
        keys=("id", "name", "secret_id"),
        name=Attribute("secret_id", None),
        parts=parts("google_secret_manager_secret", "secret_id", HOST),
    ),
)
