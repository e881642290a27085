"""What customers may know of an organisation's programme."""

from __future__ import annotations

from pathlib import Path

from engine.content.load import load
from engine.content.root import find
from engine.model import Organization


def status(policy: Path | None) -> Organization:
    """What the policy folder says of the scope and the plan. Raises ContentError where it contradicts itself."""
    return load(find(policy)).policy.organization
