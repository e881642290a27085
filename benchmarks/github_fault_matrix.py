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
from tests.emulators.fault_matrix import tried
from tests.emulators.github.fault_matrix import FAULTS, calls, worse
from tests.emulators.github.routes import routes
from tests.emulators.github.wire import TOKEN, GitHub
from tests.emulators.github.world import world


def main() -> int:
    """Run the matrix, and print what was told wrongly."""
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("github."))
    with TemporaryDirectory() as folder, GitHub(routes, Path(folder) / "ca.pem", world()) as github:
        os.environ |= {
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": TOKEN,
            "REQUESTS_CA_BUNDLE": str(github.bundle),
        }
        names, sound = calls(github, checks)
        return tried(worse(github, checks, call, fault, sound) for call in names for fault in FAULTS)


if __name__ == "__main__":
    sys.exit(main())
