"""Who wrote and who approved policies, by git: what the author alone says, or nobody can see, counts for nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from engine.cli import group, main
from engine.content.provenance import brought
from engine.content.reference import at
from engine.workflows.agenda import agenda
from engine.workflows.history import Reviewed, reviewed
from tests.end_to_end.small_firm import folder

DOCUMENT = """\
---
title: Access policy
kind: access_policy
owner: Head of Security
version: "{version}"
criteria: [CC6.1]
approved_by: Robin Ito <robin@example.com>
approved_on: 2026-11-01
review_by: 2027-11-01
---
Text.
"""
ANA = ("Ana Lopez", "ana@example.com")
ROBIN = ("Robin Ito", "robin@example.com")


def git(place: Path, *arguments: str, who: tuple[str, str] = ANA, at: str = "2026-11-02T10:00:00Z") -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": who[0], f"GIT_{role}_EMAIL": who[1], f"GIT_{role}_DATE": at}
    done = subprocess.run(["git", *arguments], cwd=place, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a policy folder whose document Ana wrote, and with keys of Ana and Robin."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    place = tmp_path / "firm"
    (folder(place) / "documents").mkdir()
    (place / "policies" / "documents" / "access.md").write_text(DOCUMENT.format(version=1))
    git(place, "init", "--quiet", "--initial-branch", "main")
    signers = ""
    for name, (_, address) in (("ana", ANA), ("robin", ROBIN)):
        key = place / ".git" / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, capture_output=True)
        signers += f"{address} {key.with_suffix('.pub').read_text()}"
    (place / ".git" / "signers").write_text(signers)
    git(place, "config", "gpg.format", "ssh")
    git(place, "config", "gpg.ssh.allowedSignersFile", str(place / ".git" / "signers"))
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--message", "Policies")
    return place


def access(place: Path) -> Reviewed:
    return next(row for row in reviewed(place / "policies") if row.file == "documents/access.md")


def commit(place: Path, message: str, *more: str, who: tuple[str, str] = ANA, at: str = "2026-11-03T10:00:00Z") -> None:
    path = place / "policies" / "documents" / "access.md"
    path.write_text(DOCUMENT.format(version=len(path.read_text())))
    git(place, "commit", "--quiet", "--all", "--message", message, *more, who=who, at=at)


def test_who_wrote_a_policy_alone_is_said_and_so_is_an_approval_that_git_does_not_show(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = access(place)
    assert (row.standing, row.approvers, row.approved_by, row.confirmed) == (
        "alone", (), "Robin Ito <robin@example.com>", False,
    )  # fmt: skip
    assert row.written is not None
    assert (row.written.authors, row.written.at) == (("Ana Lopez <ana@example.com>",), "2026-11-02T10:00:00Z")
    code = main(group, ["evidence", "history", "--policy", str(place / "policies")], "auditreel")
    text = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert "ALONE documents/access.md written by Ana Lopez <ana@example.com>" in text
    assert "it says that Robin Ito <robin@example.com> approved it; git does not show that" in text
    assert main(group, ["evidence", "history", "--format", "json", "--policy", str(place / "policies")], "x") == 0
    assert {row["file"] for row in json.loads(capsys.readouterr().out)} == {
        "controls/people.yaml", "documents/access.md",
    }  # fmt: skip


def test_an_approval_that_is_the_author_s_word_alone_is_due(place: Path) -> None:
    def due() -> list[str]:
        return [row.what for row in agenda(place / "policies", date(2026, 11, 26), 30).rows if row.subject == "access"]

    said = "Access policy says that Robin Ito <robin@example.com> approved it: "
    assert due() == [f"{said}git shows nobody but who wrote it"]
    path = place / "policies" / "documents" / "access.md"
    path.write_text(path.read_text() + "More.\n")
    assert due() == [f"{said}it is not committed as it stands"]
    commit(place, "Version 2\n\nApproved-by: Robin Ito <robin@example.com>")
    assert due() == []


@pytest.mark.parametrize(
    ("trailer", "standing", "confirmed"),
    [
        ("Reviewed-by: Robin Ito <robin@example.com>", "asserted", True),
        ("Approved-by: Sam Poe <sam@example.com>", "asserted", False),
        ("Reviewed-by: Ana Lopez <ana@example.com>", "alone", False),
        ("Reviewed-by: A. Lopez <ana.lopez@other.example>", "alone", False),
        ("Reviewed-by: Robin Ito <robin@example.com>\nCo-authored-by: Robin Ito <robin@example.com>", "alone", False),
    ],
)
def test_a_trailer_is_the_word_of_who_wrote_it_and_of_an_author_none(
    place: Path, trailer: str, standing: str, confirmed: bool
) -> None:
    commit(place, f"Version 2\n\n{trailer}")
    row = access(place)
    assert (row.standing, row.confirmed) == (standing, confirmed)


def signed(place: Path, name: str) -> tuple[str, ...]:
    return ("-c", f"user.signingkey={place / '.git' / name}")


def test_a_merge_that_somebody_else_signed_corroborates_and_one_that_the_author_signed_does_not(place: Path) -> None:
    for number, (name, who, standing) in enumerate((("robin", ROBIN, "corroborated"), ("ana", ANA, "alone")), 4):
        git(place, "checkout", "--quiet", "-b", name)
        commit(place, f"By way of {name}", at=f"2026-11-0{number}T10:00:00Z")
        git(place, "checkout", "--quiet", "main")
        merge = ("merge", "--quiet", "--no-ff", "--gpg-sign", "--message", f"Merge {name}", name)
        git(place, *signed(place, name), *merge, who=who, at=f"2026-11-0{number}T11:00:00Z")
        row = access(place)
        assert (row.standing, row.confirmed, row.written and row.written.at) == (
            standing, standing == "corroborated", f"2026-11-0{number}T11:00:00Z",
        )  # fmt: skip


def test_what_git_cannot_show_or_somebody_changed_counts_for_nothing(place: Path, tmp_path: Path) -> None:
    commit(place, "Version 2\n\nReviewed-by: Robin Ito <robin@example.com>")
    git(place.parent, "clone", "--quiet", "--depth", "1", f"file://{place}", str(tmp_path / "shallow"))
    row = access(tmp_path / "shallow")
    assert (row.standing, row.approvers, "shallow" in row.why) == ("unknown", (), True)

    shutil.copytree(place / "policies", tmp_path / "bare" / "policies")
    assert access(tmp_path / "bare").why == "no git repository holds it"
    (tmp_path / "bare" / ".git").write_text("gitdir: /nowhere\n")
    assert access(tmp_path / "bare").why.startswith("git does not tell: ")

    commit(place, "Backdated\n\nReviewed-by: Robin Ito <robin@example.com>", at="2026-10-01T10:00:00Z")
    assert "is dated before what it was built on" in access(place).why

    (place / "policies" / "documents" / "access.md").write_text(DOCUMENT.format(version="edited"))
    assert (access(place).standing, access(place).confirmed) == ("uncommitted", False)


def test_commits_that_were_replaced_count_for_nothing(place: Path) -> None:
    commit(place, "Version 2")
    forged = git(place, "commit-tree", "HEAD^{tree}", "-p", "HEAD^", "-m", "x\n\nReviewed-by: Robin Ito <r@x.example>")
    git(place, "replace", "HEAD", forged.strip())
    row = access(place)
    assert (row.standing, row.why) == ("unknown", "commits were replaced by others: the history is not what happened")


def hidden_repository(inside: Path, ran: Path) -> None:
    """A bare repository among the files of a folder: its history has the folder's document approved by Robin's key.

    Whoever may change files of the folder can bring it; what it calls a signature is said by a program beside it.
    """
    made = inside.parents[1] / "made"
    made.mkdir()
    (made / "access.md").write_text((inside / "access.md").read_text())
    git(made, "init", "--quiet", "--initial-branch", "main")
    git(made, "add", ".")
    tree = git(made, "write-tree").strip()
    people = "".join(f"{role} {ROBIN[0]} <{ROBIN[1]}> 1793700000 +0000\n" for role in ("author", "committer"))
    (made / "commit").write_text(
        f"tree {tree}\n{people}gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nApproved\n"
    )
    git(made, "update-ref", "HEAD", git(made, "hash-object", "-t", "commit", "-w", "commit").strip())
    for name in ("objects", "refs"):
        shutil.copytree(made / ".git" / name, inside / name)
    shutil.copy(made / ".git" / "index", inside / "index")
    said = f"[GNUPG:] GOODSIG A {ROBIN[0]} <{ROBIN[1]}>\\n[GNUPG:] VALIDSIG A\\n[GNUPG:] TRUST_ULTIMATE 0 pgp\\n"
    (inside / "verify").write_text(f"#!/bin/sh\ntouch {ran}\nprintf '{said}'\n")
    (inside / "verify").chmod(0o755)
    (inside / "HEAD").write_text("ref: refs/heads/main\n")
    (inside / "config").write_text(
        "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n[gpg]\nprogram = ./verify\nformat = openpgp\n"
    )


def test_a_repository_among_the_files_of_a_change_approves_nothing_and_runs_nothing(
    place: Path, tmp_path: Path
) -> None:
    inside = place / "policies" / "documents"
    hidden_repository(inside, tmp_path / "ran")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--message", "A change")

    forged = git(inside, "log", "-1", "--format=%G? %GS", "--", "access.md")
    assert (forged, (tmp_path / "ran").exists()) == ("G Robin Ito <robin@example.com>\n", True), "the attack is none"
    (tmp_path / "ran").unlink()

    row = access(place)
    assert (row.standing, row.approvers) == ("alone", ())
    found = brought(inside / "access.md")
    assert found is not None
    assert found.signer == ()
    with at("HEAD", inside) as reference:
        assert reference.repository == place.resolve()
    assert not (tmp_path / "ran").exists()
