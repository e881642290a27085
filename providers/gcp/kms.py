"""Cloud KMS: key rings, keys, how they rotate, and who may use them.

Source: Cloud KMS API reference, "projects.locations.keyRings.cryptoKeys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import Item, own_principals, policy, resource
from providers.gcp.fields import Field, flag, instant, labels, read, seconds, text

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

KEY: Final = "cloudkms.googleapis.com/CryptoKey"
RING: Final = "cloudkms.googleapis.com/KeyRing"
TYPES: Final = (ResourceType(KEY, GLOBAL), ResourceType(RING, GLOBAL))
API: Final = "https://cloudkms.googleapis.com/v1"
HOST: Final = "//cloudkms.googleapis.com/"

_FIELDS: Final[Mapping[str, Field]] = {
    "purpose": Field("purpose"),
    # Without a period a key does not rotate by itself; only keys of purpose ENCRYPT_DECRYPT can have one.
    "rotation_seconds": Field("rotationPeriod", seconds, None),
    "next_rotation_time": Field("nextRotationTime", instant, None),
    # Only keys of purpose ENCRYPT_DECRYPT have a primary version, once there is a version.
    "primary_state": Field("primary.state", text, None),
    "protection_level": Field("versionTemplate.protectionLevel"),
    "import_only": Field("importOnly", flag, False),
    "tags": Field("labels", labels, {}),
}


def _key(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    ring, _, own = name.partition("/cryptoKeys/")
    return {**read(_FIELDS, item), "key_ring": ring, "name": own, "region": _location(name)}


def _ring(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": name.rpartition("/")[2], "region": _location(name)}


def _location(name: str) -> str:
    return name.partition("/locations/")[2].partition("/")[0]


def _locations(gcp: Caller) -> Sequence[str]:
    """The locations that KMS serves the project in; key rings are listed in each."""
    url = f"{API}/projects/{gcp.account}/locations"
    return [row["name"] for row in gcp.pages("cloudkms.projects.locations.list", url, "locations", size=1000)]


def _rings(gcp: Caller) -> Sequence[Item]:
    return gcp.listed("cloudkms key rings", lambda: list(_rings_of(gcp)))


def _rings_of(gcp: Caller) -> Iterator[Item]:
    operation = "cloudkms.projects.locations.keyRings.list"
    for location in _locations(gcp):
        for item in gcp.pages(operation, f"{API}/{location}/keyRings", "keyRings", size=1000):
            yield HOST + item["name"], item


def _keys(gcp: Caller) -> Iterator[Item]:
    operation = "cloudkms.projects.locations.keyRings.cryptoKeys.list"
    for ring, _ in _rings(gcp):
        url = f"{API}/{ring.removeprefix(HOST)}/cryptoKeys"
        for item in gcp.pages(operation, url, "cryptoKeys", size=1000):
            yield HOST + item["name"], item


def _policy(operation: str, gcp: Caller, item: Resource) -> Mapping[str, Any]:
    url = f"{API}/{item.id.removeprefix(HOST)}:getIamPolicy"
    return gcp.get(operation, url, **{"options.requestedPolicyVersion": 3})


_RING_POLICY: Final = "cloudkms.projects.locations.keyRings.getIamPolicy"
_KEY_POLICY: Final = "cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy"
_LISTS_RINGS: Final = ("cloudkms.projects.locations.keyRings.list", "cloudkms.projects.locations.list")

READERS: Final = (
    resource(
        RING,
        (),
        _ring,
        operations=_LISTS_RINGS,
        items=_rings,
        permissions=("cloudkms.keyRings.list", "cloudkms.locations.list"),
    ),
    resource(
        KEY,
        (*_FIELDS, "key_ring"),
        _key,
        operations=("cloudkms.projects.locations.keyRings.cryptoKeys.list", *_LISTS_RINGS),
        items=_keys,
        permissions=("cloudkms.cryptoKeys.list", "cloudkms.keyRings.list", "cloudkms.locations.list"),
    ),
    policy(
        RING,
        ("principals",),
        own_principals,
        lambda gcp, item: _policy(_RING_POLICY, gcp, item),
        operation=_RING_POLICY,
        permission="cloudkms.keyRings.getIamPolicy",
        unmentioned={"principals": []},
    ),
    policy(
        KEY,
        ("principals",),
        own_principals,
        lambda gcp, item: _policy(_KEY_POLICY, gcp, item),
        operation=_KEY_POLICY,
        permission="cloudkms.cryptoKeys.getIamPolicy",
        unmentioned={"principals": []},
    ),
)
