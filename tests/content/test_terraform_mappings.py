"""Terraform mappings: properties are those of the live adapter's schemas, attributes those of the provider's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from engine.collection.conformance import conforming
from engine.content.resources import load_types
from engine.content.root import find
from providers.terraform import CLOUDS, folded
from providers.terraform.block import Block
from providers.terraform.mapping import Given, Split
from providers.values import lift
from tests.plans import SCHEMA, SCHEMAS, PlanBuilder

TYPES = load_types(find().schemas)
CATALOGUES = {name: import_module(f"providers.terraform.{name}").CATALOGUE for name in CLOUDS}
MAPPINGS = {terraform: rows for found in CATALOGUES.values() for terraform, rows in found.mappings.items()}
PARTS = {terraform: rows for found in CATALOGUES.values() for terraform, rows in found.parts.items()}
SETTINGS = {terraform: rows for found in CATALOGUES.values() for terraform, rows in found.settings.items()}
MAPPED = sorted(terraform for found in CATALOGUES.values() for terraform in found.types)
FILLS = {type_: names for found in CATALOGUES.values() for type_, names in found.fills.items()}
ELSEWHERE = {"owner.arn", "owner.secure_boot_enabled", "owner.vtpm_enabled"}
"""Paths into the resource that holds a block which is a resource of its own."""
OLDER: dict[str, frozenset[str]] = {
    "aws_iam_role": frozenset({"managed_policy_arns"}),
    "aws_redshift_cluster": frozenset({"logging"}),
    "aws_secretsmanager_secret": frozenset({"rotation_lambda_arn"}),
    "azurerm_cosmosdb_account": frozenset({"enable_automatic_failover", "enable_multiple_write_locations"}),
    "azurerm_key_vault": frozenset({"soft_delete_enabled"}),
    "azurerm_kubernetes_cluster": frozenset({"api_server_authorized_ip_ranges", "automatic_channel_upgrade"}),
    "azurerm_redis_cache": frozenset({"enable_non_ssl_port"}),
    "azurerm_storage_account": frozenset({"allow_blob_public_access", "enable_https_traffic_only"}),
    "google_compute_network": frozenset({"ipv4_range"}),
}
"""Attributes that the published version of the provider no longer has and older ones do."""


def given() -> Iterator[tuple[str, str, str, Given]]:
    """Every declaration: Terraform type, resource type, property, and how it is read."""
    for terraform, mappings in MAPPINGS.items():
        for mapping in mappings:
            for name, spec in mapping.properties.items():
                if isinstance(spec, Split):
                    if spec.inline is not None:
                        yield terraform, mapping.type, name, spec.inline
                else:
                    yield terraform, mapping.type, name, spec
            for part in mapping.parts:
                yield from ((part.terraform, mapping.type, name, spec) for name, spec in part.fills.items())
    for terraform, settings in SETTINGS.items():
        for setting in settings:
            yield from ((terraform, setting.type, name, spec) for name, spec in setting.fills.items())


ROWS = {(terraform, type_, name): spec for terraform, type_, name, spec in given()}


def test_no_resource_is_made_twice_of_one_terraform_resource() -> None:
    rows = [(terraform, row.type, row.each) for terraform, found in MAPPINGS.items() for row in found]
    assert [row for row, count in Counter(rows).items() if count > 1] == []


def test_every_cloud_that_is_mapped_has_its_catalogue() -> None:
    assert {name: found.provider for name, found in CATALOGUES.items()} == {
        "aws": "aws",
        "azurerm": "azure",
        "google": "gcp",
        "github": "github",
    }


def test_a_property_is_one_that_the_live_adapter_gives() -> None:
    assert FILLS
    strange = {type_: names - {"tags"} - set(TYPES[type_].properties) for type_, names in FILLS.items()}
    assert {type_: names for type_, names in strange.items() if names} == {}


def test_an_attribute_is_one_that_the_provider_publishes() -> None:
    assert len(ROWS) > 900
    missing = [
        (*key, path)
        for key, spec in ROWS.items()
        for path in spec.paths
        if path not in ELSEWHERE
        and path.partition(".")[0] not in OLDER.get(key[0], ())
        and not _there(SCHEMA[key[0]], path)
        and not _inner(key[0], path)
    ]
    assert missing == []


def _there(schema: Mapping[str, Any], path: str) -> bool:
    node: Any = schema
    for step in path.split("."):
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


def _inner(terraform: str, path: str) -> bool:
    """Whether a path is one of a block that is a resource of its own."""
    each = [mapping.each for mapping in MAPPINGS.get(terraform, ()) if mapping.each is not None]
    return any(_there(SCHEMA[terraform], f"{block}.{path}") for block in each)


def test_links_are_attributes_that_the_provider_publishes() -> None:
    links = {(terraform, part.link) for terraform in MAPPED for part in PARTS.get(terraform, ())}
    assert links
    assert [row for row in links if not _there(SCHEMA[row[0]], row[1])] == []


def test_keys_are_attributes_that_the_provider_publishes() -> None:
    keys = {
        terraform: {key for mapping in MAPPINGS.get(terraform, ()) if mapping.each is None for key in mapping.keys}
        for terraform in MAPPED
    }
    assert any(keys.values())
    # A mapping that several Terraform types share may name a key that not all of them have; one they must.
    assert {terraform: names for terraform, names in keys.items() if names and not names & set(SCHEMA[terraform])} == {}


VALUES: dict[str, Any] = {"string": "1", "number": 1, "bool": True, "list": ["1"], "map": {"a": "b"}}
NAMED: dict[str, Any] = {
    "engine": "postgres",
    "field": "eventCategory",
    "equals": ["Management"],
    "acl": "private",
    "at_rest_encryption_enabled": "true",
    "additional_version_weights": {"2": 0.1},
    "resource_id": "table/orders",
    "parameters": "{}",
    "start_ip_address": "10.0.0.1",
    "end_ip_address": "10.0.0.1",
    "policy_data": '{"bindings": []}',
    "predefined_acl": "private",
    "default_acl": "private",
    "ingress": "INGRESS_TRAFFIC_ALL",
    "ingress_settings": "ALLOW_ALL",
}
"""Values of attributes of which not every text makes sense."""


def whole(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a resource with everything that the provider publishes."""
    return {
        name: [whole(kind)] if isinstance(kind, dict) else NAMED.get(name, VALUES[kind.split()[0]])
        for name, kind in schema.items()
    }


class Nowhere:
    """References that lead nowhere."""

    def id_of(self, references: object, type_: str) -> None:
        return None

    def id_by(self, value: str, type_: str) -> None:
        return None

    def region_of(self, id_: str, type_: str) -> None:
        return None

    def blocks_of(self, known: object, references: object, types: object) -> None:
        return None

    def beside(self, types: object) -> list[Block]:
        return []

    def one(self, references: object) -> None:
        return None

    def own(self, type_: str) -> str:
        return "address"

    def pointing(self, type_: str, attribute: str, keys: object) -> list[Block]:
        return []

    def place(self) -> tuple[str | None, str | None]:
        return None, None

    def as_of(self) -> str:
        return "2026-11-26T00:00:00Z"


def test_what_is_read_of_a_whole_resource_is_all_there() -> None:
    read = {
        key: lift({key[2]: spec.read(Block(whole(SCHEMA[key[0]]), None, Nowhere()))})[1]
        for key, spec in ROWS.items()
        if not any(
            path in ELSEWHERE or path.partition(".")[0] in OLDER.get(key[0], ()) or _inner(key[0], path)
            for path in spec.paths
        )
    }
    assert len(read) > 800
    missing = {
        key: [pointer for pointer, why in unread.items() if why.reason == "missing_attribute"]
        for key, unread in read.items()
    }
    assert {key: pointers for key, pointers in missing.items() if pointers} == {}


def test_a_bare_resource_conforms_to_its_schema() -> None:
    conform = conforming({name: schema.type for name, schema in TYPES.items()})
    found = {
        terraform: [
            conform(item)
            for item in folded(PlanBuilder().create(f"{terraform}.bare").data(), "2026-11-26T00:00:00Z").after
        ]
        for terraform in {*MAPPINGS, *SETTINGS}
    }
    assert [terraform for terraform, items in found.items() if not items] == []
    assert {
        (terraform, item.type, pointer)
        for terraform, items in found.items()
        for item in items
        for pointer, why in item.unread.items()
        if why.reason == "malformed_response"
    } == set()


def test_the_published_schema_holds_exactly_the_mapped_types() -> None:
    assert {name: set(rows) for name, rows in SCHEMAS.items()} == {
        name: set(found.types) for name, found in CATALOGUES.items()
    }
