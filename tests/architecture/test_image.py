"""The container image, as far as its Dockerfile says: linted, without root, of what the wheel is made of."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.schedules import USER

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_linter_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("needs hadolint")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_built_in_stages_and_runs_as_nobody_in_particular() -> None:
    build, run = re.split(r"^FROM \$\{BASE\}(?: AS build)?$", TEXT, flags=re.MULTILINE)[1:]
    assert re.findall(r"^USER (\S+)$", run, re.MULTILINE) == [f"{USER}:{USER}"]
    assert "COPY --from=build" in run
    assert "pip" not in run.replace("python:", "")
    assert "USER" not in build


def test_it_holds_what_the_wheel_is_made_of_and_nothing_else() -> None:
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE) for word in line.split()[:-1]]
    allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(copied) == sorted(allowed)
    assert {*wheel["packages"], *wheel["force-include"]} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)


def test_every_build_argument_that_is_named_is_an_extra() -> None:
    named = set(re.findall(r"EXTRAS=(\w+)", TEXT)) | {"aws", "azure", "gcp", "github"}
    assert named | {"notify"} <= set(PROJECT["project"]["optional-dependencies"])
