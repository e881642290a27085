"""The reference of resource types: a page a service, with each property, its type and the operation that gives it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from engine.catalog.markdown import GENERATED, anchor, code, listed, table, text_of
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.content.resources import TAGS, ResourceSchema
from engine.expressions.types import ListType, MapType, Nullable, ObjectType, Type
from providers import declared

_WHERE: Final = {
    "global": "once an account",
    "region": "in each region",
    "organization": "once for all accounts of a customer",
}
_ABOUT: Final = """\
What checks can read. Beside the properties of its type every resource has `id`, `name`, `account` and `region`, which
are text, and may have `tags`, a `map<string, string>`. A `?` behind a type says that the value may be null, which the
provider then documents as absence; of what could not be read there is no value, and a check that needs it gives
`unknown`. A `dyn` is a document of any shape, such as a policy."""


def pages(content: Content, compiled: Collection[CompiledCheck]) -> dict[str, str]:
    """The pages by their path below the reference of resource types."""
    ordered = sorted(content.types.values(), key=lambda type_: (place(type_)[0], type_.name))
    groups = {page: list(rows) for page, rows in groupby(ordered, lambda type_: place(type_)[0])}
    readers = _readers(compiled)
    return {"README.md": text_of(_index(groups))} | {
        page: text_of(_service(page, rows, readers)) for page, rows in groups.items()
    }


def place(type_: ResourceSchema) -> tuple[str, str]:
    """The page of a type below the reference of resource types, and the anchor of the type on it."""
    service = type_.path.name.removesuffix(".schema.json").partition("_")[0]
    return f"{type_.path.parent.name}/{service}.md", anchor(type_.name)


def _readers(compiled: Collection[CompiledCheck]) -> Mapping[str, list[str]]:
    """The checks that read a type or are about it."""
    found: dict[str, list[str]] = {}
    for check in sorted(compiled, key=lambda row: row.check.id):
        for type_ in sorted({check.check.resource_type, *check.related.values()}):
            found.setdefault(type_, []).append(check.check.id)
    return found


def _index(groups: Mapping[str, list[ResourceSchema]]) -> Iterator[str]:
    yield "# Resource types"
    yield ""
    yield GENERATED
    yield ""
    yield _ABOUT
    for provider, pages_ in groupby(groups, lambda page: page.partition("/")[0]):
        yield ""
        yield f"## {provider}"
        yield ""
        rows = (
            (f"[{type_.name}]({page}#{anchor(type_.name)})", str(len(type_.properties)))
            for page in pages_
            for type_ in groups[page]
        )
        yield from table(("Type", "Properties"), rows)


def _service(page: str, types: list[ResourceSchema], readers: Mapping[str, list[str]]) -> Iterator[str]:
    provider, _, service = page.removesuffix(".md").partition("/")
    yield f"# {provider} {service}"
    yield ""
    yield f"{GENERATED} [All resource types](../README.md)"
    for type_ in types:
        yield from _type(type_, readers.get(type_.name, []))


def _type(type_: ResourceSchema, checks: list[str]) -> Iterator[str]:
    from engine.catalog.checks import link

    yield ""
    yield f"## {type_.name}"
    yield ""
    yield " ".join(type_.schema["description"].split())
    yield ""
    yield f"- Read: {_listing(type_)}"
    yield f"- Checks: {', '.join(link(id_, '../../checks') for id_ in checks) or 'none'}"
    yield ""
    rows = [row for name, schema in sorted(type_.properties.items()) for row in _property(type_, name, schema)]
    yield from table(("Property", "Type", "What it is", "Operation", "Terraform"), rows)


def _listing(type_: ResourceSchema) -> str:
    """Where a type is listed and by which operations, and whether its tags are read."""
    from_ = declared(type_.path.parent.name)
    where = _WHERE[from_.types[type_.name].where]
    operations = dict.fromkeys(o for r in from_.readers if type_.name in r.lists for o in r.operations)
    tagged = any(TAGS in reader.fills.get(type_.name, ()) for reader in from_.readers)
    by = f"listed by {listed(operations)}" if operations else "found when it is found out which accounts there are"
    return f"{where}, {by}{'; with tags' if tagged or TAGS in from_.discovered.get(type_.name, ()) else ''}"


def _property(type_: ResourceSchema, name: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for the property, and one for each property of the objects in it."""
    terraform = code(schema["x-terraform"]) if "x-terraform" in schema else ""
    personal = " Personal: sealed apart from the record." if schema.get("x-personal") else ""
    kind = type_.type.fields[name]
    yield code(name), code(kind_of(kind)), schema["description"] + personal, code(schema["x-operation"]), terraform
    for path, inner, described in _below(name, kind, schema):
        yield code(path), code(kind_of(inner)), described, "", ""


def _below(path: str, kind: Type, schema: Mapping[str, Any]) -> Iterator[tuple[str, Type, str]]:
    inner = kind.type if isinstance(kind, Nullable) else kind
    if isinstance(inner, ListType):
        yield from _below(f"{path}[]", inner.element, schema.get("items", {}))
    elif isinstance(inner, ObjectType):
        for name, declared_ in sorted(schema.get("properties", {}).items()):
            yield f"{path}.{name}", inner.fields[name], declared_.get("description", "")
            yield from _below(f"{path}.{name}", inner.fields[name], declared_)


def kind_of(kind: Type) -> str:
    """A type as it is written for a parameter; objects, whose properties have rows of their own, are "object"."""
    if isinstance(kind, Nullable):
        return f"{kind_of(kind.type)}?"
    if isinstance(kind, ListType):
        return f"list<{kind_of(kind.element)}>"
    if isinstance(kind, MapType):
        return f"map<{kind_of(kind.key)}, {kind_of(kind.value)}>"
    return "object" if isinstance(kind, ObjectType) else str(kind)
