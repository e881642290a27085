"""The command line as a process of its own, on a folder with a store and its configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def auditreel(folder: Path, *arguments: str, variables: Sequence[str] = ()) -> subprocess.CompletedProcess[bytes]:
    """``auditreel`` with these arguments on ``folder/store``, by the keys of ``folder/config``, in ``folder``.

    Of the environment it sees ``PATH``, and ``variables``.
    """
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments, "--store", str(folder / "store")],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "AUDITREEL_CONFIG": str(folder / "config"),
            "COLUMNS": "100",
            **{name: os.environ[name] for name in variables},
        },
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
