"""A population beside another source's count of it, night by night: IAM's summary beside the users that it lists."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from engine.content.root import find
from engine.evidence.canonical import digest
from engine.evidence.seal import Judged, Recorder
from engine.model import Check, Collection, Population, Resource, Snapshot
from engine.periods import Moment, SecondSource
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import CONTROLS, ENCRYPTED, a_check, content, made, plan
from tests.unit.evidence.synthetic_runs import BUCKET, GLOBAL, USER, finding, store_in

ACCOUNT = "AWS::Account"

SCHEMAS = {
    name: (find().schemas / "resources" / "aws" / f"{file}.schema.json").read_bytes()
    for name, file in ((USER, "iam_user"), (ACCOUNT, "account"))
}


def check_of(id_: str, resource_type: str) -> Check:
    """A check that its file says is of a type."""
    check = a_check(id_)
    data = check.source.replace(BUCKET.encode(), resource_type.encode())
    return replace(check, resource_type=resource_type, source=data, digest=digest(data))


USERS, ROOT = check_of("aws.iam.mfa", USER), check_of("aws.iam.root", ACCOUNT)


def resource(kind: str, id_: str, at: str, **properties: Any) -> Resource:
    name = id_.rpartition("/")[2]
    return Resource(kind, id_, name, GLOBAL.provider, GLOBAL.account, GLOBAL.region, None, at, properties)


def night(
    store: Recorder, at: str, users: int, counted: int | None, listing: Literal["complete", "failed"] = "complete"
) -> None:
    """A night that lists so many users while the summary counts so many."""
    said = {} if counted is None else {"iam_user_count": counted}
    account = resource(ACCOUNT, GLOBAL.account, at, root_mfa_enabled=True, **said)
    people = [resource(USER, f"arn:aws:iam::1:user/p{number}", at, mfa_active=True) for number in range(users)]
    found = sorted(
        [finding(ROOT, account, "pass"), *(finding(USERS, person, "pass") for person in people)],
        key=lambda item: item.order,
    )
    snapshot = Snapshot(
        as_of=at,
        source="live",
        identity={"arn": "arn:aws:iam::123456789012:role/auditor"},
        scopes=(GLOBAL,),
        collections=(Collection(ACCOUNT, GLOBAL, "complete", 1), Collection(USER, GLOBAL, listing, users)),
        resources=(account, *people),
        finished_at=at,
    )
    rows = [
        Population(check.id, number, number, 0, 0, 0, complete=True, queries=(query,))
        for check, number, query in ((USERS, users, "iam:ListUsers"), (ROOT, 1, "sts:GetCallerIdentity"))
    ]
    files = replace(content([USERS, ROOT], controls=CONTROLS.replace(ENCRYPTED, USERS.id)), schemas=SCHEMAS)
    run = store.begin(*store.intended(plan(), files, at))
    run.add(snapshot, found)
    run.seal(Judged(snapshot, found, rows, {}), at)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six nights: alike, one user more than listed, one whose listing failed, one without a count, alike twice."""
    folder = tmp_path_factory.mktemp("second")
    store = store_in(folder)
    night(store, "2026-06-01T01:00:00Z", 3, 3)
    night(store, "2026-06-02T01:00:00Z", 3, 4)
    night(store, "2026-06-03T01:00:00Z", 1, 4, "failed")
    night(store, "2026-06-04T01:00:00Z", 4, None)
    night(store, "2026-06-05T01:00:00Z", 4, 4)
    night(store, "2026-06-06T01:00:00Z", 4, 4)
    return folder


def seconds(folder: Path, starts: str, ends: str) -> dict[str, SecondSource | None]:
    return {row.check: row.second for row in made(folder, starts, ends).populations}


def test_the_greatest_difference_of_the_runs_that_can_be_compared_is_shown(folder: Path) -> None:
    assert seconds(folder, "2026-06-01", "2026-06-06") == {
        USERS.id: SecondSource(
            query="iam:GetAccountSummary",
            at=Moment("2026-06-02T01:00:00Z", made(folder, "2026-06-02", "2026-06-02").frames[0].moment.run),
            listed=3,
            counted=4,
            frames=4,
            differing=1,
        ),
        ROOT.id: None,
    }


def test_runs_that_agree_say_so_and_those_of_an_incomplete_listing_or_without_a_count_are_not_compared(
    folder: Path,
) -> None:
    told = seconds(folder, "2026-06-03", "2026-06-06")[USERS.id]
    assert told is not None
    assert (told.at.as_of, told.listed, told.counted, told.frames, told.differing) == (
        "2026-06-06T01:00:00Z",
        4,
        4,
        2,
        0,
    )
    assert seconds(folder, "2026-06-03", "2026-06-04") == {USERS.id: None, ROOT.id: None}


@pytest.mark.parametrize("form", ["text", "markdown", "html", "oscal", "xlsx"])
def test_every_format_names_the_source_its_count_and_the_difference(folder: Path, form: str) -> None:
    arguments = ("report", "type2", "--from", "2026-06-01", "--to", "2026-06-06", "--format", form)
    done = auditreel(folder, *arguments, "--output", f"second.{form}")
    assert (done.returncode, done.stderr) == (0, b"")
    written = (folder / f"second.{form}").read_bytes()
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(written)) as book:
            written = b"".join(book.read(name) for name in book.namelist() if name.endswith(".xml"))
        assert b"iam:GetAccountSummary" in written
    else:
        text = " ".join(written.decode().replace("`", "").split())
        assert "second source iam:GetAccountSummary: 4 where 3 were listed at 2026-06-02T01:00:00Z" in text
        assert "difference +1; differed in 1 of 4 runs" in text


def test_what_an_incomplete_listing_left_out_and_a_later_one_has_was_never_gone(folder: Path) -> None:
    period = made(folder, "2026-06-01", "2026-06-06")
    assert (period.inventory, period.appeared, period.gone) == ({ACCOUNT: 1, USER: 4}, {USER: 1}, {})
