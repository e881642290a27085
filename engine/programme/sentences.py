"""How people's evidence stands, in words: the same in every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.programme.model import Occurrence, Standing
from engine.programme.standing import DOCUMENTS

_ORDER = ("on_time", "late", "absent", "open")


def named(kind: str) -> str:
    """A kind of evidence as people write it: "access_review" is "access review"."""
    return kind.replace("_", " ").replace("/", " of ")


def recording(kind: str) -> str:
    """How evidence of a kind is recorded: the whole command, or where the report of one vendor is entered."""
    base, _, vendor = kind.partition("/")
    if base in DOCUMENTS:
        return f"write policies/documents/NAME.md of kind {base} and have it approved; auditreel init writes templates"
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
            word = f", on the word of {found.on_word_of}, no file" if found.on_word_of else ""
            return f"{name} of {found.since}{until}{source}{word}"
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


def passed_over(found: Standing) -> str:
    """Evidence that is current and stands in the place of no check, since no file shows it."""
    return f"{stands(found)}: it stands in the place of no check"


def still_failing(failed: Mapping[str, int]) -> str:
    """What checks found that are not used, by id: an alternative is in use, and they fail all the same."""
    told = ", ".join(f"{id_} on {count:,}" for id_, count in sorted(failed.items()))
    return f"failing beside it, and counted for no control: {told}"


def occurred(rows: Sequence[Occurrence]) -> str:
    """Recurring evidence, counted: "expected 4: 2 on time, 1 late, 1 absent (2026-Q2)", and what no file shows."""
    parts = []
    for state in _ORDER:
        names = [row.name for row in rows if row.state == state]
        if names:
            shown = "" if state == "on_time" else f" ({', '.join(names)})"
            parts.append(f"{len(names)} {state.replace('_', ' ')}{shown}")
    told = f"expected {len(rows)}: {', '.join(parts)}"
    words = [row for row in rows if row.on_word_of]
    if words:
        who = ", ".join(dict.fromkeys(name for row in words for name in row.on_word_of))
        told += f"; {', '.join(row.name for row in words)} on the word of {who}, no file"
    # What is dated back and handed in afterwards counts, and an auditor asks about it.
    told += "".join(f"; {row.name} handed in on {row.handed_in_on} only" for row in rows if row.handed_in_on)
    return told
