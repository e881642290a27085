"""Error codes that mean two things, told apart by AWS's own words. Needs no SDK, as declarations do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OFF: Final[Mapping[str, str]] = {
    "AccessDeniedException": "Macie is not enabled",
    "InvalidAccessException": "is not subscribed to AWS Security Hub",
}
"""Codes that some services use for "not in use here" and for a denial alike, and the words by which these differ.

No denial by IAM holds such words: what it quotes of the caller (ARNs, actions) has no spaces.
"""


def off_code(code: str) -> str:
    """The code of a failure by which a service says that it is not in use: AWS's own, with the words of :data:`OFF`."""
    return f"{code}: {OFF[code]}"
