"""A template as resources: loops turned, conditions asked, nested deployments entered.

"Understand the structure and syntax of ARM templates", "Resource declaration", "Copy", "Linked and nested templates"
(Microsoft Learn). What Resource Manager would refuse is an error here too, with line and key; what cannot be read whole
(linked deployments, loops of an unknown length) is a sentence in ``incomplete``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.arm import parameters as given_values
from providers.arm.declared import Declared, Expanded, parts
from providers.arm.evaluation import Env, Evaluator, Shared
from providers.arm.expressions import expression
from providers.arm.identity import id_below, scope_id, split, written_whole
from providers.arm.loading import Document, Fields
from providers.arm.parameters import Given
from providers.arm.places import Text, Where, root, text
from providers.arm.unresolved import Unresolved, joined, unresolved, written
from providers.templates import Keys, NotATemplate
from providers.terraform.reading import about

DEPLOYMENT: Final = "microsoft.resources/deployments"
ELSEWHERE: Final = ("microsoft.resources/deploymentstacks", "microsoft.solutions/applications")
"""Types that deploy templates of their own, which are not read."""
LEVELS: Final = {
    "deploymenttemplate.json": "group",
    "subscriptiondeploymenttemplate.json": "subscription",
    "managementgroupdeploymenttemplate.json": "management_group",
    "tenantdeploymenttemplate.json": "tenant",
}
DEEPEST: Final = 10
"""Deployments within deployments."""
_SECTIONS: Final = frozenset(
    {
        *("$schema", "apiprofile", "contentversion", "definitions", "extensions", "functions", "imports"),
        *("languageversion", "metadata", "outputs", "parameters", "resources", "variables"),
    }
)
_TYPE: Final = re.compile(r"[\w.-]+(?:/[\w.-]+)+(?:@[\w.-]+)?", re.ASCII)
_NOT_BODY: Final = frozenset(
    {"apiversion", "comments", "condition", "copy", "dependson", "existing", "metadata", "name", "resources", "scope"}
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A resource as it is written, in one turn of its loop."""

    row: Fields
    at: Keys
    env: Env
    address: str
    type: str
    name: Text
    where: Where
    scope: Text
    id: Text | None


def expanded(document: Document, chosen: Mapping[str, Any], *, others: bool = False) -> Expanded:
    """The resources of a template with the values given for its parameters and its place. Raises NotATemplate."""
    given = Given(chosen, others)
    top = document.value
    level = _level(document)
    shared = Shared(document)
    evaluator = _evaluator(shared, top, (), given, root(level, given.places))
    found = Expanded(document, left=shared.left)
    found.version = str(top.get("languageVersion", "1.0"))
    found.tool = _tool(top)
    found.unset += given_values.unset(evaluator.parameters)
    found.foreign += list(top.get("extensions") or top.get("imports") or {})
    _Expansion(found, shared, evaluator).template(top, (), evaluator.where, "", None, 0)
    _refuse_twice(document, found.resources)
    return found


def _level(document: Document) -> str:
    schema = document.value.get("$schema")
    name = schema.rstrip("#").rpartition("/")[2].lower() if isinstance(schema, str) else ""
    if name == "deploymentparameters.json":
        raise NotATemplate("it is a file of parameters; give the template, and this with --parameters")
    if name not in LEVELS:
        raise document.error(("$schema",), f"it is none of {', '.join(sorted(LEVELS))}")
    return LEVELS[name]


def _tool(top: Fields) -> str:
    generator = (top.get("metadata") or Fields()).get("_generator") if isinstance(top.get("metadata"), Fields) else None
    if isinstance(generator, Fields) and generator.get("name") == "bicep":
        return f"Bicep {generator.get('version')}"
    return "Azure Resource Manager"


def _evaluator(shared: Shared, template: Fields, at: Keys, given: Given, where: Where) -> Evaluator:
    if other := sorted(name for name in template if name.lower() not in _SECTIONS):
        raise shared.document.error((*at, other[0]), "templates have no such section")
    evaluator = Evaluator(shared, template, at, {}, where)
    types = template.get("definitions")
    held = given_values.values(
        shared.document, template, at, given, evaluator.resolve, types if isinstance(types, Fields) else Fields()
    )
    evaluator.parameters = held
    return evaluator


class _Expansion:
    """Reads a template, and those nested in it with its own names (outer scope), into one :class:`Expanded`."""

    def __init__(self, found: Expanded, shared: Shared, evaluator: Evaluator) -> None:
        self.found, self.shared, self.evaluator = found, shared, evaluator
        self.document = found.document

    def template(
        self, template: Fields, at: Keys, where: Where, prefix: str, unsure: Unresolved | None, depth: int
    ) -> None:
        """Read the resources of a template that is deployed to a scope."""
        if depth > DEEPEST:
            raise self.document.error(at, "deployments are nested too deeply")
        if "resources" not in template:
            raise self.document.error(at, "it has no resources, and so is no template")
        rows = list(self._rows(template["resources"], (*at, template.spelt("resources")), where, prefix, None))
        made = [(row, self._condition(row)) for row in rows]
        deployments = {}
        for row, condition in made:
            if row.type.lower() == DEPLOYMENT and condition is not False and row.id is not None:
                nested = deployments[id(row)] = _Nested(self, row)
                self.shared.outputs[text(row.id)] = nested.outputs
        for row, condition in made:
            doubt = condition if isinstance(condition, Unresolved) else unsure
            if row.row.get("existing") is True:
                self.found.existing.add(text(row.id) if row.id is not None else row.address)
            elif condition is False:
                self.found.without.append(row.address)
            elif row.type.lower() == DEPLOYMENT:
                (deployments.get(id(row)) or _Nested(self, row)).expand(doubt, depth)
            else:
                self.found.resources.append(self._declared(row, doubt))

    # --- what is written ---------------------------------------------------------------------------------------------

    def _rows(
        self, rows: Any, at: Keys, where: Where, prefix: str, parent: _Row | None, env: Env | None = None
    ) -> Iterator[_Row]:
        named = (
            list(rows.items())
            if isinstance(rows, Fields)
            else list(enumerate(rows))
            if isinstance(rows, list)
            else None
        )
        if named is None:
            raise self.document.error(at, "it is neither a list nor an object of resources")
        for key, row in named:
            place = (*at, key)
            if not isinstance(row, Fields):
                raise self.document.error(place, "a resource is an object")
            symbol = key if isinstance(key, str) else None
            for turn, index in self._turns(row, place, env or Env()):
                with about(f"line {self.document.line(place)}: {'.'.join(map(str, place))}"):
                    made = self._row(row, place, turn, where, prefix, symbol, index, parent)
                if symbol is not None and made.id is not None:
                    name = symbol if index is None else f"{symbol}[{index}]"
                    self.evaluator.symbols[name.lower()] = {"id": made.id, "name": made.name}
                yield made
                inner = row.get("resources")
                if inner is not None:
                    yield from self._rows(inner, (*place, row.spelt("resources")), where, prefix, made, turn)

    def _turns(self, row: Fields, at: Keys, env: Env) -> Iterator[tuple[Env, Any]]:
        loop = row.get("copy")
        if not isinstance(loop, Fields):
            yield env, None
            return
        place = (*at, row.spelt("copy"))
        name = loop.get("name")
        if not isinstance(name, str):
            raise self.document.error(place, "a loop has a name")
        count = self.evaluator.count(loop, place, env)
        if isinstance(count, Unresolved):
            self.found.endless.append(f"{name} (line {self.document.line(place)})")
            index = unresolved(f"copyIndex('{name}')", count.detail or "", count.reason)
            yield env.copy(name, index), index
            return
        for turn in range(count):
            yield env.copy(name, turn), turn

    def _row(
        self,
        row: Fields,
        at: Keys,
        env: Env,
        where: Where,
        prefix: str,
        symbol: str | None,
        index: Any,
        parent: _Row | None,
    ) -> _Row:
        type_, name = row.get("type"), self.evaluator.resolve(row.get("name"), (*at, "name"), env)
        if isinstance(type_, str) and expression(type_) is not None:
            type_ = self.evaluator.resolve(type_, (*at, "type"), env)
        whole = type_ if parent is None or written_whole(type_, parent.type) else f"{parent.type}/{type_}"
        if not isinstance(type_, str) or _TYPE.fullmatch(whole) is None:
            raise self.document.error((*at, "type"), "it is no resource type such as Microsoft.Storage/storageAccounts")
        if parent is not None and whole != type_:
            name = joined([parent.name, "/", name])
        foreign = "@" in whole or "import" in row or "extension" in row
        if foreign and name is None:
            name = ""
        if not isinstance(name, (str, Unresolved)) or (isinstance(name, str) and not name and not foreign):
            raise self.document.error((*at, "name"), "a resource has a name")
        place, scope, kind, id_ = self._identity(row, at, env, where, whole, name)
        own = symbol or f"{kind}/{written(name)}"
        if index is not None and symbol is not None:
            own += f"[{written(index)}]"
        return _Row(row, at, env, f"{prefix}{own}", kind, name, place, scope, None if foreign else id_)

    def _identity(
        self, row: Fields, at: Keys, env: Env, where: Where, type_: str, name: Text
    ) -> tuple[Where, Text, str, Text | None]:
        """Where a resource lies, what it is an extension of, its own type, and its id."""
        named = parts(name)
        given = self.evaluator.resolve(row.get("scope"), (*at, "scope"), env)
        if given is not None and type_.lower() != DEPLOYMENT:
            scope = scope_id(where, given)
            return where, scope, type_, id_below(scope, type_, named)
        of, extension, kind = split(type_)
        if extension:
            # "Microsoft.KeyVault/vaults/providers/diagnosticSettings", called "vault/Microsoft.Insights/name".
            count = len(of.split("/")) - 1
            if len(named) <= count or not isinstance(named[count], str):
                return where, "", type_, None
            owner = id_below(where.id, of, named[:count])
            full = f"{named[count]}/{kind}"
            return where, "" if owner is None else owner, full, id_below(owner, full, named[count + 1 :])
        at_where = where
        if type_.lower() == DEPLOYMENT:
            subscription, group = (
                self.evaluator.resolve(row.get(key), (*at, key), env) for key in ("subscriptionId", "resourceGroup")
            )
            at_where = where.at(given) if given is not None else where.inside(subscription, group)
        return at_where, "", type_, id_below(at_where.id, type_, named)

    def _condition(self, row: _Row) -> bool | Unresolved:
        value = row.row.get("condition", True)
        made = self.evaluator.resolve(value, (*row.at, "condition"), row.env)
        if isinstance(made, str) and made.lower() in ("true", "false"):
            made = made.lower() == "true"
        if not isinstance(made, (bool, Unresolved)):
            raise self.document.error((*row.at, "condition"), "a condition is true or false")
        return made

    def _declared(self, row: _Row, unsure: Unresolved | None) -> Declared:
        version = self.evaluator.resolve(row.row.get("apiVersion"), (*row.at, "apiVersion"), row.env)
        if version is None:
            version = unresolved("apiVersion", "the template names no api-version for it", "not_collected")
        if not isinstance(version, (str, Unresolved)):
            raise self.document.error((*row.at, "apiVersion"), "an api-version is a date")
        body = Fields(
            {
                key: self.evaluator.resolve(value, (*row.at, key), row.env)
                for key, value in row.row.items()
                if key.lower() not in _NOT_BODY
            }
        )
        if not isinstance(body.get("properties"), (Fields, Unresolved, type(None))):
            raise self.document.error((*row.at, "properties"), "properties are an object")
        return Declared(row.address, row.type, row.id, row.name, version, body, row.where, row.at, row.scope, unsure)


class _Nested:
    """A nested deployment, which is read when it is reached or when somebody asks for its outputs."""

    def __init__(self, outer: _Expansion, row: _Row) -> None:
        self._outer, self._row = outer, row
        self._evaluator: Evaluator | None = None
        self._asked = False
        self._outputs: Mapping[str, Any] | None = None

    @property
    def _template(self) -> tuple[Fields, Keys] | None:
        properties = self._row.row.get("properties")
        inner = properties.get("template") if isinstance(properties, Fields) else None
        at = (*self._row.at, self._row.row.spelt("properties"))
        return (inner, (*at, properties.spelt("template"))) if isinstance(inner, Fields) and properties else None

    def expand(self, unsure: Unresolved | None, depth: int) -> None:
        """Read its resources into what its parent holds."""
        found = self._template
        if found is None:
            self._outer.found.linked.append(self._row.address)
            return
        template, at = found
        inside = _Expansion(self._outer.found, self._outer.shared, self._evaluated())
        prefix = f"{self._row.address}/"
        inside.template(template, at, self._row.where, prefix, unsure, depth + 1)

    def outputs(self) -> Mapping[str, Any] | None:
        """The outputs; None where they are not known, or are asked for by themselves."""
        found = self._template
        if found is None or (self._asked and self._outputs is None):
            return None
        if self._outputs is None:
            self._asked = True
            template, at = found
            self._outputs = Fields(dict(self._made(template, (*at, "outputs"))))
        return self._outputs

    def _made(self, template: Fields, at: Keys) -> Iterator[tuple[str, Fields]]:
        evaluator = self._evaluated()
        rows = template.get("outputs") or Fields()
        for name, row in rows.items():
            kind = str(row.get("type", "")).lower() if isinstance(row, Fields) else ""
            if kind in given_values.SECRET or not isinstance(row, Fields):
                value: Any = unresolved(f"output {name}", f"the output {name} is secret", "sensitive")
            elif isinstance(row.get("copy"), Fields):
                value = evaluator.loop(Fields({**row["copy"], "name": name}), (*at, name, "copy"), Env())
            else:
                value = evaluator.resolve(row.get("value"), (*at, name, "value"), self._env)
            yield name, Fields({"type": row.get("type") if isinstance(row, Fields) else None, "value": value})

    @property
    def _env(self) -> Env:
        return Env() if self._inner else self._row.env

    @property
    def _inner(self) -> bool:
        """Whether its expressions are evaluated within it; where it does not say, they are its parent's."""
        properties = self._row.row.get("properties") or Fields()
        options = properties.get("expressionEvaluationOptions")
        scope = options.get("scope") if isinstance(options, Fields) else None
        return isinstance(scope, str) and scope.lower() == "inner"

    def _evaluated(self) -> Evaluator:
        if self._evaluator is None:
            outer, row = self._outer.evaluator, self._row
            template, at = self._template or (Fields(), ())
            if not self._inner:
                self._evaluator = outer
            else:
                properties = row.row["properties"]
                rows = outer.resolve(properties.get("parameters") or Fields(), (*row.at, "parameters"), row.env)
                values = {name: _given(name, item) for name, item in rows.items()} if isinstance(rows, Fields) else {}
                self._evaluator = _evaluator(self._outer.shared, template, at, Given(values), row.where)
        return self._evaluator


def _given(name: str, row: Any) -> Any:
    if isinstance(row, Fields) and "value" in row:
        return row["value"]
    return unresolved(f"parameters('{name}')", "its value comes from a key vault", "sensitive")


def _refuse_twice(document: Document, resources: list[Declared]) -> None:
    seen: dict[str, Declared] = {}
    for item in resources:
        other = seen.setdefault(item.key, item)
        if other is not item and item.unsure is None and other.unsure is None and item.id is not None:
            raise document.error(item.at, f"{item.address} is in it twice")
