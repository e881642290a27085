"""How people's evidence stands, in words: the same in every report."""

from __future__ import annotations

from collections.abc import Sequence

from engine.programme.model import Occurrence, Standing

_ORDER = ("on_time", "late", "absent", "open")


def named(kind: str) -> str:
    """A kind of evidence as people write it: "access_review" is "access review"."""
    return kind.replace("_", " ").replace("/", " of ")


def recording(kind: str) -> str:
    """How evidence of a kind is recorded: the whole command, or where the report of one vendor is entered."""
    base, _, vendor = kind.partition("/")
    if vendor:
        return f"review the report of {vendor}, and set reviewed_on and reviewed_by under subservices"
    return f'auditreel evidence add FILE --kind {base} --title "..." --by NAME --effective DATE'


def stands(found: Standing) -> str:
    """How a kind of evidence stands, with its dates."""
    name = named(found.kind)
    source = f" ({found.source})" if found.source else ""
    match found.state:
        case "current":
            until = f", good until {found.until}" if found.until else ""
            return f"{name} of {found.since}{until}{source}"
        case "expired":
            return f"{name} expired after {found.until}{source}"
        case "not_yet":
            return f"{name} holds from {found.since}{source}"
        case "undated":
            return f"{name} says no date{source}"
        case "altered":
            return f"{name} has files that are missing or not as recorded{source}"
        case "template":
            return f"{name} is a template that nobody made the organisation's own{source}"
        case "unapproved":
            return f"{name} is not approved{source}"
        case "unreviewed":
            return f"{name} is not reviewed{source}"
        case "absent":
            return f"no evidence recorded: {name}{source}"


def occurred(rows: Sequence[Occurrence]) -> str:
    """Recurring evidence, counted: "expected 4: 2 on time, 1 late, 1 absent (2026-Q2)"."""
    parts = []
    for state in _ORDER:
        names = [row.name for row in rows if row.state == state]
        if names:
            shown = "" if state == "on_time" else f" ({', '.join(names)})"
            parts.append(f"{len(names)} {state.replace('_', ' ')}{shown}")
    return f"expected {len(rows)}: {', '.join(parts)}"
