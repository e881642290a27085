"""Times before now, so that what is good today does not grow old with the company's data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import yaml


def epoch(days: float) -> int:
    """The Unix time so many days ago."""
    return int(time.time() - days * 86400)


def ago(days: float) -> str:
    """The time so many days ago (RFC 3339, UTC)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch(days)))


class _Loader(yaml.SafeLoader):
    """Reads ``!ago 3`` as the time three days ago."""


_Loader.add_constructor("!ago", lambda loader, node: ago(float(loader.construct_scalar(node))))  # type: ignore[arg-type]


def read(path: Path) -> Any:
    """A data file, in which ``!ago 3`` is the time three days ago."""
    return yaml.load(path.read_text(), _Loader)
