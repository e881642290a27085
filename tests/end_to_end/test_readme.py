"""The README says what is so: its first screen is the one that the command prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = "$ run-checks --demo --criterion security\n"


def test_the_first_screen_is_the_one_that_the_demonstration_prints(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    start = text.index(SHOWN) + len(SHOWN)
    command = [sys.executable, "-m", "engine", "run", "--demo", "--criterion", "security"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUDITREEL_")}
    environment = {**kept, "COLUMNS": "100", "NO_COLOR": "1", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    printed = [line.rstrip() for line in (result.stdout.rstrip() + "\n" + result.stderr.rstrip()).split("\n")]
    assert (result.returncode, printed) == (3, text[start : text.index("```", start)].rstrip("\n").split("\n"))


def test_every_limit_on_what_was_built_names_the_number_of_checks() -> None:
    count = sum(1 for _ in (ROOT / "checks").rglob("*.yaml"))
    assert f"and {count} checks so far" in (ROOT / "README.md").read_text()
