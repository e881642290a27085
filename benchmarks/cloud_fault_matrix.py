"""Each call of a scan of Azure, Google Cloud or GitHub goes wrong in each way. AWS has ``benchmarks.fault_matrix``.

python -m benchmarks.cloud_fault_matrix azure|gcp|github [--only TEXT]

Google Cloud is scanned with Cloud Asset Inventory and without it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from engine.content.checks import load_checks
from engine.content.root import find
from tests.emulators.azure.fault_matrix import AzureMatrix
from tests.emulators.azure.wire import AzureWire
from tests.emulators.fault_matrix import Matrix, tried
from tests.emulators.gcp import world as gcp
from tests.emulators.gcp.credentials import service_account
from tests.emulators.gcp.fault_matrix import INVENTORY, GoogleMatrix
from tests.emulators.gcp.services import apis
from tests.emulators.gcp.wire import Google
from tests.emulators.github import world as github
from tests.emulators.github.fault_matrix import GitHubMatrix
from tests.emulators.github.routes import routes
from tests.emulators.github.wire import GitHub


def main() -> int:
    """Run the matrix of a cloud, and print what was told wrongly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cloud", choices=sorted(CLOUDS))
    parser.add_argument("--only", default="", help='cases whose "CALL, KIND" holds this')
    asked = parser.parse_args()
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith(f"{asked.cloud}."))
    with TemporaryDirectory() as folder, CLOUDS[asked.cloud](Path(folder)) as matrices:
        status = tried(case for matrix in matrices for case in matrix.cases(checks, asked.only))
        print(f"{time.process_time():.0f} CPU s of both sides")
        return status


@contextmanager
def _azure(folder: Path) -> Iterator[list[Matrix]]:
    with AzureWire(folder / "ca.pem") as azure:
        os.environ |= {**azure.environment, "HOME": str(folder)}
        yield [AzureMatrix(azure)]


@contextmanager
def _google(folder: Path) -> Iterator[list[Matrix]]:
    with Google(apis, folder / "ca.pem", gcp.world()) as google:
        os.environ |= {**google.environment, "GOOGLE_APPLICATION_CREDENTIALS": str(service_account(folder))}
        yield [GoogleMatrix(google), GoogleMatrix(google, frozenset({INVENTORY}))]


@contextmanager
def _github(folder: Path) -> Iterator[list[Matrix]]:
    with GitHub(routes, folder / "ca.pem", github.world()) as server:
        os.environ |= server.environment
        yield [GitHubMatrix(server)]


CLOUDS: Final[dict[str, Callable[[Path], AbstractContextManager[list[Matrix]]]]] = {
    "azure": _azure,
    "gcp": _google,
    "github": _github,
}


if __name__ == "__main__":
    sys.exit(main())
