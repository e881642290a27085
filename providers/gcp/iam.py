"""IAM: service accounts, when they were last used, who may act as them, and their keys.

Sources: IAM API reference, "projects.serviceAccounts" and "projects.serviceAccounts.keys"; Policy Analyzer API
reference, "projects.locations.activityTypes.activities.query".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Reader, Resource, ResourceType, Unread
from providers.gcp.assets import GONE, Item, own_principals, policy, resource
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
ACTIVITY: Final = "policyanalyzer.projects.locations.activityTypes.activities.query"
ACTIVITIES: Final = "https://policyanalyzer.googleapis.com/v1/projects/{project}/locations/global/activityTypes/"
NOT_SEEN: Final = Unread("not_collected", ACTIVITY, detail="no use in the time for which activity is kept")

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


_USE: Final[Mapping[str, Field]] = {"at": Field("activity.lastAuthenticatedTime", instant, NOT_SEEN)}


def _used(gcp: Caller, account: Resource) -> Mapping[str, Any]:
    """When it last authenticated. Activity is kept for some time: without a record it may have been used before."""
    times = dict(gcp.listed("iam activity", lambda: list(_activities(gcp))))
    return {"last_authenticated_at": times.get(account.id.rpartition("/")[2], NOT_SEEN)}


def _activities(gcp: Caller) -> Iterator[tuple[str, Any]]:
    url = f"{ACTIVITIES.format(project=gcp.account)}serviceAccountLastAuthentication/activities:query"
    for item in gcp.pages(ACTIVITY, url, "activities", size=1000):
        yield item["activity"]["serviceAccount"]["serviceAccountId"], read(_USE, item)["at"]


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
    Reader(
        operations=(ACTIVITY,),
        read=_used,
        per="resource",
        where=GLOBAL,
        of=ACCOUNT,
        fills={ACCOUNT: ("last_authenticated_at",)},
        permissions=(
            "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
            "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
        ),
        gone_codes=GONE,
    ),
)
