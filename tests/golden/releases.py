"""Evidence that each release sealed, kept so that the newest one replays it.

    python -m tests.golden.releases

writes that of the version at hand: the demonstration's run, which hundreds of checks judged, without its keys. It is
written once, when a version is made, and never anew: a replay that differs is an engine that judges otherwise, which
raises :data:`engine.SEMANTICS`.
"""

from __future__ import annotations

import lzma
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

import engine

FOLDER: Final = Path(__file__).with_suffix("")
STORE: Final = "store"
TRUST: Final = f"{STORE}.keys/trust.json"


def kept(version: str) -> Path:
    """The file that holds what a version sealed."""
    return FOLDER / f"{version}.tar.xz"


def unpacked(path: Path, folder: Path) -> Path:
    """The store that a release sealed, in a folder, with its trust file beside it."""
    with tarfile.open(path, "r:xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / STORE


def main() -> None:
    """Seal the demonstration, and keep the store without what signs."""
    target = kept(engine.__version__)
    if target.exists():
        sys.exit(f"{target} is there; what a version sealed is never written anew")
    with tempfile.TemporaryDirectory() as made:
        store = Path(made, STORE)
        subprocess.run((sys.executable, "-m", "engine", "run", "--demo", "--store", store), check=False)
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path in (*sorted(path for path in store.rglob("*") if path.is_file()), Path(made, TRUST)):
                archive.add(path, path.relative_to(made).as_posix(), filter=_anonymous)
    target.write_bytes(lzma.compress(packed.getvalue(), preset=9))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without who made it and when."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
