"""The GitHub action: pinned, with no expression in a script, and its scripts do what its steps say."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "action.yml").read_text("utf-8")
ACTION: Final[dict[str, Any]] = yaml.safe_load(TEXT)
STEPS: Final[list[dict[str, Any]]] = ACTION["runs"]["steps"]
DOCS: Final = (ROOT / "docs" / "gate.md").read_text("utf-8")


def script(name: str) -> str:
    (step,) = (step for step in STEPS if step.get("name") == name)
    text: str = step["run"]
    return text


@pytest.mark.parametrize("text", [TEXT, DOCS], ids=["action.yml", "docs/gate.md"])
def test_actions_of_others_are_pinned_by_commit_with_the_version_beside_it(text: str) -> None:
    used = re.findall(r"uses: (\S+)@(\S+)(.*)", text)
    others = [row for row in used if not row[0].startswith("OWNER/")]
    assert others
    assert [row for row in others if not re.fullmatch(r"[0-9a-f]{40}", row[1]) or not re.match(r" # v\d", row[2])] == []


def test_no_script_holds_an_expression() -> None:
    assert [step["name"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_no_secret_is_asked_for() -> None:
    assert "secrets." not in TEXT
    assert "pull_request_target" not in TEXT
    assert [name for name, row in ACTION["inputs"].items() if row.get("required")] == ["plan"]


def test_the_action_is_not_left_out_of_what_is_published() -> None:
    assert "/action.yml" in (ROOT / "pyproject.toml").read_text("utf-8")


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A step's script, as the runner starts it: bash -e."""
    known = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(folder), "HOME": str(folder),
             "GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}  # fmt: skip
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", text],
        cwd=folder, env={**known, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def judged(folder: Path, stub: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    program(folder, "auditreel/bin/auditreel", stub)
    given = {"PLAN": "plan.json", "SOURCE": ".", "ARGUMENTS": "", "POLICY_REF": "base", **environment}
    done = run(script("Judge the plan"), folder, **given)
    told = (folder / "outputs").read_text() if (folder / "outputs").exists() else ""
    return done, dict(line.split("=", 1) for line in told.splitlines())


WRITES: Final = """
printf '%s\\n' "$@" > arguments
for argument in "$@"; do
  case $argument in *.summary.md|*.comment.md|*.sarif|*.xml) echo "report" > "$argument";; esac
done
"""


@pytest.mark.parametrize("code", [0, 2, 3, 4, 5])
def test_the_verdict_is_kept_until_everything_is_shown_and_then_stops(tmp_path: Path, code: int) -> None:
    done, outputs = judged(tmp_path, f"{WRITES}\nexit {code}")

    assert done.returncode == 0, done.stderr
    assert outputs["exit-code"] == str(code)
    assert (tmp_path / "summary").read_text() == "report\n"
    assert run(script("Stop, or let pass"), tmp_path, CODE=outputs["exit-code"]).returncode == code


def test_where_there_is_no_plan_the_summary_says_so_and_nothing_passes(tmp_path: Path) -> None:
    done, outputs = judged(tmp_path, "exit 2")

    assert done.returncode == 0
    assert (tmp_path / "summary").read_text() == (
        "## auditreel could not judge this change (exit 2): see the log of this step.\n"
    )
    assert run(script("Stop, or let pass"), tmp_path, CODE=outputs["exit-code"]).returncode == 2


def test_without_a_verdict_nothing_passes(tmp_path: Path) -> None:
    assert run(script("Stop, or let pass"), tmp_path, CODE="").returncode == 1
    (last,) = (step for step in STEPS if step.get("name") == "Stop, or let pass")
    assert last is STEPS[-1]
    assert last["if"] == "${{ always() }}"


def test_arguments_are_words_and_nothing_in_them_is_run(tmp_path: Path) -> None:
    (tmp_path / "a.tf").touch()
    judged(tmp_path, f"{WRITES}\nexit 0", ARGUMENTS="--check aws.* $(touch owned) `touch owned`\n--strict *.tf")

    given = (tmp_path / "arguments").read_text().splitlines()
    assert given[-8:] == ["--check", "aws.*", "$(touch", "owned)", "`touch", "owned`", "--strict", "*.tf"]
    assert not (tmp_path / "owned").exists()


MAIN: Final = {"DEFAULT_BRANCH": "main", "SHA": "head", "EVENT": "push", "REF": "refs/heads/main"}


@pytest.mark.parametrize(
    ("event", "reference"),
    [
        ({"AUDITREEL_BASE_COMMIT": "base", "EVENT": "pull_request", "REF": "refs/pull/7/merge"}, "base"),
        ({"AUDITREEL_BASE_COMMIT": "base", "EVENT": "merge_group", "REF": "refs/heads/gh-readonly-queue/x"}, "base"),
        ({"BEFORE": "earlier"}, "earlier"),
        # The push before it on one's own branch may have brought the waiver.
        ({"BEFORE": "earlier", "REF": "refs/heads/mine"}, "origin/main"),
        ({"BEFORE": "0" * 40, "REF": "refs/tags/main"}, "origin/main"),
        ({"EVENT": "workflow_dispatch"}, "head"),
        ({"EVENT": "workflow_dispatch", "REF": "refs/heads/mine"}, "origin/main"),
        ({"EVENT": "schedule", "DEFAULT_BRANCH": ""}, "head"),
        ({"EVENT": "repository_dispatch", "DEFAULT_BRANCH": ""}, ""),
        ({"POLICY_REF": "release", "BEFORE": "earlier"}, "release"),
    ],
)
def test_what_judges_was_there_before_the_change(tmp_path: Path, event: dict[str, str], reference: str) -> None:
    known = {"POLICY_REF": "", "AUDITREEL_BASE_COMMIT": "", "BEFORE": "", **MAIN}
    judged(tmp_path, f"{WRITES}\nexit 0", **{**known, **event})
    given = (tmp_path / "arguments").read_text().split("\n")
    assert given[given.index("--policy-ref") + 1] == reference


GH: Final = """
if [ "$1 $2" = "api --paginate" ]; then [ -n "${FOUND-}" ] && echo "$FOUND"; exit 0; fi
echo "$@" >> requests
[ -z "${REFUSED-}" ]
"""
COMMENT: Final = {"REPOSITORY": "o/r", "NUMBER": "7", "FORK": "false", "GH_TOKEN": "x"}


def commented(folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    program(folder, "bin/gh", GH)
    (folder / "gate.comment.md").write_text("<!-- auditreel:gate:root -->\n## auditreel stops this change\n")
    done = run(script("Keep the comment up to date"), folder, **{**COMMENT, "REPORTS": str(folder), **environment})
    sent = folder / "requests"
    return done, sent.read_text().splitlines() if sent.exists() else []


def test_a_comment_is_written_once_and_then_over(tmp_path: Path) -> None:
    body = f"-F body=@{tmp_path}/gate.comment.md"
    assert commented(tmp_path)[1] == [f"api --silent --method POST repos/o/r/issues/7/comments {body}"]
    assert commented(tmp_path, FOUND="99\n100")[1][1:] == [
        f"api --silent --method PATCH repos/o/r/issues/comments/99 {body}"
    ]


def test_a_fork_gets_no_comment_and_is_told_where_the_verdict_is(tmp_path: Path) -> None:
    done, requests = commented(tmp_path, FORK="true")
    assert (done.returncode, requests) == (0, [])
    assert "The summary and the annotations say the same." in done.stdout


def test_a_comment_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    done, _ = commented(tmp_path, REFUSED="1")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning title=auditreel::The comment could not be written")


def test_comments_that_cannot_be_listed_stop_nothing(tmp_path: Path) -> None:
    program(tmp_path, "bin/gh", 'echo "$@" >> requests; exit 1')
    (tmp_path / "gate.comment.md").write_text("<!-- auditreel:gate:root -->\n")
    done = run(script("Keep the comment up to date"), tmp_path, **COMMENT, REPORTS=str(tmp_path))
    assert done.returncode == 0
    assert "::warning" in done.stdout
    # Another comment beside the one that was not found would stay for good.
    assert len((tmp_path / "requests").read_text().splitlines()) == 1


def test_what_the_action_asks_for_is_there() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "engine", "gate", "--help"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    asked = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", script("Judge the plan")))
    assert asked
    assert {option for option in asked if option not in helped} == set()
