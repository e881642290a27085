"""Follows what the configuration of a plan says: which planned resources an expression takes its value from.

An expression of a plan lists what it refers to ("JSON Output Format", expression representation). References lead
through module variables to the caller's expression and through outputs into the called module. Values of ``locals``
and data sources are not in a plan: what refers to them leads nowhere that can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from providers.terraform.addresses import Steps, parse, parse_step
from providers.terraform.plan import Json, Plan, Planned, Side

DEEPEST: Final = 50
"""Steps through variables and outputs, beyond which a reference is given up."""
_KEYS: Final = ("each", "count")
_NOTHING: Final = ("path", "terraform", "self")


@dataclass(frozen=True, slots=True)
class Target:
    """A planned resource that a reference leads to, and the attribute asked for ("" for the whole)."""

    planned: Planned
    attribute: str


@dataclass(slots=True)
class Trail:
    """What references lead to. ``lost``: one leads where the plan shows nothing, so that there may be more."""

    targets: list[Target] = field(default_factory=list)
    lost: bool = False


class Following(Protocol):
    """Follows what the expressions of a plan's resources refer to, on one side."""

    def of(self, change: Planned, references: Sequence[str]) -> Trail:
        """What the references of an expression of a planned resource lead to."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression stands: the module instance, the key of the instance, and what count or for_each refer to."""

    modules: Steps
    key: str | None
    repeated: tuple[str, ...] = ()


class References:
    """The references of one side of a plan."""

    def __init__(self, plan: Plan, side: Side) -> None:
        self._plan = plan
        self._index: dict[tuple[Steps, str, str], list[Planned]] = {}
        self._calls: dict[tuple[Steps, str], set[str | None]] = {}
        for change in plan.changes:
            if change.values(side) is None or change.deposed:
                continue
            at = change.at
            self._index.setdefault((at.modules, at.type, at.name), []).append(change)
            for depth, (name, key) in enumerate(at.modules):
                self._calls.setdefault((at.modules[:depth], name), set()).add(key)

    def of(self, change: Planned, references: Sequence[str]) -> Trail:
        """What the references of an expression of a planned resource lead to."""
        return self.follow(references, context_of(change))

    def follow(self, references: Sequence[str], context: Context) -> Trail:
        """What the references of an expression lead to."""
        trail = Trail()
        self._follow(references, context, trail, 0)
        return trail

    def _follow(self, references: Sequence[str], context: Context, trail: Trail, depth: int) -> None:
        if depth > DEEPEST:
            trail.lost = True
            return
        whole = longest(references)
        # Where the key of this very instance is used, it picks the instance of what is referred to.
        keyed = any(name.partition(".")[0] in _KEYS for name in whole)
        for name in whole:
            root = name.partition(".")[0]
            if root == "each" and name.partition(".")[2].partition(".")[0] == "value":
                self._follow(context.repeated, Context(context.modules, context.key, ("each.key",)), trail, depth + 1)
            elif root in _KEYS or root in _NOTHING:
                continue
            elif root == "var":
                self._variable(name, context, trail, depth)
            elif root == "module":
                self._output(name, context, keyed, trail, depth)
            elif root in ("data", "local", "ephemeral"):
                trail.lost = True
            else:
                self._resource(name, context, keyed or context.repeated == ("each.key",), trail)

    def _variable(self, name: str, context: Context, trail: Trail, depth: int) -> None:
        if not context.modules:
            # A variable of the root module is a value, which leads to no resource.
            return
        call = self._plan.call(tuple(step for step, _ in context.modules))
        written = _object(_object(call.get("expressions")).get(name.split(".")[1].partition("[")[0]))
        repeated = _references(call.get("for_each_expression")) + _references(call.get("count_expression"))
        above = Context(context.modules[:-1], context.modules[-1][1], repeated)
        self._follow(_references(written), above, trail, depth + 1)

    def _output(self, name: str, context: Context, keyed: bool, trail: Trail, depth: int) -> None:
        step, key, rest = parse_step(name)
        calls = (*(called for called, _ in context.modules), step)
        module = self._plan.module(calls)
        output = rest.partition(".")[0].partition("[")[0]
        written = _object(_object(_object((module or {}).get("outputs")).get(output)).get("expression"))
        if not output or not written:
            trail.lost = True
            return
        known = self._calls.get((context.modules, step), set())
        for chosen in _chosen(known, key, context.key if keyed else None):
            inside = Context((*context.modules, (step, chosen)), None)
            self._follow(_references(written), inside, trail, depth + 1)

    def _resource(self, name: str, context: Context, keyed: bool, trail: Trail) -> None:
        try:
            at = parse(name)
        except ValueError:
            trail.lost = True
            return
        found = self._index.get((context.modules, at.type, at.name), [])
        chosen = _chosen({item.at.key for item in found}, at.key, context.key if keyed else None)
        prefix = f"{at.type}.{at.name}" + (f"[{at.key}]" if at.key is not None else "")
        attribute = name.removeprefix(prefix).lstrip(".")
        trail.targets += [Target(item, attribute) for item in found if item.at.key in chosen]
        # A resource that has no instance on this side leads nowhere.


def longest(references: Iterable[str]) -> list[str]:
    """The references without those that are only the beginning of another (a plan lists both)."""
    names = list(dict.fromkeys(references))
    return [
        name
        for name in names
        if not any(other != name and other.startswith((f"{name}.", f"{name}[")) for other in names)
    ]


def _chosen(known: set[str | None], key: str | None, own: str | None) -> set[str | None]:
    """The instances meant: the one whose key is written, else the one with our own key, else all of them."""
    if key is not None:
        return {name for name in known if name == key}
    mine: set[str | None] = {own}
    return mine if own is not None and own in known else known


def _references(node: Any) -> tuple[str, ...]:
    """Every reference below a node of an expression: of a block's arguments too."""
    if isinstance(node, list):
        return tuple(name for item in node for name in _references(item))
    if not isinstance(node, dict):
        return ()
    own = node.get("references")
    if isinstance(own, list):
        return tuple(name for name in own if isinstance(name, str))
    return tuple(name for item in node.values() for name in _references(item))


def context_of(change: Planned) -> Context:
    """Where the expressions of a planned resource stand."""
    block = change.written or {}
    repeated = _references(block.get("for_each_expression")) + _references(block.get("count_expression"))
    return Context(change.at.modules, change.at.key, repeated)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
