"""Whether two names are one person's, so that nobody decides on their own access.

Names are compared as people and directories write them: "Ana Lopez" is ana.lopez, lopez_ana, alopez and
ana.lopez@example.com. What merely may be the same person is told apart from what is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

_WORD: Final = re.compile(r"[^\W\d_]+")
_SHORTEST: Final = 3
"""Letters of a word in common that tell anything: "de" and "jr" are of many names."""


def same(by: str, identity: str) -> Literal["yes", "maybe", "no"]:
    """Whether who decided (a name or an address) is the identity (a login, an address, an ARN)."""
    ours, theirs = _words(by), _words(identity)
    if not ours or not theirs:
        return "no"
    joined = "".join(theirs)
    if joined in _handles(ours) or sorted(ours) == sorted(theirs) or "".join(ours) in _handles(theirs):
        return "yes"
    common = {word for word in set(ours) & set(theirs) if len(word) >= _SHORTEST}
    return "maybe" if common else "no"


def _handles(words: list[str]) -> set[str]:
    """What logins make of a name."""
    first, last = words[0], words[-1]
    found = {"".join(words), "".join(reversed(words))}
    if len(words) > 1:
        found |= {first + last, last + first, first[0] + last, last + first[0], first + last[0]}
    return found


def _words(text: str) -> list[str]:
    """The words of a name, without accents: of an address what stands before the @, of an ARN its last part."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.strip()) if not unicodedata.combining(c))
    address = re.search(r"<([^<>]+)>", plain)
    plain = address[1] if address else plain
    return _WORD.findall(re.split(r"[/:]", plain.partition("@")[0].partition("+")[0])[-1].casefold())
