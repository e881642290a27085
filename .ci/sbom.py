#!/usr/bin/env python3
"""Write the software bill of materials of an installed auditreel: CycloneDX 1.6 as JSON, on stdout.

    python .ci/sbom.py [--extra all]... [--path SITE_PACKAGES] > auditreel.cdx.json
    python .ci/sbom.py --licences

Components are what is installed of the closure of auditreel's requirements, as the environment at hand resolves them
(markers, extras), with the version, the licence and the package URL (purl-spec, type pypi) that each distribution says
of itself. Equal environments give equal bytes: the serial number is made of the content, and the time is that of
SOURCE_DATE_EPOCH, or left out. Ends with 1 where a requirement is not installed: a list that lacks one is none.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = "auditreel"
_CLASSIFIED: Final = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Licences by trove classifier, of distributions that have no SPDX expression (PEP 639)."""
_WRITTEN: Final = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "isc": "ISC",
    "mit": "MIT",
    "mit license": "MIT",
    "mpl-2.0": "MPL-2.0",
}
"""Licences as authors write them into the field that PEP 639 replaced."""

_EXPRESSION: Final = re.compile(r"[A-Za-z]+-[0-9.]+[A-Za-z0-9.+-]*(?: (?:AND|OR) [A-Za-z]+-[0-9.]+[A-Za-z0-9.+-]*)*")


class NotInstalled(Exception):
    """A requirement of the closure is not in the environment."""


def closure(extras: Sequence[str], path: Sequence[str]) -> dict[str, tuple[Distribution, tuple[str, ...]]]:
    """The installed closure of auditreel with these extras: each distribution, and the names that it requires.

    ``path`` are the folders to look in. Raises NotInstalled.
    """
    there = {canonicalize_name(found.metadata["Name"]): found for found in distributions(path=list(path))}
    needed: dict[str, set[str]] = {ROOT: set(extras)}
    edges: dict[str, set[str]] = {}
    waiting = [ROOT]
    while waiting:
        name = waiting.pop()
        if name not in there:
            raise NotInstalled(f"{name} is required, and not installed")
        below = edges[name] = set()
        for requirement in _required(there[name], needed[name]):
            wanted = canonicalize_name(requirement.name)
            more = set(requirement.extras) - needed.get(wanted, set())
            if wanted != name:
                below.add(wanted)
            if wanted not in needed or more:
                needed.setdefault(wanted, set()).update(requirement.extras)
                waiting.append(wanted)
    return {name: (there[name], tuple(sorted(edges[name]))) for name in sorted(edges)}


def _required(found: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """The requirements that hold here, by their markers, with some extras or none."""
    for text in found.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def licence(found: Distribution) -> dict[str, Any] | None:
    """A distribution's licence as CycloneDX has it: an SPDX expression, else the name that it gives; None: none.

    "BSD License" stays a name: which of them it is, the classifier does not say.
    """
    metadata = found.metadata
    if metadata.get("License-Expression"):
        return {"expression": str(metadata["License-Expression"])}
    written = (metadata.get("License") or "").strip()
    if written.lower() in _WRITTEN:
        return {"expression": _WRITTEN[written.lower()]}
    rows = [row for row in metadata.get_all("Classifier") or () if row.startswith("License ::")]
    named = sorted({row.rpartition(" :: ")[2] for row in rows} - {"OSI Approved"})
    if named and all(name in _CLASSIFIED for name in named):
        return {"expression": " OR ".join(sorted({_CLASSIFIED[name] for name in named}))}
    if _EXPRESSION.fullmatch(written):
        return {"expression": written}
    name = ", ".join(named) or written.partition("\n")[0][:200]
    return {"license": {"name": name}} if name else None


def bill(extras: Sequence[str], path: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The CycloneDX document. Raises NotInstalled."""
    found = closure(extras, path)
    components = {name: _component(name, one) for name, (one, _) in found.items()}
    root = components.pop(ROOT) | {"type": "application"}
    references = {name: part["bom-ref"] for name, part in {**components, ROOT: root}.items()}
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": root,
            "properties": [
                {"name": "auditreel:extras", "value": ",".join(sorted(extras))},
                {"name": "auditreel:python", "value": ".".join(map(str, sys.version_info[:2]))},
            ],
        },
        "components": list(components.values()),
        "dependencies": [
            {"ref": references[name], "dependsOn": sorted(references[other] for other in below)}
            for name, (_, below) in found.items()
        ],
    }
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    if environment.get("SOURCE_DATE_EPOCH"):
        at = datetime.fromtimestamp(int(environment["SOURCE_DATE_EPOCH"]), UTC)
        document["metadata"]["timestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return document


def _component(name: str, found: Distribution) -> dict[str, Any]:
    url = f"pkg:pypi/{name}@{found.version}"
    part: dict[str, Any] = {"type": "library", "bom-ref": url, "name": name, "version": found.version, "purl": url}
    said = licence(found)
    if said is not None:
        part["licenses"] = [said]
    return part


def words(part: Mapping[str, Any]) -> str:
    """The licence of a component, in words."""
    said = part.get("licenses", [{"expression": "not known"}])[0]
    return str(said["expression"] if "expression" in said else said["license"]["name"])


def main() -> int:
    """Write the bill, or a line a component with its licence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", action="append", default=[], help="one that was installed; again for several")
    parser.add_argument("--path", action="append", help="site-packages of another environment")
    parser.add_argument("--licences", action="store_true", help="a line a component, instead of the bill")
    given = parser.parse_args()
    try:
        document = bill(given.extra, given.path or sys.path, os.environ)
    except NotInstalled as error:
        print(f"writing the bill of materials: {error}; install auditreel with its extras first", file=sys.stderr)
        return 1
    if given.licences:
        for part in document["components"]:
            print(f"{part['name']} {part['version']}: {words(part)}")
        return 0
    print(json.dumps(document, indent=1, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
