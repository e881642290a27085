"""What a fault may do to the verdicts of a scan, and what it never may: the same for every provider.

A verdict may become unknown, and no other. A subject may be gone only if its check says beside that, by an unknown in
the same account, that it did not see all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.model import Finding

Verdicts = Mapping[tuple[str, str, str], str]
"""By check, account and id of the subject."""


def told(findings: Iterable[Finding]) -> Verdicts:
    """The verdicts of a scan."""
    return {(row.check.id, row.scope.account, row.subject.id): row.verdict for row in findings}


def worse(sound: Verdicts, now: Verdicts) -> Iterator[str]:
    """What is told wrongly beside the ``sound`` verdicts, in words."""
    unsure = {(check, account) for (check, account, _), verdict in now.items() if verdict == "unknown"}
    for (check, account, subject), verdict in sound.items():
        found = now.get((check, account, subject))
        if found is None and (check, account) not in unsure:
            yield f"{check} of {subject} is gone, and nothing says so"
        elif found not in (None, verdict, "unknown"):
            yield f"{check} of {subject} is {found}, not {verdict}"
    for (check, account, subject), verdict in now.items():
        if verdict != "unknown" and (check, account, subject) not in sound:
            yield f"{check} of {subject} is {verdict}, and was not there"


def tried(cases: Iterable[Iterable[str]]) -> int:
    """Go through cases, each giving what was told wrongly; print that, and return the status to exit with."""
    count = wrong = 0
    for case in cases:
        count += 1
        for words in case:
            wrong += 1
            print(words, flush=True)
    print(f"{count:,} faults, {wrong:,} verdicts told wrongly")
    return 1 if wrong else 0
