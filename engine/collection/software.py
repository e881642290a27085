"""What software reads: two machines whose software differs could read two things in one account.

All that takes part in reading is compared. What a machine has beside it (report formats, tests) may differ.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import engine
import providers

DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "boto3": "boto3",
    "botocore": "botocore",
    "distributed": "distributed",
    "jmespath": "jmespath",
    "msgspec": "msgspec",
    "python-dateutil": "dateutil",
    "urllib3": "urllib3",
}
"""The packages that make requests and answers into resources, and that carry these between machines; their modules."""
NONE: Final = "none"


def installed() -> dict[str, str]:
    """The versions of Python, of auditreel and of these packages, and the digest of auditreel's own code."""
    versions = {name: _version(name) for name in DISTRIBUTIONS}
    return {
        "Python": platform.python_version(),
        "auditreel": engine.__version__,
        **versions,
        "auditreel's code": _code(),
    }


def differences(expected: Mapping[str, str]) -> tuple[str, ...]:
    """How this machine's software differs from what another one has ("auditreel 0.0.9 instead of 0.1.0")."""
    mine = installed()
    names = sorted({*mine, *expected}, key=lambda name: (name.islower() is False, name))
    return tuple(
        f"{name} {mine.get(name, NONE)} instead of {expected.get(name, NONE)}"
        for name in names
        if mine.get(name, NONE) != expected.get(name, NONE)
    )


def _version(distribution: str) -> str:
    """What a process has loaded goes on reading, whatever was installed since: a worker may live for months."""
    loaded = getattr(sys.modules.get(DISTRIBUTIONS[distribution]), "__version__", None)
    if loaded is not None:
        return str(loaded)
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return NONE


@cache
def _code() -> str:
    """The beginning of SHA-256 over the files of both packages: two checkouts can bear one version."""
    digest = hashlib.sha256()
    for package in (engine, providers):
        folder = Path(package.__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder.parent).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
