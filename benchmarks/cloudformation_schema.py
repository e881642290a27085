"""Writes the property names of the mapped CloudFormation types anew, from the resource schemas that AWS publishes.

    python -m benchmarks.cloudformation_schema FOLDER

FOLDER holds the schemas as cfn-lint's wheel has them (``cfnlint/data/schemas``): ``providers/us-east-1.json`` names the
file of each type. They are read here and never a dependency. The result is ``providers/cloudformation/aws/
properties.json``: for each type its properties, nested ones as objects, and null where anything may stand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

TARGET: Final = Path(__file__).resolve().parent.parent / "providers" / "cloudformation" / "aws" / "properties.json"
_DEEPEST: Final = 12


def main() -> None:
    """Read the schemas and write the file."""
    from providers.cloudformation.aws import CATALOGUE

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    files = json.loads((folder / "providers" / "us-east-1.json").read_text())
    found = {}
    for type_ in sorted(CATALOGUE.types):
        schema = json.loads((folder / "resources" / f"{files[type_]}.json").read_text())
        found[type_] = names(schema, schema, 0)
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(tree, sort_keys=True)}" for name, tree in found.items())
    TARGET.write_text(f"{{\n{rows}\n}}\n")
    print(f"{len(found)} types written to {TARGET}")


def names(node: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    """The names of the properties of a schema node, nested; None where it allows any."""
    while "$ref" in node:
        target: Any = schema
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    if isinstance(node.get("items"), Mapping):
        return names(node["items"], schema, depth)
    branches = [branch for key in ("anyOf", "oneOf", "allOf") for branch in node.get(key, ()) if "properties" in branch]
    properties = {**node.get("properties", {}), **{k: v for row in branches for k, v in row["properties"].items()}}
    if not properties or depth > _DEEPEST or node.get("patternProperties"):
        return None
    return {name: names(inner, schema, depth + 1) for name, inner in properties.items()}


if __name__ == "__main__":
    main()
