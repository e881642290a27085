"""Writes the attributes of the mapped Terraform types anew, from the provider's schema as its Python bindings have it.

    python -m benchmarks.terraform_schema cdktf_cdktf_provider_aws-VERSION-py3-none-any.whl

The wheel is read as an archive and never imported or installed. The result is ``tests/terraform/CLOUD.json``, of the
cloud that the wheel is named for: for each type its attributes with their kind, and nested blocks as objects.
``computed`` marks what nobody can set.
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final

TARGET: Final = Path(__file__).resolve().parent.parent / "tests" / "terraform"
_NAMED: Final = re.compile(r"cdktf_cdktf_provider_([a-z]+)-.+")
_CLASS: Final = re.compile(r"^class (\w+)\(", re.MULTILINE)
_MEMBER: Final = re.compile(
    r'@builtins\.property\n    @jsii\.member\(jsii_name="(\w+)"\)\n    def (\w+)\(\s*self,?\s*\) -> ([^\n]+?):\n'
)
_RENAMED: Final = {"equal_to": "equals"}
"""Names that the bindings change, beside the _attribute that they add to some."""
_OURS: Final = frozenset(
    {
        *("cdktf_stack", "connection", "count", "depends_on", "for_each", "fqn", "friendly_unique_id", "lifecycle"),
        *("node", "provider", "provisioners", "raw_overrides", "creation_stack", "internal_value", "wraps_set"),
        *("terraform_attribute", "terraform_resource", "terraform_resource_type", "terraform_meta_attributes"),
        *("terraform_generator_metadata", "complex_object_index", "complex_object_is_from_set"),
    }
)
"""Members of every resource of the bindings that are no attributes of it."""
_THEIRS: Final = frozenset({"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"})
"""Those of them that a nested block does not have, so that its attributes may be called so."""
_KINDS: Final = (("List", "list"), ("bool", "bool"), ("Number", "number"), ("Mapping", "map"), ("str", "string"))
"""What a kind begins with, lists first: a list of numbers is a list."""


def main() -> None:
    """Read the wheel and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    path = parser.parse_args().wheel
    named = _NAMED.fullmatch(path.name)
    if named is None:
        parser.error(f"{path.name} is not named as the bindings of a provider are")
    cloud, wheel = named[1], zipfile.ZipFile(path)
    sources = {name.split("/")[1]: name for name in wheel.namelist() if name.count("/") == 2 and name.endswith(".py")}
    found = {}
    for type_ in sorted(import_module(f"providers.terraform.{cloud}").CATALOGUE.types):
        source = wheel.read(sources[type_.removeprefix(f"{cloud}_")]).decode()
        found[type_] = resource(source)
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(tree, sort_keys=True)}" for name, tree in found.items())
    target = TARGET / f"{cloud}.json"
    target.write_text(f"{{\n{rows}\n}}\n")
    print(f"{len(found)} types written to {target}")


def resource(source: str) -> dict[str, Any]:
    """The attributes of the resource whose bindings are in ``source``."""
    starts = [(match[1], match.start()) for match in _CLASS.finditer(source)]
    ends = [start for _, start in starts[1:]] + [len(source)]
    classes = {name: source[start:end] for (name, start), end in zip(starts, ends, strict=True)}
    main_class = next(name for name, body in classes.items() if ".TerraformResource,\n" in body[:200])
    names = set(re.findall(rf"#(\w+) {main_class}#\w+\}}", source))
    written = {name.replace("_", ""): name for name in sorted(names)}
    return _members(classes, main_class, written)


def _members(classes: dict[str, str], name: str, written: dict[str, str]) -> dict[str, Any]:
    rows = _MEMBER.findall(classes[name])
    inputs = {member for _, member, _ in rows if member.endswith("_input")}
    ours = _OURS if ".TerraformResource,\n" in classes[name][:200] else _OURS - _THEIRS
    found: dict[str, Any] = {}
    for _, member, kind in rows:
        if member in ours or member in inputs or member.startswith("_"):
            continue
        own = _RENAMED.get(member, member.removesuffix("_attribute"))
        label = written.get(own.replace("_", ""), own)
        nested = re.fullmatch(r'"?(\w+?)(List|Map|OutputReference)"?', kind.strip())
        inner = f"{nested[1]}OutputReference" if nested is not None else ""
        if inner in classes:
            found[label] = _members(classes, inner, written)
            continue
        plain = next((own for theirs, own in _KINDS if theirs in kind), "string")
        found[label] = plain if f"{member}_input" in inputs else f"{plain} computed"
    return found


if __name__ == "__main__":
    main()
