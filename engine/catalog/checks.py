"""The reference of checks: a page a service, with what each check asks, its parameters and its permissions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Final

from engine.catalog.markdown import GENERATED, anchor, code, listed, table, text_of
from engine.catalog.resources import place
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.expressions.lexer import next_token
from engine.model import Check, Relation
from engine.report.records import encoded, plain
from engine.run.reads import plans

WIDTH: Final = 110
"""Characters in a line of an expression, as far as there is an operator to break it at."""


def pages(content: Content, compiled: Collection[CompiledCheck]) -> dict[str, str]:
    """The pages by their path below the reference of checks."""
    ordered = sorted(compiled, key=lambda check: check.check.id)
    groups = {page: list(rows) for page, rows in groupby(ordered, lambda check: _page(check.check))}
    return {"README.md": text_of(_index(groups))} | {
        page: text_of(_service(page, rows, content)) for page, rows in groups.items()
    }


def _page(check: Check) -> str:
    provider, service, _ = check.id.split(".")
    return f"{provider}/{service}.md"


def link(id_: str, base: str) -> str:
    """A link to a check from a page at whose side ``base`` leads to the reference of checks."""
    provider, service, _ = id_.split(".")
    return f"[{code(id_)}]({base}/{provider}/{service}.md#{anchor(id_)})"


def _index(groups: Mapping[str, list[CompiledCheck]]) -> Iterator[str]:
    yield "# Checks"
    yield ""
    yield GENERATED
    yield ""
    total = sum(map(len, groups.values()))
    yield f"{total} checks, a page a service. By criterion they are in [checks/README.md](../../../checks/README.md)."
    yield "On a terminal `auditreel check list` and `auditreel explain CHECK` tell the same, your own checks and"
    yield "parameters included."
    for provider, pages_ in groupby(groups, lambda page: page.partition("/")[0]):
        yield ""
        yield f"## {provider}"
        yield ""
        rows = ((f"[{_name(page)}]({page})", str(len(groups[page])), _severest(groups[page])) for page in pages_)
        yield from table(("Service", "Checks", "Of these critical or high"), rows)


def _name(page: str) -> str:
    return page.partition("/")[2].removesuffix(".md")


def _severest(checks: Iterable[CompiledCheck]) -> str:
    return str(sum(check.check.severity in ("critical", "high") for check in checks))


def _service(page: str, checks: list[CompiledCheck], content: Content) -> Iterator[str]:
    provider, _, service = page.removesuffix(".md").partition("/")
    yield f"# {provider} {service}"
    yield ""
    yield f"{GENERATED} [All checks](../README.md)"
    yield ""
    rows = ((f"[{code(row.check.id)}](#{anchor(row.check.id)})", row.check.severity, row.check.title) for row in checks)
    yield from table(("Check", "Severity", "What it says"), rows)
    for check in checks:
        yield from _check(check, content)


def _check(compiled: CompiledCheck, content: Content) -> Iterator[str]:
    check, criteria = compiled.check, content.policy.criteria
    yield ""
    yield f"## {check.id}"
    yield ""
    yield f"**{check.title}.** {' '.join(check.rationale.split())}"
    yield ""
    yield f"- Severity: {check.severity}; version {check.version}"
    yield f"- Judges: each {_type(check.resource_type, content)}"
    for relation in check.related.values():
        yield f"- With: `{relation.name}`, each {_type(relation.resource_type, content)} {_joined(relation)}"
    if check.product:
        yield f"- Asks for one product, {check.product}: it runs only where a control names it"
    yield f"- Criteria: {'; '.join(f'{id_} {criteria[id_].title}' for id_ in check.criteria)}"
    controls = [c.id for c in content.policy.controls if check.id in (*c.checks, *chain(*c.alternatives))]
    yield f"- Controls that come along: {', '.join(controls) or 'none names it'}"
    reads = [f"{listed(sorted(names))} of {type_}" for type_, names in sorted(compiled.reads.items()) if names]
    yield f"- Reads: {'; '.join(reads) or 'what every resource has without being read'}"
    permissions = sorted({name for made in plans([compiled]) for name in made.permissions})
    yield f"- Permissions: {listed(permissions) or 'none beyond those that tell which accounts there are'}"
    if check.when is not None:
        yield from _expression("Applies if", check.when)
    yield from _expression("Passes if", check.expression)
    if check.parameters:
        yield ""
        rows = (
            (code(row.name), code(row.type), code(encoded(plain(row.default))), row.description)
            for row in check.parameters.values()
        )
        yield from table(("Parameter", "Type", "Default", "What it is"), rows)


def _type(name: str, content: Content) -> str:
    page, heading = place(content.types[name])
    return f"[{name}](../../resources/{page}#{heading})"


def _joined(relation: Relation) -> str:
    equal = [f"whose `{theirs}` is the `{ours}`" for theirs, ours in relation.on.items() if theirs != "account"]
    where = " and ".join(equal) or "of the account"
    return f"{where}, in any account" if relation.across else where


def _expression(label: str, source: str) -> Iterator[str]:
    yield ""
    yield f"{label}:"
    yield ""
    yield "```cel"
    yield from _broken(source.strip())
    yield "```"


def _broken(source: str) -> Iterator[str]:
    """An expression in lines of a page's width, each begun by an operator; what has none to begin by stays long."""
    start, last, offset = 0, 0, 0
    while (token := next_token(source, offset)).kind != "end":
        offset = token.end
        if token.kind in ("&&", "||", "?", ":"):
            if token.start - start > WIDTH and last > start:
                yield source[start:last].rstrip()
                start = last
            last = token.start
    if len(source) - start > WIDTH and last > start:
        yield source[start:last].rstrip()
        start = last
    yield source[start:]
