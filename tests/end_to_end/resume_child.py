"""A process that scans and records, for a test that kills it: what to do stands on its standard input, as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from engine.model import Clock
from engine.run.pipeline import run
from engine.run.request import RunRequest

START = "2026-11-25T02:00:00Z"

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    request = RunRequest(
        config=Path(asked["config"]), store=asked["store"], checks=tuple(asked["checks"]), timeout=60.0
    )
    run(request, Clock(lambda: START, time.monotonic, time.sleep))
