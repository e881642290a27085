"""Cloud KMS: key rings, keys, how they rotate, and who may use them.

Sources: provider documentation and source, google_kms_crypto_key; Cloud KMS API reference, "cryptoKeys".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from providers.base import Unread
from providers.gcp.kms import HOST, KEY, RING
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.iam_policies import PRINCIPALS, parts
from providers.terraform.google.naming import LABELS, NOT_HELD, exists, mapping, period
from providers.terraform.mapping import Attribute, Derived
from providers.times import instant

_SERVICE: Final = "cloudkms.googleapis.com"
_DOC: Final = "provider documentation, google_kms_crypto_key"


def _next_rotation(block: Block) -> Any:
    """When the next version of a new key is made: the provider adds the period to the moment of making the key.

    Of a key that is there, the provider does not tell.
    """
    every = block.get("rotation_period", None)
    seconds = every if isinstance(every, Unread) else period(every or "")
    if seconds is None or isinstance(seconds, Unread):
        return seconds
    return NOT_HELD if exists(block) else after(block, seconds)


def after(block: Block, seconds: int) -> Any:
    """The moment that many seconds after the plan is read."""
    return instant(datetime.fromisoformat(block.referring.as_of()) + timedelta(seconds=seconds))


def _primary(block: Block) -> Any:
    """The state of the version that encrypts. A new key begins with one, unless that is left out."""
    if block.get("purpose", "ENCRYPT_DECRYPT") not in ("ENCRYPT_DECRYPT", ""):
        return None
    rows = block.blocks("primary", optional=True)
    if exists(block) and rows is not COMPUTED:
        return rows if isinstance(rows, Unread) else rows[0].get("state") if rows else NOT_HELD
    left_out = [block.get(name, False, optional=True) for name in ("skip_initial_version_creation", "import_only")]
    unread = next((value for value in left_out if isinstance(value, Unread)), None)
    return unread if unread is not None else None if True in left_out else "ENABLED"


def _ring(block: Block) -> Any:
    value = block.id("key_ring", RING)
    return f"{HOST}{value}" if isinstance(value, str) and value.startswith("projects/") else value


MAPPINGS: Final = (
    mapping(
        _SERVICE,
        RING,
        "google_kms_key_ring",
        {"principals": PRINCIPALS},
        parts=parts("google_kms_key_ring", "key_ring_id", _SERVICE, same=()),
    ),
    mapping(
        _SERVICE,
        KEY,
        "google_kms_crypto_key",
        {
            "purpose": Attribute("purpose", "ENCRYPT_DECRYPT", _DOC),
            "rotation_seconds": Attribute("rotation_period", None, convert=period),
            "next_rotation_time": Derived(
                ("rotation_period",), _next_rotation, "provider source, google_kms_crypto_key"
            ),
            "primary_state": Derived(("primary.state", "skip_initial_version_creation"), _primary, _DOC),
            "protection_level": Attribute("version_template.protection_level", "SOFTWARE", _DOC),
            "import_only": Attribute("import_only", False, _DOC, optional=True),
            "key_ring": Derived(("key_ring",), _ring),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
        # By its name alone nobody names a key: it is one of its ring's.
        keys=("id", "self_link"),
        parts=parts("google_kms_crypto_key", "crypto_key_id", _SERVICE, same=()),
    ),
)
