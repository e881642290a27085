"""Tokens to the parse tree: recursive descent with precedences (cel-spec, doc/langdef.md, "Syntax")."""

from __future__ import annotations

from typing import Final, NoReturn

from engine.expressions.lexer import RESERVED, Token, fail, next_token
from engine.expressions.limits import MAX_DEPTH, MAX_SOURCE
from engine.expressions.syntax import (
    Binary,
    Invocation,
    ListDisplay,
    Literal,
    Logical,
    MapDisplay,
    Member,
    Name,
    Subscript,
    Syntax,
    Ternary,
    Unary,
)
from engine.expressions.values import INT_MAX, UINT_MAX, UInt

_BINDING: Final = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 1),
    **dict.fromkeys(("+", "-"), 2),
    **dict.fromkeys(("*", "/", "%"), 3),
}
"""How tightly the binary operators bind, without the logical ones. All associate to the left."""


def parse(source: str) -> Syntax:
    """The tree of a whole source. Raises ExpressionError where it is no expression."""
    parser = Parser(source, 0)
    tree = parser.expression()
    if parser.token.kind != "end":
        parser.unexpected()
    return tree


class Parser:
    """Reads one expression that begins at ``offset``; ``token`` is then the first token after it."""

    def __init__(self, source: str, offset: int) -> None:
        if len(source) > MAX_SOURCE:
            fail("", 0, f"an expression has at most {MAX_SOURCE} characters, this one has {len(source)}")
        if not source.isascii() and any(0xD800 <= ord(character) <= 0xDFFF for character in source):
            fail("", 0, "an expression is Unicode text; this one holds a lone surrogate")
        self._source = source
        self._depth = 0
        self.token: Token = next_token(source, offset)

    def expression(self) -> Syntax:
        """A whole expression: the loosest level, ``condition ? then : otherwise``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            fail(self._source, self.token.start, f"nested more than {MAX_DEPTH} levels deep")
        condition = self._logical("||")
        at = self.token.start
        if self._accept("?"):
            then = self._logical("||")
            self._expect(":")
            condition = Ternary(at, condition, then, self.expression())
        self._depth -= 1
        return condition

    def unexpected(self) -> NoReturn:
        """Raise for the token at hand."""
        token = self.token
        shown = "end of the expression" if token.kind == "end" else repr(self._source[token.start : token.end][:40])
        fail(self._source, token.start, f"unexpected {shown}")

    def _advance(self) -> Token:
        token = self.token
        self.token = next_token(self._source, token.end)
        return token

    def _accept(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self._advance()
        return True

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            found = self.token
            shown = "the end" if found.kind == "end" else repr(self._source[found.start : found.end][:40])
            fail(self._source, found.start, f"expected {kind!r}, found {shown}")

    def _logical(self, operator: str) -> Syntax:
        at = self.token.start
        operands = [self._logical("&&") if operator == "||" else self._binary(1)]
        while self._accept(operator):
            operands.append(self._logical("&&") if operator == "||" else self._binary(1))
        return operands[0] if len(operands) == 1 else Logical(at, operator, tuple(operands))

    def _binary(self, least: int) -> Syntax:
        """Operands joined by operators that bind at least so tightly (precedence climbing)."""
        left = self._unary()
        while (binding := _BINDING.get(self.token.kind, 0)) >= least:
            operator = self._advance()
            left = Binary(operator.start, operator.kind, left, self._binary(binding + 1))
        return left

    def _unary(self) -> Syntax:
        operators: list[Token] = []
        while self.token.kind in ("-", "!"):
            if operators and operators[-1].kind != self.token.kind:
                self.unexpected()
            operators.append(self._advance())
        token = self.token
        negative = bool(operators) and operators[-1].kind == "-" and type(token.value) in (int, float)
        if negative and token.kind == "value":
            # The smallest integer has no positive counterpart: its sign belongs to the literal.
            operators.pop()
        else:
            negative = False
        operand = self._postfix(negative)
        for operator in reversed(operators):
            operand = Unary(operator.start, operator.kind, operand)
        return operand

    def _postfix(self, negative: bool) -> Syntax:
        operand = self._primary(negative)
        while True:
            at = self.token.start
            if self._accept("."):
                token = self._advance()
                if token.kind == "quoted":
                    operand = Member(at, operand, token.value)
                elif token.kind != "name":
                    fail(self._source, token.start, "expected a name after '.'")
                elif self.token.kind == "(":
                    operand = Invocation(token.start, token.value, operand, self._arguments())
                else:
                    operand = Member(token.start, operand, token.value)
            elif self._accept("["):
                operand = Subscript(at, operand, self.expression())
                self._expect("]")
            else:
                return operand

    def _primary(self, negative: bool) -> Syntax:
        token = self.token
        if token.kind == "value":
            self._advance()
            return Literal(token.start, self._literal(token, negative))
        if token.kind == "(":
            self._advance()
            inner = self.expression()
            self._expect(")")
            return inner
        if token.kind == "[":
            return self._list()
        if token.kind == "{":
            return self._map()
        absolute = self._accept(".")
        name = self._advance()
        if name.kind != "name":
            self.token = name
            self.unexpected()
        if name.value in RESERVED:
            fail(self._source, name.start, f"{name.value!r} is a reserved word")
        if self.token.kind == "(":
            return Invocation(name.start, name.value, None, self._arguments(), absolute)
        return Name(token.start, name.value, absolute)

    def _literal(self, token: Token, negative: bool) -> object:
        value = token.value
        if negative:
            value = -value
        if (type(value) is int and not -INT_MAX - 1 <= value <= INT_MAX) or (type(value) is UInt and value > UINT_MAX):
            fail(self._source, token.start, "the number does not fit into 64 bits")
        return value

    def _arguments(self) -> tuple[Syntax, ...]:
        self._expect("(")
        arguments: list[Syntax] = []
        if not self._accept(")"):
            arguments.append(self.expression())
            while self._accept(","):
                arguments.append(self.expression())
            self._expect(")")
        return tuple(arguments)

    def _list(self) -> Syntax:
        at = self._advance().start
        items: list[Syntax] = []
        while not self._accept("]"):
            items.append(self.expression())
            if not self._accept(","):
                self._expect("]")
                break
        return ListDisplay(at, tuple(items))

    def _map(self) -> Syntax:
        at = self._advance().start
        entries: list[tuple[Syntax, Syntax]] = []
        while not self._accept("}"):
            key = self.expression()
            self._expect(":")
            entries.append((key, self.expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return MapDisplay(at, tuple(entries))
