"""What AWS's own API models, as botocore ships them, say of services and operations.

A service is named as boto3 names its client ("s3control", "elbv2", "cloudwatch").
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import botocore
import botocore.session
from botocore.exceptions import OperationNotPageableError
from botocore.model import OperationModel, ServiceModel, StructureShape

from providers.aws.paging import paging

_SESSION: Final = botocore.session.Session()
_LABEL: Final = re.compile(r"(\{[^{}]+\})")


@dataclass(frozen=True, slots=True)
class Service:
    """A service's client name, and the traits by which its requests are told from other services'."""

    name: str
    signing_name: str
    protocols: tuple[str, ...]
    api_version: str
    target_prefix: str | None


@cache
def services() -> Mapping[str, tuple[Service, ...]]:
    """All services by the name that their requests are signed with; the one that is called so comes first."""
    signed: dict[str, list[Service]] = {}
    loader = _SESSION.get_component("data_loader")
    root = Path(botocore.__file__).parent / "data"
    for name in loader.list_available_services("service-2"):
        version = loader.determine_latest_version(name, "service-2")
        metadata = _metadata(root / name / version / "service-2.json")
        signing_name = metadata.get("signingName", metadata["endpointPrefix"])
        protocols = tuple(metadata.get("protocols", (metadata["protocol"],)))
        service = Service(name, signing_name, protocols, metadata["apiVersion"], metadata.get("targetPrefix"))
        signed.setdefault(signing_name, []).append(service)
    return {key: tuple(sorted(found, key=lambda s: (s.name != key, s.name))) for key, found in signed.items()}


def _metadata(path: Path) -> dict[str, Any]:
    # The whole models take 10 s to parse; their metadata stand at the beginning.
    packed = path.with_suffix(".json.gz")
    with gzip.open(packed, "rt") if packed.exists() else path.open() as model:
        head = model.read(8192)
    start = head.index("{", head.index('"metadata"'))
    metadata: dict[str, Any] = json.JSONDecoder().raw_decode(head, start)[0]
    return metadata


@cache
def service_model(service: str) -> ServiceModel:
    """The API model of a service. Raises botocore's UnknownServiceError."""
    return _SESSION.get_service_model(service)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """The API model of an operation. Raises botocore's OperationNotFoundError."""
    return service_model(service).operation_model(operation)


@cache
def pagination(service: str, operation: str) -> Mapping[str, Any] | None:
    """How an operation pages (input_token, output_token, result_key, limit_key, more_results), or None."""
    try:
        return paging(_SESSION, service, operation)
    except (ValueError, OperationNotPageableError):
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """How a REST operation is recognised: method, path template, query keys (with their value where it is fixed).

    ``query`` and ``headers`` must be present; ``rank`` orders routes that match the same request, best last.
    """

    operation: str
    method: str
    path: re.Pattern[str]
    fixed: tuple[tuple[str, str], ...]
    query: frozenset[str]
    headers: frozenset[str]
    rank: tuple[int, int, int, bool]

    def matches(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Whether a request takes this route. ``headers`` have lower-case names."""
        return (
            method == self.method
            and self.path.fullmatch(path) is not None
            and all(key in query and (not value or query[key] == value) for key, value in self.fixed)
            and self.query <= query.keys()
            and self.headers <= headers.keys()
        )


@cache
def routes(service: str) -> tuple[Route, ...]:
    """The routes of a REST service."""
    model = service_model(service)
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(operation: OperationModel) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    fixed = tuple((key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key != "x-id")
    parts = _LABEL.split(path.rstrip("/"))
    pattern = "".join(_segment(part) for part in parts)
    shape = operation.input_shape
    needed: dict[str, set[str]] = {"querystring": set(), "header": set()}
    if isinstance(shape, StructureShape):
        for member in shape.required_members:
            traits = shape.members[member].serialization
            if traits.get("location") in needed:
                needed[traits["location"]].add(traits.get("name", member))
    literal = sum(len(part) for part in parts if not part.startswith("{"))
    required = len(needed["querystring"]) + len(needed["header"])
    return Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(f"{pattern}/?"),
        fixed=fixed,
        query=frozenset(needed["querystring"]),
        headers=frozenset(name.lower() for name in needed["header"]),
        rank=(len(fixed), literal, required, not operation.deprecated),
    )


def _segment(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"
