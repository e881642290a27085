"""IAM: service accounts, whether they are in use, who may act as them, and their keys.

Source: IAM API reference, "projects.serviceAccounts" and "projects.serviceAccounts.keys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import Item, own_principals, policy, resource
from providers.gcp.fields import Field, flag, instant, read

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

ACCOUNT: Final = "iam.googleapis.com/ServiceAccount"
KEY: Final = "iam.googleapis.com/ServiceAccountKey"
TYPES: Final = (ResourceType(ACCOUNT, GLOBAL), ResourceType(KEY, GLOBAL))
API: Final = "https://iam.googleapis.com/v1"
HOST: Final = "//iam.googleapis.com/"
LIST: Final = "iam.projects.serviceAccounts.list"
POLICY: Final = "iam.projects.serviceAccounts.getIamPolicy"

_ACCOUNT: Final[Mapping[str, Field]] = {
    "email": Field("email"),
    # Booleans are left out where they are false.
    "disabled": Field("disabled", flag, False),
}
_KEY: Final[Mapping[str, Field]] = {
    "key_type": Field("keyType"),
    "disabled": Field("disabled", flag, False),
    "valid_after": Field("validAfterTime", instant),
    "valid_before": Field("validBeforeTime", instant),
}


def _account(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_ACCOUNT, item), "name": item["email"]}


def _key(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    account, _, own = name.partition("/keys/")
    return {**read(_KEY, item), "service_account": account, "name": own}


def _accounts(gcp: Caller) -> Sequence[Item]:
    return gcp.listed("iam service accounts", lambda: list(_accounts_of(gcp)))


def _accounts_of(gcp: Caller) -> Iterator[Item]:
    # By its unique id, as the inventory names it: an address can be given to another account later.
    for item in gcp.pages(LIST, f"{API}/projects/{gcp.account}/serviceAccounts", "accounts", size=100):
        yield f"{HOST}projects/{gcp.account}/serviceAccounts/{item['uniqueId']}", item


def _keys(gcp: Caller) -> Iterator[Item]:
    for account, _ in _accounts(gcp):
        url = f"{API}/{account.removeprefix(HOST)}/keys"
        for item in gcp.pages("iam.projects.serviceAccounts.keys.list", url, "keys", gone=True):
            yield f"{account}/keys/{item['name'].rpartition('/')[2]}", item


def _policy(gcp: Caller, account: Resource) -> Mapping[str, Any]:
    url = f"{API}/{account.id.removeprefix(HOST)}:getIamPolicy"
    return gcp.post(POLICY, url, {"options": {"requestedPolicyVersion": 3}})


READERS: Final = (
    resource(
        ACCOUNT,
        tuple(_ACCOUNT),
        _account,
        operations=(LIST,),
        items=_accounts,
        permissions=("iam.serviceAccounts.list",),
    ),
    resource(
        KEY,
        (*_KEY, "service_account"),
        _key,
        operations=("iam.projects.serviceAccounts.keys.list", LIST),
        items=_keys,
        permissions=("iam.serviceAccountKeys.list", "iam.serviceAccounts.list"),
    ),
    policy(
        ACCOUNT,
        ("principals",),
        own_principals,
        _policy,
        operation=POLICY,
        permission="iam.serviceAccounts.getIamPolicy",
        unmentioned={"principals": []},
    ),
)
