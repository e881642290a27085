"""A template as values: which resources it declares, with their properties resolved as far as they can be.

CloudFormation User Guide, "Template sections" and "Resource attribute reference". What CloudFormation would refuse is
an error here too, with line and key; what cannot be read whole (macros, nested stacks, property names that nobody
published) is a sentence in ``incomplete``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.functions import Functions, Naming
from providers.cloudformation.loading import Document
from providers.templates import Keys, NotATemplate
from providers.terraform.addresses import Address
from providers.terraform.plan import Plan, Planned

VERSION: Final = "2010-09-09"
DECLARED: Final = ("declared",)
"""The action of what a template holds: it does not tell what is there before."""
EXTENSIONS: Final = "AWS::LanguageExtensions"
"""The one transform of which only loops (Fn::ForEach) make resources."""
NESTED: Final = ("AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::CloudFormation::Module")
Published = Mapping[str, Any]
"""The property names that are published for a type, nested as its properties are; null: anything may stand there."""

_SECTIONS: Final = frozenset(
    {
        *("AWSTemplateFormatVersion", "Conditions", "Description", "Mappings", "Metadata", "Outputs", "Parameters"),
        *("Resources", "Rules", "Transform", "Hooks"),
    }
)
_KEYS: Final = frozenset(
    {
        *("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type"),
        *("UpdatePolicy", "UpdateReplacePolicy"),
    }
)
_POLICIES: Final = ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
_TYPE: Final = re.compile(r"(?:[A-Za-z0-9]{2,64}::){1,2}[A-Za-z0-9]{2,64}(?:::MODULE)?|Custom::[\w@-]{1,60}", re.ASCII)
_LOGICAL: Final = re.compile(r"[A-Za-z0-9]{1,255}", re.ASCII)


def plan_of(document: Document, parameters: Mapping[str, Any], naming: Naming, published: Published) -> Plan:
    """The resources of a template, as a plan that makes each. Raises NotATemplate."""
    rows = _rows(document)
    transforms = _transforms(document)
    macros = [name for name in transforms if name != EXTENSIONS]
    functions = Functions(document, parameters, naming, macros=bool(macros))
    for name in _section(document, "Conditions"):
        functions.conditions.holds(name, ("Conditions", name))
    changes: list[Planned] = []
    without: list[str] = []
    strangers: list[str] = []
    for logical, row in rows.items():
        made = _made(document, functions, logical, row)
        if made is False:
            without.append(logical)
            continue
        properties, written = functions.resolve(row.get("Properties", {}), ("Resources", logical, "Properties"))
        if not isinstance(properties, dict):
            raise document.error(("Resources", logical, "Properties"), "properties are an object")
        if row["Type"] in published:
            names = _strangers(properties, published[row["Type"]], ("Resources", logical, "Properties"))
            strangers += [f"{'.'.join(map(str, at[1:]))} (line {document.line(at)})" for at in names]
        changes.append(_planned(logical, row["Type"], properties, written, made))
    functions.resolve(_section(document, "Outputs"), ("Outputs",))
    loops = [name for name in _section(document, "Resources") if name.startswith("Fn::ForEach")]
    _refuse_twice(document, changes)
    return Plan(
        format_version=VERSION,
        tool="CloudFormation",
        changes=tuple(changes),
        configuration={},
        variables={},
        incomplete=tuple(_incomplete(changes, macros, loops, strangers, functions.left)),
        statements=tuple(_statements(document, changes, without, parameters)),
    )


# --- what it declares ------------------------------------------------------------------------------------------------


def _rows(document: Document) -> Mapping[str, Any]:
    """The resources as they are written, refused where CloudFormation would refuse them."""
    top = document.value
    serverless = any(name.startswith("AWS::Serverless") for name in _transforms(document))
    if other := sorted(set(top) - _SECTIONS - ({"Globals"} if serverless else set())):
        raise document.error((other[0],), "templates have no such section")
    if top.get("AWSTemplateFormatVersion", VERSION) != VERSION:
        raise document.error(("AWSTemplateFormatVersion",), f"the only version there is is {VERSION}")
    if "Resources" not in top:
        raise NotATemplate("it has no Resources, and so is no template of CloudFormation")
    rows = {name: row for name, row in _section(document, "Resources").items() if not name.startswith("Fn::ForEach::")}
    if not rows and "Transform" not in top:
        raise document.error(("Resources",), "it holds no resource")
    for logical, row in rows.items():
        _refuse_malformed(document, logical, row, rows, bool(top.get("Transform")))
    return rows


def _refuse_malformed(document: Document, logical: str, row: Any, rows: Mapping[str, Any], transformed: bool) -> None:
    at: Keys = ("Resources", logical)
    if not isinstance(row, dict):
        raise document.error(at, "a resource is an object")
    if not _LOGICAL.fullmatch(logical):
        raise document.error(at, "a logical id is letters and digits")
    if other := sorted(set(row) - _KEYS - ({"Connectors", "IgnoreGlobals"} if transformed else set())):
        raise document.error((*at, other[0]), "a resource has no such key")
    type_ = row.get("Type")
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        raise document.error((*at, "Type"), "it is no resource type such as AWS::S3::Bucket")
    if not isinstance(row.get("Properties", {}), dict):
        raise document.error((*at, "Properties"), "properties are an object")
    policy = row.get("DeletionPolicy", "Delete")
    if isinstance(policy, str) and policy not in _POLICIES:
        raise document.error((*at, "DeletionPolicy"), f"it is none of {', '.join(_POLICIES)}")
    after = row.get("DependsOn", [])
    for name in [after] if isinstance(after, str) else after if isinstance(after, list) else [None]:
        if not transformed and (not isinstance(name, str) or name not in rows):
            raise document.error((*at, "DependsOn"), f"{name!r:.80} is no resource of the template")


def _section(document: Document, name: str) -> Mapping[str, Any]:
    rows = document.value.get(name, {})
    if not isinstance(rows, dict):
        raise document.error((name,), "it is no object")
    return rows


def _transforms(document: Document) -> list[str]:
    value = document.value.get("Transform", [])
    rows = value if isinstance(value, list) else [value]
    names = [row.get("Name") if isinstance(row, dict) else row for row in rows]
    if not all(isinstance(name, str) and name for name in names):
        raise document.error(("Transform",), "a transform is a name")
    return [str(name) for name in names]


def _made(document: Document, functions: Functions, logical: str, row: Mapping[str, Any]) -> bool | Unread:
    if "Condition" not in row:
        return True
    return functions.conditions.holds(row["Condition"], ("Resources", logical, "Condition"))


def _planned(logical: str, type_: str, properties: Any, written: Any, made: bool | Unread) -> Planned:
    return Planned(
        address=logical,
        at=Address((), False, type_, logical, None),
        provider="aws",
        actions=DECLARED,
        before=None,
        after=properties,
        unknown={},
        sensitive={"before": {}, "after": {}},
        # What "Ref" of it refers to is itself: by it a mapping asks for the resource's own id.
        written={"expressions": {**written, "Ref": {"references": [logical]}}},
        unsure=made if isinstance(made, Unread) else None,
    )


def _refuse_twice(document: Document, changes: list[Planned]) -> None:
    """Refuse logical ids that only differ from a parameter's, which functions could not tell apart."""
    for change in changes:
        if change.address in _section(document, "Parameters"):
            raise document.error(("Resources", change.address), "a parameter has the same name")


def _strangers(value: Any, published: Any, at: Keys) -> Iterator[Keys]:
    """The properties whose names are not among those that are published for the type."""
    if published is None or isinstance(value, Unread):
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strangers(item, published, (*at, index))
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in published:
                yield (*at, name)
            else:
                yield from _strangers(item, published[name], (*at, name))


# --- what is said of it ----------------------------------------------------------------------------------------------


def _incomplete(
    changes: list[Planned], macros: list[str], loops: list[str], strangers: list[str], left: list[str]
) -> Iterator[str]:
    if macros:
        yield f"the macro {macros[0]} may change anything in it and add to it; judge what it makes of it"
    if loops:
        yield f"{len(loops)} loops make resources that are not read, such as {loops[0]}"
    nested = [change.address for change in changes if change.type in NESTED or change.type.endswith("::MODULE")]
    if nested:
        yield f"{len(nested)} nested stacks are not read, such as {nested[0]}; judge their templates too"
    if strangers:
        yield f"{len(strangers)} properties have names that their types do not, such as {strangers[0]}"
    yield from sorted(set(left))


def _statements(
    document: Document, changes: list[Planned], without: list[str], parameters: Mapping[str, Any]
) -> Iterator[str]:
    if without:
        yield f"{len(without)} resources are not made, since their condition is false, such as {without[0]}"
    perhaps = [change.address for change in changes if change.unsure is not None]
    if perhaps:
        yield (
            f"{len(perhaps)} resources are made only if a condition holds that is not known here, such as "
            f"{perhaps[0]}: they are judged as if they were, and what they add to others is not known"
        )
    unset = [
        name
        for name in _section(document, "Parameters")
        if isinstance(value := parameters[name], Unread) and value.reason == "not_collected"
    ]
    if unset:
        yield f"{len(unset)} parameters have no value here, such as {unset[0]}; give them with --parameters"
