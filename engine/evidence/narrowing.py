"""A bundle of some criteria: which records it carries, and why nothing can hide among those that it does not.

It carries the records of the checks that the criteria rest on, and every failure and everything unknown of the others.
Of the rest it holds the hashes, so that the root that was sealed comes out all the same; how many failures and unknown
verdicts a run has is sealed as well, so that no one of them can be among what was left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.evidence import canonical
from engine.evidence.leaves import Tally
from engine.evidence.runs import StoredRun
from engine.model import InForce

ALWAYS: Final = {"failed": "fail", "unknown": "unknown"}
"""Verdicts whose records are always carried, as seal and ledger call them."""


def checks_of(policy: InForce, criteria: Collection[str]) -> frozenset[str]:
    """The checks that are tagged with one of ``criteria`` (ids, as CC6.1), or used by a control of one."""
    tagged = {id_ for id_, check in policy.checks.items() if set(criteria).intersection(check.criteria)}
    used = (control for control in policy.controls if set(criteria).intersection(control.criteria))
    named = (
        id_ for control in used for id_ in (*control.checks, *(one for group in control.alternatives for one in group))
    )
    return frozenset(tagged.union(named))


def narrowed(run: StoredRun, bodies: Mapping[str, Any], checks: Collection[str] | None) -> StoredRun:
    """A run with the records of ``checks`` and those of :data:`ALWAYS`, and the resources that these are about.

    None: with the records that it has. Its ledger's rows are all there; what is narrowed is what is read from them.
    """
    documents = [(leaf, canonical.decode(leaf)) for leaf in run.leaves]
    kept = [
        (leaf, document)
        for leaf, document in documents
        if checks is None or document["check"]["id"] in checks or document["verdict"] in ALWAYS.values()
    ]
    tally = Tally()
    for _, document in kept:
        tally.add(document)
    listed = (bodies[digest] for digest in tally.relations if digest in bodies)
    needed = (tally.bodies.keys() | tally.relations.keys()).union(
        *(found for found in listed if isinstance(found, list))
    )
    resources = [row for row in run.ledger["resource"] if row["body"] in needed]
    return replace(run, leaves=[leaf for leaf, _ in kept], tally=tally, ledger={**run.ledger, "resource": resources})


def against_counts(run: StoredRun) -> Iterator[str]:
    """What the verdicts that were sealed say against the records that are there: failures and unknown must all be."""
    for name, verdict in ALWAYS.items():
        missing = getattr(run.seal.verdicts, name) - run.tally.count(verdict)
        if missing:
            yield f"of the records whose verdict is {verdict}, {missing} are not here"
    if len(run.ledger["waiver"]) != run.seal.verdicts.waived:
        yield "the waivers that were sealed are not those of the ledger"
    for row in run.ledger["population"]:
        if any(run.tally.verdicts[row["check"], verdict] != row[name] for name, verdict in ALWAYS.items()):
            yield f"the population of {row['check']} is not that of the records"
