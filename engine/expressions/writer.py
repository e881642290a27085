"""Writing Python source: the lines, names and constants of one generated function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from engine.expressions.limits import LIST_SHIFT, MAX_STEPS, TEXT_SHIFT
from engine.expressions.values import size_in_steps

_SHIFTS: Final[dict[type, int]] = {str: TEXT_SHIFT, bytes: TEXT_SHIFT, list: LIST_SHIFT, dict: LIST_SHIFT}


class Unsure(Exception):
    """The generated code met what it was not made for."""


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression without side effects. ``classes``: the types its value can have; empty: not known.

    ``atom``: a name or a literal, which costs nothing to repeat.
    """

    text: str
    classes: tuple[type, ...] = ()
    atom: bool = False


class Writer:
    """A function under construction: ``prologue`` runs first, then ``lines``; ``scope`` are its globals.

    Lines are (depth of indentation, text). A name with a number is of its own making: t (value), e (element of a
    macro), v (variable), k (constant).
    """

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.lines: list[tuple[int, str]] = []
        self.prologue: list[tuple[int, str]] = []
        self.scope = {**scope, "type": type, "len": len, "steps": size_in_steps, "Unsure": Unsure}
        self.depth = 0
        self._count = 0
        self._metered = False

    def write(self, line: str) -> None:
        """Add a line at the present depth."""
        self.lines.append((self.depth, line))

    def insert(self, lines: list[tuple[int, str]]) -> None:
        """Add lines that were written :meth:`apart`."""
        self.lines += [(self.depth + depth, line) for depth, line in lines]

    @contextmanager
    def apart(self) -> Iterator[list[tuple[int, str]]]:
        """Collect what is written inside, indented from nothing, instead of adding it."""
        outer, depth = self.lines, self.depth
        self.lines, self.depth = [], 0
        try:
            yield self.lines
        finally:
            self.lines, self.depth = outer, depth

    def new(self, prefix: str = "t") -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def named(self, value: Any) -> str:
        """The name of a constant of the function."""
        name = self.new("k")
        self.scope[name] = value
        return name

    def class_name(self, class_: type) -> str:
        """The name of a Python type."""
        self.scope[class_.__name__] = class_
        return class_.__name__

    def atom(self, code: Code) -> Code:
        """The code as something that may be repeated."""
        if code.atom:
            return code
        name = self.new()
        self.write(f"{name} = {code.text}")
        return Code(name, code.classes, atom=True)

    def narrowed(self, code: Code, wanted: tuple[type, ...]) -> Code:
        """The code, of which it is made sure that the value has one of the ``wanted`` types (none: any)."""
        if not wanted or (code.classes and set(code.classes) <= set(wanted)):
            return code
        if code.classes and not set(code.classes) & set(wanted):
            self.write("raise Unsure")
            return Code("Unsure", wanted, atom=True)
        name = self.atom(code).text
        if wanted == (bool,):
            self.write(f"if {name} is not True and {name} is not False: raise Unsure")
        elif len(wanted) == 1:
            self.write(f"if type({name}) is not {self.class_name(wanted[0])}: raise Unsure")
        else:
            self.write(f"if type({name}) not in {self.named(frozenset(wanted))}: raise Unsure")
        return Code(name, wanted, atom=True)

    def spend(self, codes: list[Code]) -> None:
        """Count the steps that going through the values costs (atoms, as :func:`.values.size_in_steps` has them)."""
        costs = []
        for code in codes:
            shifts = {_SHIFTS.get(class_) for class_ in code.classes}
            shift = shifts.pop() if len(shifts) == 1 else None
            if shift is not None:
                costs.append(f"(len({code.text}) >> {shift})")
            elif shifts or not code.classes:
                costs.append(f"steps({code.text})")
        if costs:
            self.count(" + ".join(costs))

    def count(self, steps: str) -> None:
        """Add to the steps of the evaluation, of which there are not to be too many."""
        if not self._metered:
            self.prologue.append((0, "n = 0"))
            self._metered = True
        self.write(f"n += {steps}")
        self.write(f"if n > {MAX_STEPS}: raise Unsure")
