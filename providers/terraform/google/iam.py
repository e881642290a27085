"""IAM: service accounts, their keys, and the identity providers of others that are trusted.

Source: provider documentation, google_service_account, google_service_account_key,
google_iam_workload_identity_pool_provider.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.iam import ACCOUNT, HOST, KEY
from providers.gcp.workload_identity import PROVIDER
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import PRINCIPALS, parts
from providers.terraform.google.naming import NOT_HELD, exists, last, mapping, project
from providers.terraform.mapping import Attribute, Constant, Derived, Where

_SERVICE: Final = "iam.googleapis.com"
_DOC: Final = "provider documentation"


def _email(block: Block) -> Any:
    """The address, which follows from the account's id and its project."""
    known = block.get("email", computed=False)
    if not isinstance(known, Unread):
        return known
    id_, own = block.get("account_id"), project(block)
    if not isinstance(id_, str) or own is None or ":" in own:
        return known
    return f"{id_}@{own}.iam.gserviceaccount.com"


def _identity(block: Block, where: Where) -> Any:
    number = block.get("unique_id", None, computed=False)
    told = isinstance(number, str) and number and where.account is not None
    return f"{HOST}projects/{where.account}/serviceAccounts/{number}" if told else None


def _enabled(block: Block) -> Any:
    # Whether somebody has switched off a key that is there, the provider does not tell.
    return NOT_HELD if exists(block) else False


def _state(block: Block) -> Any:
    return block.get("state", computed=False) if exists(block) else "ACTIVE"


def _valid_after(block: Block) -> Any:
    return block.get("valid_after", computed=False) if exists(block) else block.referring.as_of()


_ADDRESS: Final = Derived(
    ("email", "account_id"), _email, "IAM, 'Service account types': ID@PROJECT.iam.gserviceaccount.com"
)

MAPPINGS: Final = (
    mapping(
        _SERVICE,
        ACCOUNT,
        "google_service_account",
        {
            "email": _ADDRESS,
            "disabled": Attribute("disabled", False, _DOC, optional=True),
            "principals": PRINCIPALS,
        },
        keys=("id", "name", "email"),
        name=_ADDRESS,
        identity=_identity,
        parts=parts("google_service_account", "service_account_id", _SERVICE, same=()),
    ),
    mapping(
        _SERVICE,
        KEY,
        "google_service_account_key",
        {
            "key_type": Constant("USER_MANAGED", "API reference, serviceAccounts.keys: those that users make"),
            "disabled": Derived((), _enabled, "API reference: a new key is on"),
            "valid_after": Derived(("valid_after",), _valid_after, "a new key is made after the plan"),
            "valid_before": Attribute("valid_before", computed=False),
            "service_account": Derived(
                ("service_account_id",), lambda block: block.owner("service_account_id", ACCOUNT)
            ),
        },
        keys=("id", "name"),
        name=Attribute("name", None, computed=False, convert=last),
        # The live adapter names it by the number of its account.
        identity=lambda block, where: None,
    ),
    mapping(
        _SERVICE,
        PROVIDER,
        "google_iam_workload_identity_pool_provider",
        {
            "state": Derived(("state",), _state, "API reference: a new one is active"),
            "disabled": Attribute("disabled", False, _DOC),
            "attribute_condition": Attribute("attribute_condition", "", _DOC),
            "issuer": Attribute("oidc.issuer_uri", None),
        },
        keys=("id", "name"),
        name=Attribute("workload_identity_pool_provider_id", None),
    ),
)
