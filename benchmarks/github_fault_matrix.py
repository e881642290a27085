"""Each call of a scan of GitHub goes wrong in each way.

python -m benchmarks.github_fault_matrix
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.content.checks import load_checks
from engine.content.root import find
from tests.emulators.github.fault_matrix import FAULTS, calls, worse
from tests.emulators.github.routes import routes
from tests.emulators.github.wire import TOKEN, GitHub
from tests.emulators.github.world import world


def main() -> int:
    """Run the matrix, and print what was told wrongly."""
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("github."))
    wrong, tried = [], 0
    with TemporaryDirectory() as folder, GitHub(routes, Path(folder) / "ca.pem", world()) as github:
        os.environ |= {
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": TOKEN,
            "REQUESTS_CA_BUNDLE": str(github.bundle),
        }
        names, sound = calls(github, checks)
        for call in names:
            for fault in FAULTS:
                tried += 1
                wrong += worse(github, checks, call, fault, sound)
    print(*wrong, f"{tried:,} faults, {len(wrong):,} verdicts told wrongly", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
