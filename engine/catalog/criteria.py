"""The catalogue of checks by criterion, ``checks/README.md``: what it lists, and the gaps that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.content.load import Content
from engine.model import Check, Criterion


def catalogue(content: Content) -> str:
    """The catalogue as Markdown: every criterion with its checks, then what has none, then what no control uses."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Content) -> Iterator[str]:
    checks = sorted(content.checks.values(), key=lambda check: check.id)
    criteria = content.policy.criteria
    served = {id_ for check in checks for id_ in check.criteria}
    yield "# Checks"
    yield ""
    yield "Generated from the check files by `python -m engine.catalog`; a test holds it to them. Criteria are named in"
    yield "our own words. A check stands under the criterion that it serves first; what each asks is in"
    yield "[the reference](../docs/reference/README.md)."
    yield ""
    yield f"{len(checks)} checks serve {len(served)} of {len(criteria)} criteria."
    series = ""
    for criterion in criteria.values():
        if criterion.id not in served:
            continue
        if criterion.series != series:
            series = criterion.series
            yield ""
            yield f"## {series} {criterion.series_title}"
        yield from _criterion(criterion, checks)
    yield from _unserved(criterion for criterion in criteria.values() if criterion.id not in served)
    yield from _unused(content, checks)


def _criterion(criterion: Criterion, checks: Iterable[Check]) -> Iterator[str]:
    mine = [check for check in checks if criterion.id in check.criteria]
    primary = [check for check in mine if check.criteria[0] == criterion.id]
    others = [check.id for check in mine if check.criteria[0] != criterion.id]
    yield ""
    yield f"### {criterion.id} {criterion.title}"
    yield ""
    if primary:
        yield "| Check | Severity | Resource type | What it says |"
        yield "|---|---|---|---|"
        for check in primary:
            yield f"| `{check.id}` | {check.severity} | {check.resource_type} | {_cell(check)} |"
    if primary and others:
        yield ""
    if others:
        yield f"Also: {', '.join(f'`{id_}`' for id_ in others)}"


def _cell(check: Check) -> str:
    product = f" (asks for {check.product})" if check.product else ""
    return f"{check.title}{product}".replace("|", "\\|")


def _unserved(criteria: Iterable[Criterion]) -> Iterator[str]:
    yield ""
    yield "## Criteria that no check serves"
    yield ""
    yield "Documents and people give the evidence for these."
    yield ""
    for criterion in criteria:
        yield f"- {criterion.id} {criterion.title}"


def _unused(content: Content, checks: Iterable[Check]) -> Iterator[str]:
    named = {id_ for control in content.policy.controls for id_ in control.checks}
    named |= {id_ for control in content.policy.controls for group in control.alternatives for id_ in group}
    unused = [check.id for check in checks if check.id not in named]
    yield ""
    yield "## Checks that no control uses"
    yield ""
    if unused:
        yield from (f"- `{id_}`" for id_ in unused)
    else:
        yield "None: every check is named by a control in `policies/controls`."
