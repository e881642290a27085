"""Builds plan JSON as Terraform writes it, from the provider's published schema.

What a test does not set is there all the same, as in a real plan: null, an empty list of blocks, or, of a resource that
is made, unknown where the provider computes it. ``Ref`` stands for a value that is known only after apply because it
comes from another resource; in the configuration it is that reference.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "terraform").glob("*.json"))
}
"""The published schema of each provider, by its name, which the names of its types begin with."""
SCHEMA: Final[Mapping[str, Any]] = {name: row for types in SCHEMAS.values() for name, row in types.items()}
REGISTRY: Final = "registry.terraform.io/hashicorp"
_OF_AWS: Final = frozenset(
    {
        *("ingress", "egress", "policy", "id", "region", "tags_all", "inline_policy", "versioning"),
        *("access_policies", "encrypt_at_rest", "node_to_node_encryption", "domain_endpoint_options"),
        *("redrive_policy", "sqs_managed_sse_enabled", "network_mode", "protocols", "at_rest_encryption_enabled"),
        *("transit_encryption_enabled", "transit_encryption_mode", "subnet_mapping", "subnets", "internal"),
        *("ssl_policy", "glue_version", "maximum_retry_attempts", "maximum_record_age_in_seconds", "encrypted"),
        *("cluster_parameter_group_name", "deployment_circuit_breaker"),
        *("root_block_device", "ebs_block_device", "metadata_options", "user_data", "user_data_base64", "encrypted"),
        *("associate_public_ip_address", "vpc_security_group_ids", "ipv6_addresses", "ipv6_address_count"),
        *("availability_zones", "load_balancers", "target_group_arns", "traffic_source", "health_check_type"),
        *("publicly_accessible", "replication_task_settings", "recording_group", "point_in_time_recovery"),
        *("default_version", "endpoint_configuration", "kms_key_arn"),
    }
)
_OF_GOOGLE: Final = frozenset(
    {
        *("id", "project", "zone", "region", "location", "uniform_bucket_level_access", "public_access_prevention"),
        *("versioning", "soft_delete_policy", "role_entity", "direction", "source_ranges", "purpose", "protocol"),
        *("shielded_instance_config", "confidential_instance_config", "distribution_policy_zones", "node_pool"),
        *("private_cluster_config", "master_authorized_networks_config", "workload_identity_config", "release_channel"),
        *("logging_config", "version_template", "expire_time", "dnssec_config", "continuous_backup_config"),
        *("cluster_config", "instance_type", "email", "node_locations", "spec", "access", "ingress"),
    }
)
_OF_AZURE: Final = frozenset(
    {
        *("id", "network_rules", "blob_properties", "network_acls", "security_rule", "subnet", "backup"),
        *("role_definition_id", "assignable_scopes", "principal_type", "retention_in_days", "immutability"),
        *("protection_state", "short_term_retention_policy", "network_rule_set", "backup_retention_days"),
        *("kubernetes_version", "retry_policy", "enable_rbac_authorization", "identity_ids"),
    }
)
_OF_GITHUB: Final = frozenset({"id", "default_branch", "security_and_analysis", "etag"})
OPTIONAL_COMPUTED: Final = {"aws": _OF_AWS, "azurerm": _OF_AZURE, "google": _OF_GOOGLE, "github": _OF_GITHUB}
"""Attributes that can be set and that the provider computes otherwise, which the bindings do not tell apart."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that other resources give: unknown, with what the expression refers to."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known only after apply, of an expression without references."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A sensitive value."""

    value: Any


UNKNOWN: Final = Unknown()


@dataclass(slots=True)
class Module:
    """A module of the configuration: its resource blocks, the modules it calls and its outputs."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"resources": self.resources}
        if self.calls:
            document["module_calls"] = self.calls
        if self.outputs:
            document["outputs"] = self.outputs
        return document


class PlanBuilder:
    """A plan under construction. Addresses are Terraform's; the configuration follows from them."""

    def __init__(
        self,
        region: str | None = "eu-central-1",
        account: str | None = None,
        project: str | None = "acme-prod",
        subscription: str | None = None,
    ) -> None:
        self.region, self.account, self.project, self.subscription = region, account, project, subscription
        self.changes: list[dict[str, Any]] = []
        self.modules: dict[tuple[str, ...], Module] = {(): Module()}
        self.extra: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}

    # --- what the plan holds ---

    def create(self, address: str, /, **values: Any) -> PlanBuilder:
        """A resource that is made."""
        return self._add(address, None, values, ["create"])

    def keep(self, address: str, /, **values: Any) -> PlanBuilder:
        """A resource that stays as it is."""
        return self._add(address, values, values, ["no-op"])

    def update(self, address: str, before: Mapping[str, Any], /, **values: Any) -> PlanBuilder:
        """A resource that changes: ``before`` are the values that are others before."""
        return self._add(address, {**values, **before}, values, ["update"])

    def replace(self, address: str, before: Mapping[str, Any], /, **values: Any) -> PlanBuilder:
        """A resource that is made anew in its place."""
        return self._add(address, {**values, **before}, values, ["delete", "create"])

    def delete(self, address: str, /, **values: Any) -> PlanBuilder:
        """A resource that is deleted."""
        return self._add(address, values, None, ["delete"])

    def moved(self, previous: str) -> PlanBuilder:
        """The last resource was at another address before."""
        self.changes[-1]["previous_address"] = previous
        return self

    def call(
        self, name: str, source: str = "./module", *, repeated: Any = None, within: Sequence[str] = (), **given: Any
    ) -> PlanBuilder:
        """A module call: what it hands in, by variable."""
        module = self._module(tuple(within))
        row: dict[str, Any] = module.calls.setdefault(name, {"module": {}})
        row.update(source=source, expressions={key: _expression(value) for key, value in given.items()})
        if repeated is not None:
            row["for_each_expression"] = _expression(repeated)
        return self

    def output(self, within: Sequence[str], name: str, value: Any) -> PlanBuilder:
        """An output of a module."""
        self._module(tuple(within)).outputs[name] = {"expression": _expression(value)}
        return self

    def repeated(self, address: str, by: Any, kind: Literal["for_each", "count"] = "for_each") -> PlanBuilder:
        """The block of a resource has for_each or count."""
        block = self._block(address)
        block[f"{kind}_expression"] = _expression(by)
        return self

    # --- the file ---

    def document(self) -> dict[str, Any]:
        """The plan as a document."""
        for calls, module in sorted(self.modules.items(), key=lambda item: -len(item[0])):
            if calls:
                parent = self._module(calls[:-1])
                row = parent.calls.setdefault(calls[-1], {"source": "./module", "expressions": {}})
                row["module"] = module.document()
        clouds = sorted({cloud_of(row["type"]) for row in self.changes} | {"aws"})
        return {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "variables": {name: {"value": value} for name, value in self.variables.items()},
            "planned_values": {"root_module": self._values("after")},
            **self._prior_state(),
            "resource_changes": self.changes,
            "configuration": {
                "provider_config": {cloud: self._provider(cloud) for cloud in clouds},
                "root_module": self.modules[()].document(),
            },
            "timestamp": "2026-11-26T00:00:00Z",
            "applyable": True,
            "complete": True,
            "errored": False,
            **self.extra,
        }

    def data(self) -> bytes:
        """The plan as the bytes of a file."""
        return json.dumps(self.document()).encode()

    def write(self, path: Path) -> Path:
        """The plan in a file."""
        path.write_bytes(self.data())
        return path

    def _provider(self, cloud: str) -> dict[str, Any]:
        said = {
            "aws": {"region": self.region},
            "azurerm": {"subscription_id": self.subscription},
            "google": {"project": self.project, "region": "europe-west1"},
            "github": {"owner": "acme"},
        }[cloud]
        expressions = {name: {"constant_value": value} for name, value in said.items() if value is not None}
        return {"name": cloud, "full_name": f"{REGISTRY}/{cloud}", "expressions": expressions}

    # --- making it ---

    def _add(self, address: str, before: Any, after: Any, actions: list[str]) -> PlanBuilder:
        modules, type_, name, key = split(address)
        schema = SCHEMA.get(type_, {})
        made = "create" in actions
        cloud = cloud_of(type_)
        first, _, hidden_first = _side(schema, before, frozenset())
        second, unknown, hidden = _side(schema, after, OPTIONAL_COMPUTED[cloud] if made else frozenset())
        row: dict[str, Any] = {
            "address": address,
            "mode": "managed",
            "type": type_,
            "name": name,
            "provider_name": f"{REGISTRY}/{cloud}",
        }
        if modules:
            row["module_address"] = address[: address.rindex(f".{type_}.")]
        if key is not None:
            row["index"] = json.loads(key)
        row["change"] = {
            "actions": actions,
            "before": first,
            "after": second,
            "after_unknown": unknown,
            "before_sensitive": hidden_first if before is not None else False,
            "after_sensitive": hidden if after is not None else False,
        }
        self.changes.append(row)
        if after is not None:
            expressions = {name: _expression(value) for name, value in after.items() if value is not None}
            self._block(address)["expressions"].update(_arguments(schema, expressions))
        return self

    def _block(self, address: str) -> dict[str, Any]:
        modules, type_, name, _ = split(address)
        module = self._module(tuple(step for step, _ in modules))
        for row in module.resources:
            if (row["type"], row["name"]) == (type_, name):
                return row
        row = {
            "address": f"{type_}.{name}",
            "mode": "managed",
            "type": type_,
            "name": name,
            "provider_config_key": cloud_of(type_),
            "expressions": {},
            "schema_version": 0,
        }
        module.resources.append(row)
        for depth, (step, key) in enumerate(modules):
            row = self._module(tuple(name for name, _ in modules[:depth])).calls.setdefault(
                step, {"source": "./module", "expressions": {}, "module": {}}
            )
            if key is not None:
                row.setdefault("for_each_expression", {})
        if split(address)[3] is not None:
            module.resources[-1].setdefault("for_each_expression", {})
        return module.resources[-1]

    def _module(self, calls: tuple[str, ...]) -> Module:
        return self.modules.setdefault(calls, Module())

    def _prior_state(self) -> dict[str, Any]:
        """What is there before the change, by the addresses of now; nothing where nothing is."""
        values = self._values("before")
        return {"prior_state": {"format_version": "1.0", "values": {"root_module": values}}} if values else {}

    def _values(self, side: Literal["before", "after"]) -> dict[str, Any]:
        """The resources of a side, by module, as planned values and states have them."""
        modules: dict[str, list[dict[str, Any]]] = {}
        for row in self.changes:
            values = row["change"][side]
            if values is not None and not (side == "after" and row.get("deposed")):
                deposed = {"deposed_key": row["deposed"]} if row.get("deposed") else {}
                named = {
                    key: row[key] for key in ("address", "mode", "type", "name", "index", "provider_name") if key in row
                }
                held = {**named, "schema_version": 0, "values": values, **deposed}
                modules.setdefault(row.get("module_address", ""), []).append(held)
        root = {"resources": modules.pop("")} if "" in modules else {}
        below = [{"address": address, "resources": rows} for address, rows in modules.items()]
        return {**root, "child_modules": below} if below else root


def cloud_of(type_: str) -> str:
    """The provider of a type, which its name begins with; that of AWS of what is no cloud's."""
    name = type_.partition("_")[0]
    return name if name in SCHEMAS else "aws"


def split(address: str) -> tuple[list[tuple[str, str | None]], str, str, str | None]:
    """Module steps, type, name and key of an address."""
    from providers.terraform.addresses import parse

    at = parse(address)
    return list(at.modules), at.type, at.name, at.key


def _side(
    schema: Mapping[str, Any], values: Mapping[str, Any] | None, optional_computed: Collection[str]
) -> tuple[Any, Any, Any]:
    """The values of a side: of what is made (with ``optional_computed``), what is computed is unknown."""
    if values is None:
        return None, {}, {}
    whole: dict[str, Any] = {}
    for name, kind in schema.items():
        if name in values:
            continue
        computed = isinstance(kind, str) and kind.endswith("computed")
        if optional_computed and (computed or name in optional_computed):
            whole[name] = UNKNOWN
        elif isinstance(kind, dict):
            whole[name] = [] if name != "timeouts" else None
        else:
            whole[name] = None
    return _masked({**whole, **{name: _filled(schema.get(name), value) for name, value in values.items()}})


def _filled(kind: Any, value: Any) -> Any:
    """A nested block with every attribute of its schema."""
    if isinstance(kind, dict) and isinstance(value, list):
        return [_filled_block(kind, item) if isinstance(item, dict) else item for item in value]
    return value


def _filled_block(kind: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    whole = {name: [] if isinstance(inner, dict) else None for name, inner in kind.items()}
    return {**whole, **{name: _filled(kind.get(name), item) for name, item in value.items()}}


def _masked(value: Any) -> tuple[Any, Any, Any]:
    """A value as a plan has it, with its masks of what is unknown and what is sensitive."""
    if isinstance(value, (Ref, Unknown)):
        return None, True, False
    if isinstance(value, Secret):
        return value.value, False, True
    if isinstance(value, dict):
        parts = {name: _masked(item) for name, item in value.items()}
        return (
            {name: part[0] for name, part in parts.items() if part[1] is not True},
            {name: part[1] for name, part in parts.items() if part[1] not in (False, {}, [])},
            {name: part[2] for name, part in parts.items() if part[2] not in (False, {}, [])},
        )
    if isinstance(value, list):
        items = [_masked(item) for item in value]
        return [item[0] for item in items], [item[1] for item in items], [item[2] for item in items]
    return value, False, False


def _expression(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"references": [part for name in value.names for part in _prefixes(name)]}
    if isinstance(value, Unknown):
        return {"references": []}
    if isinstance(value, Secret):
        return {"references": ["var.secret"]}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [{name: _expression(inner) for name, inner in item.items()} for item in value]
    if isinstance(value, list) and any(isinstance(item, (Ref, Unknown)) for item in value):
        return {
            "references": [n for item in value if isinstance(item, Ref) for name in item.names for n in _prefixes(name)]
        }
    if isinstance(value, dict) and any(isinstance(item, (Ref, Unknown, Secret)) for item in value.values()):
        return {"references": ["var.values"]}
    return {"constant_value": value}


def _arguments(schema: Mapping[str, Any], expressions: dict[str, Any]) -> dict[str, Any]:
    """What can be written: not what the provider computes."""
    return {
        name: written
        for name, written in expressions.items()
        if not (isinstance(kind := schema.get(name), str) and kind.endswith("computed"))
        and name not in ("id", "tags_all")
    }


def _prefixes(name: str) -> list[str]:
    """A reference and what it begins with, as a plan lists both."""
    parts = name.split(".")
    if parts[0] in ("each", "count", "local", "path"):
        return [name]
    return [".".join(parts[:end]) for end in range(len(parts), 1, -1)]
