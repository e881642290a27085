"""What the expressions of a template give: values, or :class:`Unresolved` ones where only the deployment will tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from providers.arm import lambdas, runtime
from providers.arm.depending import are_loops, called, depending, got, keeping
from providers.arm.expressions import Call, Get, Literal, Node, expression, parse
from providers.arm.functions import DEEP, MOST, SHALLOW, WRONG, formatted
from providers.arm.loading import Document, Fields
from providers.arm.parameters import made
from providers.arm.places import Text, Where, resource_id
from providers.arm.unresolved import Unresolved, joined, quoted, unresolved, within
from providers.templates import Keys, NotATemplate

MOST_MADE: Final = 1_000_000
"""Values that a template's expressions make at the most."""
DEEPEST: Final = 60
"""Calls within calls, variables and functions of the template's own included."""
IDS: Final = {
    "resourceid": "",
    "subscriptionresourceid": "subscription",
    "tenantresourceid": "tenant",
    "managementgroupresourceid": "management_group",
    "extensionresourceid": "extension",
}
"""Functions that make ids of resources, and the level of what they name."""


@dataclass(frozen=True, slots=True)
class Env:
    """Where an expression stands: the copies around it by name, the innermost, variables of lambdas, arguments."""

    copies: Mapping[str, int | Unresolved] = field(default_factory=dict)
    current: str | None = None
    lambdas: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] | None = None

    def copy(self, name: str, index: int | Unresolved) -> Env:
        """Within one turn of a copy loop."""
        return replace(self, copies={**self.copies, name.lower(): index}, current=name.lower())


@dataclass(slots=True)
class Shared:
    """What the expressions of a template and of those nested in it share.

    ``outputs`` gives the outputs of a nested deployment by the text of its id. ``left`` are sentences on what this
    version does not know.
    """

    document: Document
    outputs: dict[str, Callable[[], Mapping[str, Any] | None]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    spent: int = 0

    def spend(self, amount: int) -> None:
        """Count what is made of the template, so that a small one cannot stand for a huge one."""
        self.spent += amount
        if self.spent > MOST_MADE:
            raise NotATemplate("its expressions make too much of it")


class Evaluator:
    """Evaluates the expressions of one template. ``symbols`` are ids and names by symbolic name, in lower case."""

    def __init__(self, shared: Shared, template: Fields, at: Keys, parameters: Mapping[str, Any], where: Where) -> None:
        self.shared, self.template, self.at, self.where = shared, template, at, where
        self.parameters = Fields(parameters)
        """By name; a value that is made when it is asked for is called (:func:`providers.arm.parameters.made`)."""
        self.symbols: dict[str, Mapping[str, Text]] = {}
        self._variables: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._depth = 0

    # --- values ------------------------------------------------------------------------------------------------------

    def resolve(self, value: Any, at: Keys, env: Env = Env()) -> Any:
        """A value of the template with its expressions evaluated. Raises NotATemplate."""
        self.shared.spend(1)
        if isinstance(value, str):
            inside = expression(value)
            if inside is None:
                return value[1:] if value.startswith("[[") else value
            return self.evaluate(inside, at, env)
        if isinstance(value, list):
            return [self.resolve(item, (*at, index), env) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        found = Fields()
        for key, item in value.items():
            if key.lower() == "copy" and are_loops(item):
                for index, loop in enumerate(item):
                    found[loop["name"]] = self.loop(loop, (*at, key, index), env)
                continue
            name = self.resolve(key, (*at, key), env) if expression(key) is not None else key
            if isinstance(name, Unresolved):
                # Which property it is, is not known, so that nobody can say which there are.
                return replace(name, text=f"{{an object with {name.text}}}")
            found[name] = self.resolve(item, (*at, key), env)
        return found

    def loop(self, loop: Mapping[str, Any], at: Keys, env: Env) -> Any:
        """The list that a copy of a property, a variable or an output makes."""
        count = self.count(loop, at, env)
        if isinstance(count, Unresolved):
            return replace(count, text=f"{{copies of {loop['name']} by {count.text}}}")
        turns = (env.copy(loop["name"], index) for index in range(count))
        return [self.resolve(loop["input"], (*at, "input"), turn) for turn in turns]

    def count(self, loop: Mapping[str, Any], at: Keys, env: Env) -> int | Unresolved:
        """How many turns a copy loop has."""
        count = self.resolve(loop.get("count"), (*at, "count"), env)
        if isinstance(count, Unresolved):
            return count
        if not isinstance(count, int) or not 0 <= count <= MOST:
            raise self.shared.document.error((*at, "count"), "it is no number of copies")
        return count

    def evaluate(self, text: str, at: Keys, env: Env) -> Any:
        """What an expression gives."""
        try:
            return self.value(parse(text), at, env)
        except WRONG as error:
            raise self.shared.document.error(at, f"[{text:.120}]: {str(error) or type(error).__name__}") from error

    def value(self, node: Node, at: Keys, env: Env) -> Any:
        """What a part of an expression gives. Raises NotATemplate, or what a function cannot take."""
        self.shared.spend(1)
        if isinstance(node, Literal):
            return node.value
        self._depth += 1
        if self._depth > DEEPEST * 5:
            raise ValueError("its expressions lead too deep")
        try:
            return self._got(node, at, env) if isinstance(node, Get) else self._called(node, at, env)
        finally:
            self._depth -= 1

    def _got(self, node: Get, at: Keys, env: Env) -> Any:
        of = self.value(node.of, at, env)
        key = self.value(node.key, at, env)
        return got(of, key, node.safe)

    def _called(self, node: Call, at: Keys, env: Env) -> Any:
        name = node.name.lower()
        if "." in name:
            return self._own(node, at, env)
        lazy = _LAZY.get(name)
        if lazy is not None:
            return lazy(self, node, at, env)
        arguments = [self.value(item, at, env) for item in node.arguments]
        if name in IDS:
            return resource_id(self.where, arguments, IDS[name])
        if name in runtime.FUNCTIONS:
            return runtime.FUNCTIONS[name](self, arguments)
        if name.startswith("list"):
            return unresolved(
                called(node.name, arguments), f"{node.name} tells secrets of what is deployed", "sensitive"
            )
        return self._pure(node.name, arguments, at)

    def _pure(self, name: str, arguments: list[Any], at: Keys) -> Any:
        lower = name.lower()
        if lower == "concat" and not all(isinstance(item, list) for item in arguments):
            return self._concatenated(name, arguments)
        if lower == "concat":
            return [item for inner in arguments for item in inner]
        if lower == "format" and isinstance(arguments[0], str):
            return self._text(formatted(arguments[0], arguments[1:]))
        function = SHALLOW.get(lower) or DEEP.get(lower)
        if function is None:
            if lower not in runtime.TOLD_LATER:
                where = ".".join(map(str, at))
                self.shared.left.append(f"it uses the function {name}, which this version does not know ({where})")
            why = runtime.TOLD_LATER.get(lower, f"the function {name} is not known here")
            return unresolved(called(name, arguments), why)
        unknown = keeping(lower, arguments)
        shallow = lower == "contains" and isinstance(arguments[0], dict) and isinstance(arguments[1], str)
        merging = lower == "union" and not any(isinstance(item, Unresolved) for item in arguments)
        merging = merging and all(isinstance(item, dict) for item in arguments)
        if unknown and not shallow and not merging:
            return depending(name, arguments, unknown)
        value = function(*arguments)
        self.shared.spend(len(value) // 16 if isinstance(value, (str, list)) else 0)
        return value

    def _concatenated(self, name: str, arguments: list[Any]) -> Any:
        unknown = [item for item in arguments if isinstance(item, Unresolved)]
        if any(isinstance(item, (list, dict)) for item in arguments):
            if unknown:
                return depending(name, arguments, unknown)
            raise TypeError("texts and lists cannot be put together")
        return self._text(arguments)

    def _text(self, parts: list[Any]) -> Any:
        if any(isinstance(part, (list, dict)) for part in parts):
            parts = [self._pure("string", [part], ()) if isinstance(part, (list, dict)) else part for part in parts]
        value = joined("" if part is None else part for part in parts)
        self.shared.spend(len(value) // 16 if isinstance(value, str) else 1)
        return value

    # --- what only is evaluated where it is needed -------------------------------------------------------------------

    def _if(self, node: Call, at: Keys, env: Env) -> Any:
        holds = self.value(node.arguments[0], at, env)
        if not isinstance(holds, Unresolved):
            return self.value(node.arguments[1 if DEEP["bool"](holds) else 2], at, env)
        branches = []
        for argument in node.arguments[1:]:
            try:
                branches.append(self.value(argument, at, env))
            except (*WRONG, NotATemplate):
                # The branch that is not taken need not make sense.
                return depending("if", [holds], [holds])
        one, other = branches
        if quoted(one) == quoted(other):
            return one
        return depending("if", [holds, one, other], [holds, *within(branches)])

    def _kleene(self, node: Call, at: Keys, env: Env) -> Any:
        deciding = node.name.lower() == "or"
        values = [self.value(item, at, env) for item in node.arguments]
        unknown = [item for item in values if isinstance(item, Unresolved)]
        known = [DEEP["bool"](item) for item in values if not isinstance(item, Unresolved)]
        if deciding in known:
            return deciding
        return depending(node.name, values, unknown) if unknown else not deciding

    def _coalesce(self, node: Call, at: Keys, env: Env) -> Any:
        for argument in node.arguments:
            value = self.value(argument, at, env)
            if value is not None:
                return value
        return None

    def _try_get(self, node: Call, at: Keys, env: Env) -> Any:
        of, *keys = [self.value(item, at, env) for item in node.arguments]
        for key in keys:
            of = got(of, key, safe=True)
        return of

    # --- names of the template ---------------------------------------------------------------------------------------

    def _parameter(self, node: Call, at: Keys, env: Env) -> Any:
        name = self.value(node.arguments[0], at, env)
        held: Mapping[str, Any] = Fields(env.arguments) if env.arguments is not None else self.parameters
        if name not in held:
            raise LookupError(f"there is no parameter {name!r:.80}")
        return made(held[name])

    def _variable(self, node: Call, at: Keys, env: Env) -> Any:
        name = self.value(node.arguments[0], at, env)
        if isinstance(name, Unresolved):
            return depending("variables", [name], [name])
        key = name.lower()
        if key not in self._variables:
            if key in self._asked:
                raise ValueError(f"the variable {name!r:.80} refers to itself")
            self._asked.add(key)
            try:
                self._variables[key] = self._defined(name)
            finally:
                self._asked.discard(key)
        return self._variables[key]

    def _defined(self, name: str) -> Any:
        rows = self.template.get("variables")
        if not isinstance(rows, Fields):
            raise LookupError(f"there is no variable {name!r:.80}")
        place = (*self.at, self.template.spelt("variables"))
        loops = rows.get("copy")
        for index, loop in enumerate(loops if are_loops(loops) else []):
            if loop["name"].lower() == name.lower():
                return self.loop(loop, (*place, "copy", index), Env())
        if name not in rows:
            raise LookupError(f"there is no variable {name!r:.80}")
        return self.resolve(rows[name], (*place, rows.spelt(name)), Env())

    def _copy_index(self, node: Call, at: Keys, env: Env) -> Any:
        values = [self.value(item, at, env) for item in node.arguments]
        named = values.pop(0) if values and isinstance(values[0], str) else env.current
        index = env.copies.get(str(named).lower())
        if index is None:
            raise LookupError("copyIndex stands outside of a copy")
        offset = values[0] if values else 0
        if isinstance(index, Unresolved):
            return depending("copyIndex", [index, offset], [index])
        return index + offset

    def _own(self, node: Call, at: Keys, env: Env) -> Any:
        """A call of one of the template's own functions, which sees its arguments and nothing else."""
        space, _, name = node.name.partition(".")
        for index, row in enumerate(self.template.get("functions") or []):
            members = row.get("members") if isinstance(row, Fields) else None
            if isinstance(members, Fields) and str(row.get("namespace")).lower() == space.lower() and name in members:
                member = members[name]
                names = [parameter["name"] for parameter in member.get("parameters") or []]
                values = [self.value(item, at, env) for item in node.arguments]
                if len(values) > len(names):
                    raise TypeError("it takes fewer arguments")
                values += [None] * (len(names) - len(values))
                place = (*self.at, "functions", index, "members", members.spelt(name), "output", "value")
                return self.resolve(
                    member["output"]["value"], place, Env(arguments=dict(zip(names, values, strict=True)))
                )
        raise LookupError(f"there is no function {node.name:.80}")


_LAZY: Final[Mapping[str, Callable[[Evaluator, Call, Keys, Env], Any]]] = {
    "and": Evaluator._kleene,
    "or": Evaluator._kleene,
    "if": Evaluator._if,
    "coalesce": Evaluator._coalesce,
    "tryget": Evaluator._try_get,
    "parameters": Evaluator._parameter,
    "variables": Evaluator._variable,
    "copyindex": Evaluator._copy_index,
    **lambdas.FUNCTIONS,
}
