"""The hooks for pre-commit, ours and those that others take from here: the tool accepts them, and they work."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
OFFERED: Final[list[dict[str, Any]]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
HOOKS: Final = [hook for repository in OURS["repos"] for hook in repository["hooks"]]
CHECK: Final = Path("checks", "aws", "s3", "bucket_versioning.yaml")

# pre-commit's own documentation, "Creating new hooks".
REQUIRED: Final = {"id", "name", "entry", "language"}
KNOWN: Final = REQUIRED | {"description", "files", "exclude", "types", "types_or", "args", "pass_filenames", "stages"}


@pytest.mark.parametrize("hook", [*HOOKS, *OFFERED], ids=lambda hook: hook["id"])
def test_a_hook_has_what_it_must_and_nothing_unknown(hook: dict[str, Any]) -> None:
    assert hook.keys() >= REQUIRED
    assert hook.keys() <= KNOWN
    assert hook["language"] in ("system", "python")
    # Without either it would see every file, and an empty pattern sees every file too.
    assert hook.get("files") or hook.get("types_or")


def test_ours_name_no_repository_of_anybody_else() -> None:
    assert OURS.keys() == {"repos"}
    assert [repository["repo"] for repository in OURS["repos"]] == ["local"]
    assert len({hook["id"] for hook in HOOKS}) == len(HOOKS)
    assert {hook["language"] for hook in HOOKS} == {"system"}


def test_what_others_take_is_installed_with_the_package() -> None:
    commands = {shlex.split(hook["entry"])[0] for hook in OFFERED}
    scripts = re.search(r"\[project\.scripts\]\n((?:.+\n)+)", (ROOT / "pyproject.toml").read_text("utf-8"))

    assert scripts is not None
    assert commands <= {line.split(" = ")[0] for line in scripts[1].splitlines()}
    assert {hook["language"] for hook in OFFERED} == {"python"}


@pytest.mark.parametrize(
    ("hook", "path", "seen"),
    [
        ("auditreel-check-test", str(CHECK), True),
        ("auditreel-check-test", f"compliance/{CHECK}", True),
        ("auditreel-check-test", "checks/README.md", False),
        ("auditreel-check-test", "checks/extra.yaml", False),
        ("auditreel-policy", "policies/organization.yaml", True),
        ("auditreel-policy", "policies/waivers/one.yaml", True),
        ("auditreel-policy", "policies/README.md", False),
        ("auditreel-gate", "infra/main.tf", True),
        ("auditreel-gate", "infra/live.tfvars", True),
        ("auditreel-gate", "infra/README.md", False),
        ("check-test", str(CHECK), True),
        ("check-test", "tests/checks/aws/s3/x.yaml", False),
        ("data-files", "schemas/check.schema.json", True),
        ("mypy", "engine/run/pipeline.py", True),
        ("mypy", "tests/conftest.py", False),
    ],
)
def test_a_hook_sees_the_files_that_it_is_about(hook: str, path: str, seen: bool) -> None:
    (pattern,) = [row["files"] for row in (*HOOKS, *OFFERED) if row["id"] == hook]

    assert (re.search(pattern, path) is not None) is seen


def run(hook: dict[str, Any], folder: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Runs a hook as pre-commit does: its entry, its arguments, and the changed files unless it wants none."""
    first, *rest = [*shlex.split(hook["entry"]), *hook.get("args", ())]
    if hook.get("pass_filenames", True):
        rest += map(str, files)
    programs = {"auditreel": [sys.executable, "-m", "engine"], "python": [sys.executable]}
    return subprocess.run(
        [*programs.get(first, [str(Path(sys.executable).with_name(first))]), *rest],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def offered(id_: str) -> dict[str, Any]:
    (hook,) = [hook for hook in OFFERED if hook["id"] == id_]
    return hook


def repository(folder: Path, change: tuple[str, str] = ("", "")) -> Path:
    """Somebody's repository with a check of their own, changed in one place."""
    own = CHECK.with_name("bucket_our_rule.yaml")
    text = (ROOT / CHECK).read_text("utf-8")
    (folder / own).parent.mkdir(parents=True)
    (folder / own).write_text(text.replace(*change, 1) if change[0] else text, encoding="utf-8")
    return own


def test_a_good_check_passes_wherever_it_lies(tmp_path: Path) -> None:
    done = run(offered("auditreel-check-test"), tmp_path, repository(tmp_path))

    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "1 check: every example gives its verdict" in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("suspended, verdict: fail", "suspended, verdict: pass"),
            r":\d+:\d+: examples\[1\]\.verdict: .* is fail, not pass",
        ),
        (
            ("resource.versioning_status", "resource.versioning_statsu"),
            r":\d+:\d+: expression: .*'versioning_status'\?",
        ),
        (("severity: ", "severity: very"), r":\d+:\d+: severity: must be one of"),
        (("[A1.2", "[CC9.9"), r":\d+:\d+: criteria\[0\]: there is no criterion CC9\.9"),
    ],
)
def test_a_check_that_is_wrong_is_stopped_and_located(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    own = repository(tmp_path, change)
    done = run(offered("auditreel-check-test"), tmp_path, own)

    assert done.returncode == 2
    assert re.search(re.escape(str(own)) + said, done.stdout + done.stderr), done.stdout + done.stderr


@pytest.mark.parametrize("name", ["missing/aws/s3/rule.yaml", "README/rule.yml"])
def test_a_file_that_is_not_there_is_no_success(tmp_path: Path, name: str) -> None:
    done = run(offered("auditreel-check-test"), tmp_path, Path(name))

    assert done.returncode == 2
    assert f"there is no file {name}" in done.stderr


def test_a_policy_passes_and_a_broken_one_does_not(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    hook = offered("auditreel-policy")
    assert run(hook, tmp_path).returncode == 0

    setting = tmp_path / "policies" / "organization.yaml"
    setting.write_text(setting.read_text("utf-8") + "\nownr: nobody\n", encoding="utf-8")
    done = run(hook, tmp_path)
    assert done.returncode == 2
    assert re.search(r"policies/organization\.yaml:\d+:\d+: ownr: ", done.stderr)


def test_a_waiver_without_an_end_is_stopped_and_located(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    waiver = tmp_path / "policies" / "waivers" / "endless.yaml"
    waiver.parent.mkdir(exist_ok=True)
    waiver.write_text("kind: risk_accepted\ncheck: aws.s3.bucket_tls_only\n", encoding="utf-8")

    done = run(offered("auditreel-policy"), tmp_path)
    assert done.returncode == 2
    assert re.search(r"policies/waivers/endless\.yaml:\d+:\d+: .*expires", done.stderr)


def test_a_plan_that_is_not_there_stops_a_push(tmp_path: Path) -> None:
    done = run(offered("auditreel-gate"), tmp_path)
    assert done.returncode == 2
    assert "plan.json" in done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_ours_pass_on_the_checkout(hook: dict[str, Any]) -> None:
    if hook["id"] == "mypy":
        pytest.skip("it is run by .ci/run, and takes a minute")
    files = {"check-test": [CHECK], "data-files": []}.get(hook["id"], [Path("engine/run/pipeline.py")])

    done = run(hook, ROOT, *files)
    assert done.returncode == 0, done.stdout + done.stderr
