"""What Azure answered to others, as a tenant that holds it: cassettes of Resource Manager and of Resource Graph.

The recordings are not part of the checkout; they lie beside it where they are (SOURCES.md there). A cassette is a JSON
document of interactions. What it listed or got becomes resources of the emulated tenant, at the api-version that was
asked, so that Resource Graph, which is asked today, gives what it would have given then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.emulators.azure.facts import facts
from tests.emulators.azure.tenant import subscription
from tests.emulators.azure.wire import AzureWire

RECORDED: Final = Path(__file__).resolve().parents[3].parent / "shared" / "recorded" / "azure"
CASSETTES: Final = RECORDED / "cloud-custodian"
EXPORT: Final = RECORDED / "scubagear-tenant-export" / "Sample-Reports-ProviderSettingsExport.json"
_SUBSCRIPTION: Final = re.compile(r"^/subscriptions/([^/]+)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request and its answer. ``version`` is the api-version that was asked."""

    method: str
    path: str
    version: str
    status: int
    body: Any


def interactions(cassette: Path) -> Iterator[Interaction]:
    """The interactions of a cassette."""
    for row in json.loads(cassette.read_text())["interactions"]:
        asked = urlsplit(row["request"]["uri"])
        body = row["response"].get("body", {})
        yield Interaction(
            row["request"]["method"],
            asked.path,
            parse_qs(asked.query).get("api-version", [""])[0],
            row["response"]["status"]["code"],
            body.get("data") if isinstance(body, dict) else None,
        )


def held(cassette: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """The resources of known types that a cassette's answers hold, by id in lower case, with the api-version asked."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for row in interactions(cassette):
        if row.method != "GET" or row.status != 200 or not isinstance(row.body, dict):
            continue
        for item in row.body.get("value", [row.body]) if isinstance(row.body.get("value", []), list) else []:
            type_ = _type(item, row.path)
            if type_ is not None and facts(type_) is not None and _SUBSCRIPTION.match(str(item.get("id", ""))):
                found[item["id"].lower()] = (row.version, {**item, "type": type_})
    return found


def _type(item: Any, path: str) -> str | None:
    if not isinstance(item, dict) or not isinstance(item.get("properties"), dict):
        return None
    # Diagnostic settings are told without their type.
    return item.get("type") or (
        "Microsoft.Insights/diagnosticSettings" if "/diagnosticsettings" in path.lower() else None
    )


@cache
def cassettes() -> tuple[Path, ...]:
    """Those that hold something of a known type; none where the recordings are not there."""
    return tuple(path for path in sorted(CASSETTES.glob("*.json")) if held(path)) if CASSETTES.is_dir() else ()


def lend(azure: AzureWire, cassette: Path) -> dict[str, str]:
    """Let the tenant hold what a cassette holds. Gives the api-version of each type, in lower case."""
    found = held(cassette)
    owners = sorted({match.group(1) for id_ in found if (match := _SUBSCRIPTION.match(id_))})
    azure.tenant.subscriptions[:] = [subscription(owner, owner) for owner in owners]
    azure.tenant.resources[:] = [item for _, item in found.values()]
    versions = {item["type"].lower(): version for version, item in found.values()}
    azure.resource_graph.api_versions.update(versions)
    return versions
