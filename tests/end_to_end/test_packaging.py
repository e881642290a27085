"""The wheel, the sdist and the checkout each find their data folders, and the demonstration runs from each."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIND = "from engine.content.root import find; r = find(); print(r.checks, r.policies, r.schemas)"
DEMO = """
import sys
from engine.cli import run_checks
sys.argv = ["run-checks", "--demo", "--format", "json"]
run_checks()
"""


def python(code: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run code with only ``path`` and the installed dependencies to import from, in an empty home."""
    environment = {"PYTHONPATH": str(path), "HOME": str(cwd), "PATH": "/usr/bin:/bin"}
    # -P: nothing of the working directory; the editable checkout is kept out by the path's order.
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The distributions, unpacked: kind -> folder that holds the packages."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    folders = {}
    for archive in out.iterdir():
        kind = "wheel" if archive.suffix == ".whl" else "sdist"
        folder = out / kind
        if kind == "wheel":
            zipfile.ZipFile(archive).extractall(folder)
        else:
            with tarfile.open(archive) as files:
                files.extractall(folder, filter="data")
            (folder,) = folder.iterdir()
        folders[kind] = folder
    return folders


@pytest.mark.parametrize("kind", ["wheel", "sdist", "checkout"])
def test_each_distribution_finds_its_data(kind: str, built: dict[str, Path], tmp_path: Path) -> None:
    folder = built.get(kind, ROOT)
    base = folder / "engine" / "_data" if kind == "wheel" else folder
    result = python(FIND, folder, tmp_path)
    assert (result.stdout.split(), result.stderr) == ([str(base / n) for n in ("checks", "policies", "schemas")], "")


@pytest.mark.parametrize("kind", ["wheel", "sdist", "checkout"])
def test_the_demonstration_runs_from_each_distribution_alike(kind: str, built: dict[str, Path], tmp_path: Path) -> None:
    results = [python(DEMO, folder, tmp_path) for folder in (built.get(kind, ROOT), ROOT)]
    assert [result.returncode for result in results] == [3, 3]
    assert json.loads(results[0].stdout) == json.loads(results[1].stdout)


def test_the_wheel_holds_every_data_file_and_no_test(built: dict[str, Path]) -> None:
    wheel = built["wheel"]
    shipped = {
        path.relative_to(wheel / "engine/_data") for path in (wheel / "engine/_data").rglob("*") if path.is_file()
    }
    tracked = subprocess.run(
        ["git", "ls-files", "checks", "policies", "schemas"], cwd=ROOT, capture_output=True, text=True
    )
    assert {Path(line) for line in tracked.stdout.splitlines()} - shipped == set()
    assert {path.name for path in wheel.iterdir() if path.is_dir()} == {
        "engine",
        "providers",
        next(path.name for path in wheel.glob("*.dist-info")),
    }
    assert (wheel / "providers/_demo/snapshot.json").is_file()
