"""How an issue is known again: the first line of its text, a comment of HTML that pages do not show.

Only the first line counts, which is never made of a name from outside. Who may write it can set our label, and so
belongs to the repository; what stands in it is a name and what was told, and decides no verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"<!-- auditreel failure=([0-9a-f]{64}) seal=([0-9]{1,15}) told=(stands|settled) reopened=(\d{4}-\d\d-\d\d|-) -->"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What an issue says of itself: the ``key`` of its failure, and the last seal that its text was made of.

    ``settled``: it was told that a run saw the failure end. ``reopened`` is the night of the run by which it was last
    opened again, None for never.
    """

    key: str
    seal: int
    settled: bool = False
    reopened: str | None = None

    def line(self) -> str:
        """The first line of the issue's text."""
        told = "settled" if self.settled else "stands"
        return f"<!-- auditreel failure={self.key} seal={self.seal} told={told} reopened={self.reopened or '-'} -->"


def parted(body: str) -> tuple[Marker | None, str]:
    """The marker of an issue's text, None where it has none, and the rest of the text."""
    first, _, rest = body.replace("\r\n", "\n").partition("\n")
    found = _LINE.fullmatch(first.strip())
    if found is None:
        return None, body
    key, seal, told, night = found.groups()
    return Marker(key, int(seal), told == "settled", None if night == "-" else night), rest


def commented(word: str) -> str:
    """The first line of a comment of ours, by which it is known again: ``word`` says what for."""
    return f"<!-- auditreel {word} -->"
