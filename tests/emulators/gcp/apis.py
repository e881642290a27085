"""What Google's APIs answer about a :class:`tests.emulators.gcp.world.World`, written from their API references.

A route is a function that gives the JSON of a success; the table says which permission the call takes and which form
its errors have. Services are added here or in a module of their own, by :func:`route`.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from tests.emulators.gcp.errors import UNAUTHENTICATED, Refused, off, without
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World
from tests.emulators.identify import Request
from tests.emulators.wire import Answer

Handler = Callable[..., Any]
CONTENTS: Final = {"1": "RESOURCE", "2": "IAM_POLICY", "4": "ORG_POLICY"}


@dataclass(frozen=True, slots=True)
class Row:
    method: str
    host: str
    path: re.Pattern[str]
    permission: str
    legacy: bool
    scope: str
    handler: Handler


ROUTES: Final[list[Row]] = []


def route(
    method: str, host: str, path: str, permission: str, legacy: bool = False, scope: str = ""
) -> Callable[[Handler], Handler]:
    """Answers ``method`` of ``path`` (a pattern whose groups are arguments) with what the function returns.

    The function takes the world and the request. ``permission`` may name groups: "resourcemanager.{kind}.getIamPolicy".
    ``scope`` is what the token has to be for, where it has to be for anything.
    """

    def add(handler: Handler) -> Handler:
        ROUTES.append(Row(method, f"{host}.googleapis.com", re.compile(path), permission, legacy, scope, handler))
        return handler

    return add


def apis(google: Google, asked: Request) -> Answer:
    """What the APIs say of the server's world."""
    try:
        if asked.host in _TOKENS:
            return _TOKENS[asked.host](google, asked)
        return _answered(google, asked)
    except Refused as error:
        return error.answer(_legacy(asked))


def _legacy(asked: Request) -> bool:
    return any(row.legacy for row in ROUTES if row.host == asked.host)


def _answered(google: Google, asked: Request) -> Answer:
    for row in ROUTES:
        match = row.path.fullmatch(unquote(asked.path))
        if (row.method, row.host) == (asked.method, asked.host) and match:
            if google.holder(asked) is None:
                raise Refused(*UNAUTHENTICATED)
            _allow(google.world, asked, row, match.groupdict())
            if row.scope not in google.scopes.get(asked.bearer, ""):
                message = "Request had insufficient authentication scopes."
                raise Refused(403, "PERMISSION_DENIED", message, "insufficientPermissions")
            return Answer.of(row.handler(google.world, asked, **match.groupdict()))
    return Answer(404, (("content-type", "text/html"),), b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>")


def _allow(world: World, asked: Request, row: Row, groups: Mapping[str, str]) -> None:
    told = (groups.get("name"), *map(asked.query.get, ("parent", "project", "targetResource")))
    subject = next(filter(None, told), "")
    project = world.project(subject.removeprefix("projects/").partition("/")[0])
    consumer = project["number"] if project and asked.host != "cloudasset.googleapis.com" else world.payer
    named = world.project(consumer)
    if {asked.host, f"{asked.host}@{named['projectId'] if named else ''}"} & world.off:
        raise off(consumer, asked.host)
    permission = row.permission.format(**groups)
    # Where it is "", the route says itself, by what is asked for.
    if permission and not world.grants(permission, subject):
        raise without(permission, subject)


def paged(
    world: World,
    asked: Request,
    items: Sequence[Any],
    key: str,
    size: str = "pageSize",
    usual: int = 100,
    most: int = 1000,
) -> dict[str, Any]:
    """A page of a listing: without items the key is left out, and without a further page the token."""
    told = int(asked.query.get(size, "") or 0) or usual
    count = min(told, most, world.page or most)
    token = asked.query.get("pageToken", "")
    try:
        start = int(urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise Refused(400, "INVALID_ARGUMENT", "The page token is invalid.", "invalid") from None
    page = list(items[start : start + count])
    following = start + count
    more = {"nextPageToken": urlsafe_b64encode(str(following).encode()).decode()} if following < len(items) else {}
    return {**({key: page} if page else {}), **more}


def _missing(what: str) -> Refused:
    return Refused(404, "NOT_FOUND", f"{what} was not found.", "NOT_FOUND")


# --- tokens ---


def _token(google: Google, asked: Request) -> Answer:
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
        payload = form["assertion"].split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        who, scope = claims.get("sub", claims["iss"]), claims.get("scope", "")
        if "sub" in claims and claims["sub"] not in google.world.delegated:
            said = "Client is unauthorized to retrieve access tokens using this method."
            return Answer.of({"error": "unauthorized_client", "error_description": said}, 401)
    elif form.get("refresh_token") == "a-refresh-token":
        who, scope = "user:ada@example.com", "https://www.googleapis.com/auth/cloud-platform"
    else:
        return Answer.of({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
    token = _issued(google, who)
    google.scopes[token] = scope
    return Answer.of({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


def _exchanged(google: Google, asked: Request) -> Answer:
    """Security Token Service: a workload's own token for one of Google's (RFC 8693)."""
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    if form.get("subject_token") != "a-workloads-token":
        return Answer.of({"error": "invalid_grant", "error_description": "The given token is invalid."}, 400)
    issued = "urn:ietf:params:oauth:token-type:access_token"
    token = _issued(google, f"principal:{form['audience']}")
    return Answer.of({"access_token": token, "issued_token_type": issued, "token_type": "Bearer", "expires_in": 3599})


def _impersonated(google: Google, asked: Request) -> Answer:
    if google.holder(asked) is None:
        raise Refused(*UNAUTHENTICATED)
    email = asked.path.rpartition("/")[2].partition(":")[0]
    return Answer.of({"accessToken": _issued(google, email), "expireTime": "2099-01-01T00:00:00Z"})


def _issued(google: Google, who: str) -> str:
    token = f"ya29.{len(google.tokens)}-{who}"
    google.tokens[token] = who
    return token


_TOKENS: Final[Mapping[str, Callable[[Google, Request], Answer]]] = {
    "oauth2.googleapis.com": _token,
    "sts.googleapis.com": _exchanged,
    "iamcredentials.googleapis.com": _impersonated,
}


# --- Resource Manager (cloudresourcemanager.googleapis.com/v3) ---

_MANAGER: Final = "cloudresourcemanager"


@route("GET", _MANAGER, "/v3/organizations:search", "resourcemanager.organizations.get")
def _organizations(world: World, asked: Request) -> Any:
    own = world.organization
    row = {"name": f"organizations/{own['id']}", "displayName": own["displayName"], "state": "ACTIVE"}
    return paged(world, asked, [] if own.get("hidden") else [row], "organizations")


def _folder(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key in ("parent", "displayName")}
    return {"name": f"folders/{row['id']}", "state": "ACTIVE", **kept}


def _project(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key in ("parent", "projectId", "displayName", "labels")}
    return {"name": f"projects/{row['number']}", "state": row.get("state", "ACTIVE"), **kept}


@route("GET", _MANAGER, "/v3/folders", "resourcemanager.folders.list")
def _folders(world: World, asked: Request) -> Any:
    rows = [_folder(row) for row in world.folders if row["parent"] == asked.query.get("parent", "")]
    return paged(world, asked, rows, "folders")


@route("GET", _MANAGER, "/v3/projects", "resourcemanager.projects.list")
def _projects(world: World, asked: Request) -> Any:
    rows = [_project(row) for row in world.projects.values() if row.get("parent") == asked.query.get("parent", "")]
    shown = [row for row in rows if row["state"] == "ACTIVE" or asked.query.get("showDeleted") == "true"]
    return paged(world, asked, shown, "projects")


@route("GET", _MANAGER, "/v3/(?P<name>folders/[^/:]+)", "resourcemanager.folders.get")
def _one_folder(world: World, asked: Request, name: str) -> Any:
    found = next((row for row in world.folders if f"folders/{row['id']}" == name), None)
    if found is None:
        raise _missing(name)
    return _folder(found)


@route("GET", _MANAGER, "/v3/(?P<name>projects/[^/:]+)", "resourcemanager.projects.get")
def _one_project(world: World, asked: Request, name: str) -> Any:
    found = world.project(name.partition("/")[2])
    if found is None:
        # "or it may not exist": what is not there is denied.
        raise Refused(403, "PERMISSION_DENIED", "The caller does not have permission", "IAM_PERMISSION_DENIED")
    return _project(found)


@route("POST", _MANAGER, "/v3/(?P<name>projects/[^/:]+):testIamPermissions", "")
def _tested(world: World, asked: Request, name: str) -> Any:
    granted = [told for told in json.loads(asked.body)["permissions"] if world.grants(told, name)]
    return {"permissions": granted} if granted else {}


@route(
    "POST",
    _MANAGER,
    "/v3/(?P<name>(?P<kind>organizations|folders|projects)/[^/:]+):getIamPolicy",
    "resourcemanager.{kind}.getIamPolicy",
)
def _policy(world: World, asked: Request, name: str, kind: str) -> Any:
    found = world.policy(name)
    if found is None:
        raise _missing(name)
    return versioned(found, asked.json.get("options", {}).get("requestedPolicyVersion"))


def versioned(policy: Mapping[str, Any], version: Any) -> dict[str, Any]:
    """A policy as it is shown to who asked for a version: below 3, conditions are not."""
    if str(version) == "3":
        return dict(policy)
    bindings = [{k: v for k, v in row.items() if k != "condition"} for row in policy.get("bindings", [])]
    return {**policy, "version": 1, "bindings": bindings}


# --- Cloud Asset Inventory (cloudasset.googleapis.com/v1) ---


@route("GET", "cloudasset", "/v1/(?P<name>(?:projects|folders)/[^/]+)/assets", "")
def _assets(world: World, asked: Request, name: str) -> Any:
    content = CONTENTS.get(asked.query.get("contentType", ""), asked.query.get("contentType", ""))
    permission = {"RESOURCE": "cloudasset.assets.listResource", "IAM_POLICY": "cloudasset.assets.listIamPolicy"}
    if content not in permission:
        raise Refused(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "invalid")
    if not world.grants(permission[content], name):
        metadata = {"permission": permission[content]}
        raise Refused(
            403, "PERMISSION_DENIED", "The caller does not have permission", "IAM_PERMISSION_DENIED", metadata
        )
    if name.startswith("projects/") and world.project(name.partition("/")[2]) is None:
        raise _missing(name)
    types = asked.values("assetTypes")
    makers = [make for kind, make in world.inventory(name, content) if not types or kind in types]
    page = paged(world, asked, makers, "assets")
    shown = {"assets": [make() for make in page["assets"]]} if "assets" in page else {}
    return {"readTime": "2026-11-23T12:00:00Z", **page, **shown}


# --- Cloud Storage (storage.googleapis.com/storage/v1): errors of the older form ---

BUCKET: Final = "storage.googleapis.com/Bucket"


def _without_acls(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in ("acl", "defaultObjectAcl")}


@route("GET", "storage", "/storage/v1/b", "storage.buckets.list", legacy=True)
def _buckets(world: World, asked: Request) -> Any:
    rows = [entry["data"] for entry in world.assets(asked.query.get("project", ""), BUCKET)]
    shown = rows if asked.query.get("projection") == "full" else [_without_acls(row) for row in rows]
    return {"kind": "storage#buckets", **paged(world, asked, shown, "items", "maxResults", 1000)}


def _bucket(world: World, name: str) -> dict[str, Any]:
    entries = (entry for id_ in world.projects for entry in world.assets(id_, BUCKET))
    found = next((entry for entry in entries if entry["data"]["name"] == name), None)
    if found is None:
        raise Refused(404, "NOT_FOUND", "The specified bucket does not exist.", "notFound")
    return found


@route("GET", "storage", "/storage/v1/b/(?P<name>[^/]+)", "storage.buckets.get", legacy=True)
def _one_bucket(world: World, asked: Request, name: str) -> Any:
    data = _bucket(world, name)["data"]
    shown = data if asked.query.get("projection") == "full" else _without_acls(data)
    wanted = [key for key in asked.query.get("fields", "").split(",") if key]
    return {key: value for key, value in shown.items() if not wanted or key in wanted}


@route("GET", "storage", "/storage/v1/b/(?P<name>[^/]+)/iam", "storage.buckets.getIamPolicy", legacy=True)
def _bucket_policy(world: World, asked: Request, name: str) -> Any:
    policy = {"kind": "storage#policy", "version": 3, "etag": "CAE=", **_bucket(world, name).get("iam", {})}
    return versioned(policy, asked.query.get("optionsRequestedPolicyVersion", ""))


# --- Cloud KMS (cloudkms.googleapis.com/v1) ---

KEY: Final = "cloudkms.googleapis.com/CryptoKey"
RING: Final = "cloudkms.googleapis.com/KeyRing"


@route("GET", "cloudkms", "/v1/projects/(?P<name>[^/]+)/locations", "cloudkms.locations.list")
def _kms_locations(world: World, asked: Request, name: str) -> Any:
    locations = [{"name": f"projects/{name}/locations/{id_}", "locationId": id_} for id_ in ("europe-west1", "global")]
    return paged(world, asked, locations, "locations")


@route("GET", "cloudkms", "/v1/projects/(?P<name>[^/]+)/locations/(?P<place>[^/]+)/keyRings", "cloudkms.keyRings.list")
def _rings(world: World, asked: Request, name: str, place: str) -> Any:
    return paged(world, asked, _below(world, name, RING, f"projects/{name}/locations/{place}/"), "keyRings")


@route(
    "GET",
    "cloudkms",
    "/v1/projects/(?P<name>[^/]+)/(?P<ring>locations/[^/]+/keyRings/[^/]+)/cryptoKeys",
    "cloudkms.cryptoKeys.list",
)
def _keys(world: World, asked: Request, name: str, ring: str) -> Any:
    return paged(world, asked, _below(world, name, KEY, f"projects/{name}/{ring}/"), "cryptoKeys")


def _below(world: World, project: str, type_: str, prefix: str) -> list[Any]:
    return [entry["data"] for entry in world.assets(project, type_) if entry["data"]["name"].startswith(prefix)]


@route("GET", "cloudkms", "/v1/(?P<name>projects/.+/keyRings/[^/:]+):getIamPolicy", "cloudkms.keyRings.getIamPolicy")
def _ring_policy(world: World, asked: Request, name: str) -> Any:
    return _kms_policy(world, asked, name, RING)


@route(
    "GET", "cloudkms", "/v1/(?P<name>projects/.+/cryptoKeys/[^/:]+):getIamPolicy", "cloudkms.cryptoKeys.getIamPolicy"
)
def _key_policy(world: World, asked: Request, name: str) -> Any:
    return _kms_policy(world, asked, name, KEY)


def _kms_policy(world: World, asked: Request, name: str, type_: str) -> Any:
    entries = world.assets(name.split("/")[1], type_)
    found = next((entry for entry in entries if entry["data"]["name"] == name), None)
    if found is None:
        raise _missing(name)
    return versioned({"etag": "ACAB", **found.get("iam", {})}, asked.query.get("options.requestedPolicyVersion", ""))


# --- IAM (iam.googleapis.com/v1) ---

ACCOUNT: Final = "iam.googleapis.com/ServiceAccount"
ACCOUNT_KEY: Final = "iam.googleapis.com/ServiceAccountKey"


@route("GET", "iam", "/v1/projects/(?P<name>[^/]+)/serviceAccounts", "iam.serviceAccounts.list")
def _accounts(world: World, asked: Request, name: str) -> Any:
    return paged(world, asked, [entry["data"] for entry in world.assets(name, ACCOUNT)], "accounts", usual=20, most=100)


def _account(world: World, project: str, account: str) -> dict[str, Any]:
    entries = world.assets(project, ACCOUNT)
    found = next((e for e in entries if account in (e["data"]["email"], e["data"]["uniqueId"])), None)
    if found is None:
        raise _missing(account)
    return found


@route(
    "GET", "iam", "/v1/projects/(?P<name>[^/]+)/serviceAccounts/(?P<account>[^/]+)/keys", "iam.serviceAccountKeys.list"
)
def _account_keys(world: World, asked: Request, name: str, account: str) -> Any:
    email = _account(world, name, account)["data"]["email"]
    keys = [e["data"] for e in world.assets(name, ACCOUNT_KEY) if e["data"]["name"].split("/")[3] == email]
    return {"keys": keys} if keys else {}


@route(
    "POST",
    "iam",
    "/v1/projects/(?P<name>[^/]+)/serviceAccounts/(?P<account>[^/:]+):getIamPolicy",
    "iam.serviceAccounts.getIamPolicy",
)
def _account_policy(world: World, asked: Request, name: str, account: str) -> Any:
    policy = {"etag": "ACAB", **_account(world, name, account).get("iam", {})}
    return versioned(policy, asked.json.get("options", {}).get("requestedPolicyVersion"))


# --- Cloud Logging (logging.googleapis.com/v2) ---


@route("GET", "logging", "/v2/(?P<name>(?:projects|folders|organizations)/[^/]+)/sinks", "logging.sinks.list")
def _sinks(world: World, asked: Request, name: str) -> Any:
    kind, _, id_ = name.partition("/")
    if kind == "projects":
        rows = [entry["data"] for entry in world.assets(id_, "logging.googleapis.com/LogSink")]
    elif kind == "folders":
        rows = next((row.get("sinks", []) for row in world.folders if row["id"] == id_), [])
    else:
        rows = world.organization.get("sinks", [])
    return paged(world, asked, rows, "sinks")


@route("GET", "logging", "/v2/projects/(?P<name>[^/]+)/locations/-/buckets", "logging.buckets.list")
def _log_buckets(world: World, asked: Request, name: str) -> Any:
    rows = [entry["data"] for entry in world.assets(name, "logging.googleapis.com/LogBucket")]
    return paged(world, asked, rows, "buckets")


# --- Compute Engine (compute.googleapis.com/compute/v1): errors of the older form ---


@route("GET", "compute", "/compute/v1/projects/(?P<name>[^/]+)/global/firewalls", "compute.firewalls.list", legacy=True)
def _firewalls(world: World, asked: Request, name: str) -> Any:
    rows = [entry["data"] for entry in world.assets(name, "compute.googleapis.com/Firewall")]
    return {"kind": "compute#firewallList", **paged(world, asked, rows, "items", "maxResults", 500, 500)}


_POLICIES: Final = "/compute/v1/locations/global/firewallPolicies"


@route("GET", "compute", f"{_POLICIES}/listAssociations", "compute.organizations.listAssociations", legacy=True)
def _associations(world: World, asked: Request) -> Any:
    target = asked.query.get("targetResource", "")
    rows = [
        {"name": row["id"], "firewallPolicyId": row["id"], "attachmentTarget": target}
        for row in world.organization.get("firewallPolicies", [])
        if target in row["attachedTo"]
    ]
    return {"kind": "compute#firewallPoliciesListAssociationsResponse", **({"associations": rows} if rows else {})}


@route("GET", "compute", f"{_POLICIES}/(?P<name>[0-9]+)", "compute.firewallPolicies.get", legacy=True)
def _firewall_policy(world: World, asked: Request, name: str) -> Any:
    found = next((row for row in world.organization.get("firewallPolicies", []) if row["id"] == name), None)
    if found is None:
        raise _missing(name)
    return {"kind": "compute#firewallPolicy", "id": name, "rules": found["rules"]}
