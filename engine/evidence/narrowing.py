"""Which records a bundle of some criteria carries: those of every check that the criteria could rest on.

It is decided on the text of the data files that were sealed, so that anyone can decide it again without a reader of
YAML: a check belongs to a criterion where its file names the criterion, or where an item of a control file ("- id:")
names both. That errs on the side of carrying more; nothing that a criterion rests on can be left out by it.

Of the other records a bundle holds the hashes, so that the root that was sealed comes out all the same, and of each
check the counts of its population, which are sealed in the ledger: no failure can hide among what is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.evidence.catalogue import Catalogue
from engine.evidence.runs import StoredRun

_ITEM: Final = re.compile(rb"(?m)^( *)- id:")
_VERDICTS: Final = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}


def checks_of(content: Catalogue, criteria: Collection[str]) -> frozenset[str]:
    """The checks in ``content`` that could have to do with one of ``criteria`` (ids, as CC6.1)."""
    named = _named(criteria)
    checks, files = content.members.get("checks", {}), content.files
    found = {check for check, digest in checks.items() if digest in files and named.search(files[digest])}
    for digest in content.members.get("controls", {}).values():
        for item in _items(files.get(digest, b"")):
            if named.search(item):
                found |= {check for check in checks if _named([check]).search(item)}
    return frozenset(found)


def _named(names: Collection[str]) -> re.Pattern[bytes]:
    """Any of these names, where it is not a part of a longer one: CC6.1 is in CC6.1.access, and not in CC6.10."""
    words = b"|".join(re.escape(name.encode()) for name in sorted(names))
    return re.compile(rb"(?<![\w.])(?:" + words + rb")(?!\w)")


def _items(file: bytes) -> Iterator[bytes]:
    """A control file in its items; all of it where they are written otherwise."""
    starts = list(_ITEM.finditer(file))
    least = min((len(found[1]) for found in starts), default=0)
    places = [found.start() for found in starts if len(found[1]) == least]
    yield from (file[begin:end] for begin, end in zip([0, *places], [*places, len(file)], strict=True))


def narrowed(run: StoredRun, bodies: Mapping[str, Any], checks: Collection[str]) -> StoredRun:
    """A run of which only the records of ``checks`` are there, and of its resources only those that they are about.

    Rows are all there; what is narrowed is what is read from them.
    """
    kept = [leaf for leaf, check in zip(run.leaves, run.checks(), strict=True) if check in checks]
    made = replace(run, leaves=kept, tally=type(run.tally).of(kept))
    needed = made.tally.bodies | made.tally.relations
    needed |= {inner for digest in made.tally.relations for inner in _listed(bodies.get(digest))}
    resources = [row for row in run.ledger["resource"] if row["body"] in needed]
    return replace(made, ledger={**run.ledger, "resource": resources})


def _listed(body: Any) -> list[str]:
    return body if isinstance(body, list) else []


def against_populations(run: StoredRun, checks: Collection[str]) -> Iterator[str]:
    """What the sealed counts say against the records of ``checks`` that are there, and against themselves."""
    rows = {row["check"]: row for row in run.ledger["population"]}
    for check in sorted(checks):
        judged = {name: run.tally.verdicts[check, verdict] for name, verdict in _VERDICTS.items()}
        row = rows.get(check)
        if row is None and any(judged.values()):
            yield f"records of {check} have no population that was sealed"
        elif row is None:
            yield f"{check} has no population that was sealed: whether records of it were left out cannot be told"
        elif {name: row[name] for name in _VERDICTS} != judged:
            yield f"the population of {check} is not that of the records"
    for check in sorted({check for check, _ in run.tally.verdicts} - set(checks)):
        yield f"records of {check} are there, which belongs to none of the criteria"
    counted = Counter({name: sum(row[name] for row in rows.values()) for name in _VERDICTS})
    sealed = {name: getattr(run.seal.verdicts, name) for name in _VERDICTS}
    if {name: counted[name] for name in _VERDICTS} != sealed:
        yield "the populations of the ledger do not add up to the verdicts that were sealed"
