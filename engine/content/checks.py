"""Checks: data files in, compiled checks out. All files are validated; expressions are compiled only where asked."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from engine.content.files import Document, Keys, before, parse, source_of
from engine.content.parameters import conforms, recordable
from engine.content.resources import IDENTITY, ResourceSchema
from engine.content.root import Root
from engine.content.validation import shape
from engine.content.wording import suggestion
from engine.errors import ContentError, ExpressionError, Problem
from engine.expressions import Program, Template
from engine.expressions import compile as compile_expression
from engine.expressions import template as compile_template
from engine.expressions.types import BOOL, INT, STRING, TIMESTAMP, ListType, ObjectType, Type, bare, parse_type
from engine.model import CLOUDS, LISTINGS, Check, Parameter, Relation

_PART: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = frozenset(("resource", "params", "now"))
_EXAMPLES: Final = "examples"
_REMEMBERED: Final = 4096
"""Check files that a process remembers; several times as many as there are."""


@dataclass(frozen=True, slots=True)
class CompiledCheck:
    """A check whose expressions are ready to run, with the values its parameters have for this organisation.

    ``reads`` maps each resource type to the properties (tags among them, identity not) that the expressions, the
    message and the joins read; ``related`` maps a relation to its resource type. ``decisive`` is ``reads`` without what
    only the message reads.
    """

    check: Check
    when: Program | None
    expression: Program
    message: Template
    parameters: Mapping[str, Any]
    reads: Mapping[str, frozenset[str]]
    related: Mapping[str, str]
    decisive: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def tolerates(self, relation: str) -> bool:
        """Whether a relation may decide a verdict though there may be more in it than was seen."""
        return self.expression.tolerates(relation) and (self.when is None or self.when.tolerates(relation))

    @property
    def asks_for_keys(self) -> bool:
        """Whether a verdict may hang on which keys a map has."""
        return self.expression.asks_for_keys or (self.when is not None and self.when.asks_for_keys)


def load_checks(
    root: Root, problems: list[Problem], examples: bool = True, clouds: Collection[str] | None = None
) -> dict[str, Check]:
    """Every check by id, each file validated by its schema; what is wrong is added to ``problems``.

    Those that come along, and the organisation's own below ``root.own_checks``, which may not take the id of another.
    Without ``examples`` these are not looked at: they are most of a file, they are its tests, and judge nothing. With
    ``clouds`` the checks of other providers are not looked at; a file in no provider's folder always is.
    """
    others = frozenset() if clouds is None else frozenset({*CLOUDS, LISTINGS}.difference(clouds))
    checks: dict[str, Check] = {}
    for path, place in _files(root):
        if place.partition("/")[0] in others:
            continue
        check = _loaded(path, place, root, problems, examples)
        if check is None:
            continue
        if check.id in checks:
            message = f"{check.id} is the id of {checks[check.id].path} already; give the file another name"
            problems.append(Problem(path, 1, 1, "", message))
            continue
        checks[check.id] = check
    return checks


def load_check(path: Path, root: Root, problems: list[Problem], examples: bool = True) -> Check | None:
    """The check in one file of the folders of checks; what is wrong with it is added to ``problems``."""
    return _loaded(path, _place(path, root), root, problems, examples)


def _loaded(path: Path, place: str, root: Root, problems: list[Problem], examples: bool) -> Check | None:
    source = source_of(path, problems)
    if source is None:
        return None
    found, check = _held(path, place, source, root.schema("check"), examples)
    problems += found
    return check


@lru_cache(maxsize=_REMEMBERED)
def _held(
    path: Path, place: str, source: bytes, schema: Path, examples: bool
) -> tuple[tuple[Problem, ...], Check | None]:
    """The check in these bytes, and what is wrong with them: the same for the same bytes, so found out once."""
    problems: list[Problem] = []
    document = None if examples else _without_examples(path, source, schema)
    if document is None:
        document = parse(path, source, problems)
        if document is None:
            return tuple(problems), None
        problems += shape(schema).problems(document)
    problems += _misplaced(path, place)
    if problems:
        return tuple(problems), None
    check = check_of(document, _id(place))
    reserved = sorted(_RESERVED.intersection(check.related))
    named = [document.key_problem(("related", name), "the name has a meaning already") for name in reserved]
    return tuple(named), check


def _without_examples(path: Path, source: bytes, schema: Path) -> Document | None:
    """The document of a check's file up to its examples; None where it has to be read whole to say what is wrong."""
    head = before(_EXAMPLES, source)
    document = None if head is None else parse(path, head, [])
    if document is None or shape(schema, _EXAMPLES).problems(document):
        return None
    return replace(document, source=source)


def ids(root: Root) -> frozenset[str]:
    """The id of every check file, those that do not load among them."""
    return frozenset(_id(place) for _, place in _files(root))


def _files(root: Root) -> Iterator[tuple[Path, str]]:
    """Every file of a check, and where below its folder it lies."""
    for base in (root.checks, root.own_checks):
        for path in sorted(base.rglob("*.y*ml")):
            if not path.name.startswith("."):
                yield path, _below(base, str(path))


def _place(path: Path, root: Root) -> str:
    """Where below its folder of checks a file lies: "aws/s3/name.yaml". Text is split faster than a path."""
    whole = str(path)
    for base in (root.checks, root.own_checks):
        if whole.startswith(f"{base}{os.sep}"):
            return _below(base, whole)
    return whole


def _below(base: Path, whole: str) -> str:
    return whole[len(str(base)) + 1 :].replace(os.sep, "/")


def _id(place: str) -> str:
    return place.rpartition(".")[0].replace("/", ".")


def _misplaced(path: Path, place: str) -> Iterator[Problem]:
    """A file whose path cannot be an id is refused: passed over, it would be a check that never runs."""
    name, _, suffix = place.rpartition(".")
    parts = name.split("/")
    if suffix != "yaml":
        yield Problem(path, 1, 1, "", "the name must end in .yaml")
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        yield Problem(path, 1, 1, "", "the path must be <provider>/<service>/<name>.yaml in lower-case words")


def check_of(document: Document, id_: str) -> Check:
    """The check in a file that its schema accepts."""
    value = document.value
    return Check(
        id=id_,
        version=value["version"],
        title=value["title"],
        resource_type=value["resource_type"],
        criteria=tuple(value["criteria"]),
        severity=value["severity"],
        rationale=value["rationale"].strip(),
        expression=value["expression"],
        message=value["message"].strip(),
        remediation=value["remediation"],
        references=tuple(value["references"]),
        path=document.path,
        source=document.source,
        digest=hashlib.sha256(document.source).hexdigest(),
        when=value.get("when"),
        product=value.get("product"),
        parameters={name: Parameter(name, **declared) for name, declared in value.get("parameters", {}).items()},
        related={
            name: Relation(
                name,
                declared["resource_type"],
                declared.get("on", {"account": "account"}),
                declared.get("across", False),
            )
            for name, declared in value.get("related", {}).items()
        },
    )


def document_of(check: Check) -> Document:
    """The check's file again, for the places of its values."""
    document = parse(check.path, check.source, [])
    if document is None:  # it was loaded from these bytes
        raise ContentError([Problem(check.path, 1, 1, "", "is no check")])
    return document


# --- compiling -------------------------------------------------------------------------------------------------------


def compile_checks(
    checks: Iterable[Check],
    types: Mapping[str, ResourceSchema],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[CompiledCheck, ...]:
    """The checks, compiled and type-checked against the resource types, in the order given.

    ``parameters`` maps a check's id to the values that the organisation sets. Raises ContentError with every problem
    of every check, each where the file has it.
    """
    problems: list[Problem] = []
    compiled = []
    for check in checks:
        found, result = _compiled(check, types, (parameters or {}).get(check.id, {}))
        problems += found
        if result is not None:
            compiled.append(result)
    if problems:
        raise ContentError(problems)
    return tuple(compiled)


_COMPILED: Final[dict[Hashable, CompiledCheck]] = {}


def _compiled(
    check: Check, types: Mapping[str, ResourceSchema], values: Mapping[str, Any]
) -> tuple[list[Problem], CompiledCheck | None]:
    """The check compiled, or what is wrong; what was compiled before, of the same objects, is not compiled again."""
    concerned = sorted({check.resource_type, *(relation.resource_type for relation in check.related.values())})
    # The value keeps the check, so that no other can have its id.
    key = (id(check), *(types[name].digest for name in concerned if name in types), repr(sorted(values.items())))
    known = _COMPILED.get(key)
    if known is not None:
        return [], known
    compiler = _Compiler(check, types)
    result = compiler.run(values)
    if result is not None:
        if len(_COMPILED) >= _REMEMBERED:
            _COMPILED.clear()
        _COMPILED[key] = result
    return compiler.problems, result


class _Compiler:
    """Compiles one check and notes what is wrong with it."""

    def __init__(self, check: Check, types: Mapping[str, ResourceSchema]) -> None:
        self.check = check
        self.types = types
        self.problems: list[Problem] = []
        self._document: Document | None = None

    def run(self, values: Mapping[str, Any]) -> CompiledCheck | None:
        """The compiled check, or None where there are problems."""
        check = self.check
        own = self._type(check.resource_type, ("resource_type",))
        others = {
            name: type_
            for name, relation in check.related.items()
            if (type_ := self._type(relation.resource_type, ("related", name, "resource_type"))) is not None
        }
        params = {
            name: declared
            for name, parameter in check.parameters.items()
            if (declared := self._parameter(parameter)) is not None
        }
        if own is None or self.problems:
            return None
        for name, relation in check.related.items():
            self._join(relation, own, others[name])
        variables: dict[str, Type] = {
            "resource": own,
            "params": ObjectType("params", params),
            "now": TIMESTAMP,
            **{name: ListType(type_) for name, type_ in others.items()},
        }
        when = self._expression("when", check.when, variables) if check.when is not None else None
        expression = self._expression("expression", check.expression, variables)
        message = self._message(variables)
        if self.problems or expression is None or message is None:
            return None
        defaults = {name: parameter.default for name, parameter in check.parameters.items()}
        deciding = [program for program in (when, expression) if program is not None]
        return CompiledCheck(
            check=check,
            when=when,
            expression=expression,
            message=message,
            parameters={**defaults, **values},
            reads=_reads(check, [*deciding, message]),
            decisive=_reads(check, deciding),
            related={name: relation.resource_type for name, relation in check.related.items()},
        )

    def _located(self) -> Document:
        if self._document is None:
            self._document = document_of(self.check)
        return self._document

    def _note(self, keys: Keys, message: str, spot: tuple[int, int] = (1, 1)) -> None:
        self.problems.append(self._located().spot_problem(keys, *spot, message))

    def _type(self, name: str, keys: Keys) -> ObjectType | None:
        if name not in self.types:
            self._note(keys, f"no schema in schemas/resources describes {name}{suggestion(name, self.types)}")
            return None
        return self.types[name].type

    def _parameter(self, parameter: Parameter) -> Type | None:
        keys = ("parameters", parameter.name)
        try:
            type_ = parse_type(parameter.type)
        except ValueError as error:
            self._note((*keys, "type"), str(error))
            return None
        if not recordable(type_):
            self._note((*keys, "type"), "evidence has no floating point numbers: use int, in a smaller unit")
            return None
        if not conforms(parameter.default, type_):
            self._note((*keys, "default"), f"is no {type_}")
            return None
        return type_

    def _join(self, relation: Relation, own: ObjectType, other: ObjectType) -> None:
        for theirs, ours in relation.on.items():
            keys = ("related", relation.name, "on", theirs)
            their_type, own_type = other.fields.get(theirs), own.fields.get(ours)
            if their_type is None:
                message = f"{other} has no {theirs}{suggestion(theirs, other.fields)}"
                self.problems.append(self._located().key_problem(keys, message))
            elif own_type is None:
                self._note(keys, f"{own} has no {ours}{suggestion(ours, own.fields)}")
            elif bare(their_type) != bare(own_type):
                self._note(keys, f"{theirs} is {their_type}, {ours} is {own_type}: they are never equal")
            elif bare(own_type) not in (STRING, INT, BOOL):
                self._note(keys, f"{ours} is {own_type}: only text, integers and booleans can be joined")

    def _expression(self, key: str, source: str, variables: Mapping[str, Type]) -> Program | None:
        try:
            return compile_expression(source, variables, BOOL)
        except ExpressionError as error:
            self._note((key,), error.message, (error.line, error.column))
            return None

    def _message(self, variables: Mapping[str, Type]) -> Template | None:
        try:
            return compile_template(self.check.message, variables)
        except ExpressionError as error:
            self._note(("message",), error.message, (error.line, error.column))
            return None


def _reads(check: Check, programs: Iterable[Program | Template]) -> dict[str, frozenset[str]]:
    """The properties of each resource type that the programs and the joins read."""
    types = {"resource": check.resource_type} | {name: rel.resource_type for name, rel in check.related.items()}
    reads: dict[str, set[str]] = {type_: set() for type_ in types.values()}
    for program in programs:
        for path in program.reads:
            if path[0] in types and len(path) > 1:
                reads[types[path[0]]].add(path[1])
    for relation in check.related.values():
        reads[relation.resource_type].update(relation.on)
        reads[check.resource_type].update(relation.on.values())
    return {type_: frozenset(names - IDENTITY) for type_, names in reads.items()}
