"""What Microsoft's REST reference says of the types of Resource Manager (api_versions.json)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def versions() -> dict[str, Any]:
    """By type: its api-versions, oldest first, and which of them first had a property."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "api_versions.json").read_text())
    return found


@cache
def facts(type_: str) -> dict[str, Any] | None:
    """Those of a type, whose case does not matter; None for one that is not known."""
    return next((found for name, found in versions().items() if name.lower() == type_.lower()), None)
