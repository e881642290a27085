"""``auditreel issues``: a failure has one open issue, which a sealed run that saw it fixed closes, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.evidence.seal import Recorder
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import Tracker
from tests.end_to_end.tracking import Sync, at, night, states, told
from tests.unit.evidence.nightly import CONTROLS, ENCRYPTED, VERSIONED, a_check, accepted, plan, recorded
from tests.unit.evidence.synthetic_runs import store_in

ONE = "[high] Made up: arn:aws:s3:::"


@pytest.fixture
def store(tmp_path: Path) -> Recorder:
    return store_in(tmp_path)


def writes(github: GitHub) -> list[str]:
    """What was written since this was last asked."""
    found = [f"{call.method} {call.path.removeprefix('/repos/acme/compliance')}" for call in github.calls]
    github.traffic.reset()
    return [name for name in found if not name.startswith("GET")]


# --- an issue a failure ----------------------------------------------------------------------------------------------


def test_a_failure_gets_an_issue_which_a_run_that_saw_it_fixed_closes(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "pass", "fail")
    assert told(sync()) == f"opened #1: high {ENCRYPTED} arn:aws:s3:::b in 123456789012/eu-west-1\n"
    night(store, 2, "fail", "fail")
    assert told(sync()) == f"opened #2: high {ENCRYPTED} arn:aws:s3:::a in 123456789012/eu-west-1\n"
    night(store, 3, "fail", "pass")

    assert told(sync()) == f"closed #1: high {ENCRYPTED} arn:aws:s3:::b in 123456789012/eu-west-1\n"
    assert states(tracker) == {1: ("closed", "b"), 2: ("open", "a")}
    (comment,) = tracker.issues[1]["comments"]
    assert re.search(r"\nFixed: it passes in the run `[\w-]+` of `2026-06-03T00:05:00Z`\.$", comment["body"])
    assert tracker.issues[1]["state_reason"] == "completed"
    assert "**Fixed: it passes in the run" in tracker.issues[1]["body"]
    writes(github)
    code, out, err = sync()
    assert (code, out, writes(github)) == (0, "", [])
    assert re.fullmatch(r"issues of acme/compliance, as of run [\w-]+ \(night of 2026-06-03\): 2 as they were\n", err)


def test_an_issue_says_what_fails_where_and_whose_it_is(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "pass")
    night(store, 2, "fail")
    told(sync())

    issue = tracker.issues[1]
    assert (issue["title"], issue["labels"]) == (f"{ONE}a", ["auditreel"])
    marker, _, text = issue["body"].partition("\n")
    assert re.fullmatch(r"<!-- auditreel failure=[0-9a-f]{64} seal=4 told=stands reopened=- -->", marker)
    failure = re.search(r"auditreel respond ([0-9a-f]{12})", text)
    assert failure is not None
    assert text == (
        f"- Check: `{ENCRYPTED}`, high: Made up\n"
        "- Resource: `arn:aws:s3:::a` (`AWS::S3::Bucket`)\n"
        "- Where: `aws`, `123456789012`, `eu-west-1`\n"
        "- Criteria: `CC6.1`\n"
        "- Owners: Operations\n"
        "- Seen failing: first in the run of `2026-06-02T00:05:00Z`, "
        "after it passed in that of `2026-06-01T00:05:00Z`\n"
        f"- Failure: `{failure[1]}`\n\n"
        f"Why it matters, and how to fix it: `auditreel explain {ENCRYPTED}`. "
        f"What management has to say of it for the auditor: `auditreel respond {failure[1]}`.\n\n"
        "<sub>auditreel writes this text anew when something changes: write in comments. It closes this issue when a "
        "sealed run sees it fixed; what is accepted is accepted by a waiver.</sub>\n"
    )


def test_what_fails_again_opens_its_issue_again(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    for number, verdict in enumerate(("fail", "pass", "fail"), 1):
        night(store, number, verdict)
        told(sync())

    assert states(tracker) == {1: ("open", "a")}
    said = tracker.issues[1]["comments"][-1]["body"]
    assert said.endswith("\nIt fails again, first in the run of `2026-06-03T00:05:00Z`.")


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "fail")
    code, out, err = sync("--dry-run")

    assert (code, tracker.issues, tracker.labels, writes(github)) == (0, {}, {}, [])
    assert out.startswith(f"open\ntitle: {ONE}a\nbody: <!-- auditreel failure=")
    assert "would be: 1 opened, 0 as they were" in err


# --- what nobody saw fixed stays open --------------------------------------------------------------------------------


def test_a_resource_that_a_complete_listing_does_not_have_is_gone(
    store: Recorder, sync: Sync, tracker: Tracker
) -> None:
    night(store, 1, "fail", "fail")
    told(sync())
    night(store, 2, None, "fail", checks=[a_check(ENCRYPTED)])
    told(sync())

    assert states(tracker) == {1: ("closed", "a"), 2: ("open", "b")}
    assert "Gone: the run" in tracker.issues[1]["comments"][0]["body"]
    assert tracker.issues[1]["state_reason"] == "completed"


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (
            {"a": "unknown", "b": "unknown"},
            "**It could not be read since `2026-06-02T00:05:00Z`** (`access_denied`). It was last seen",
        ),
        ({"a": None, "listing": "failed"}, "**It could not be read since `2026-06-02T00:05:00Z`**. It was last seen"),
        ({"a": None, "checks": [a_check(VERSIONED)]}, "**It is not judged any more since `2026-06-02T00:05:00Z`**"),
    ],
)
def test_a_night_that_did_not_see_it_closes_nothing_and_is_told(
    store: Recorder, sync: Sync, tracker: Tracker, second: dict[str, Any], says: str
) -> None:
    night(store, 1, "fail", "fail")
    told(sync())
    night(store, 2, **second)
    told(sync())

    assert states(tracker) == {1: ("open", "a"), 2: ("open", "b")}
    assert says in tracker.issues[1]["body"]
    assert tracker.issues[1]["comments"] == []
    night(store, 3, "pass", "fail")
    told(sync())
    assert states(tracker) == {1: ("closed", "a"), 2: ("open", "b")}
    assert "could not be read" not in tracker.issues[2]["body"]


def test_a_run_of_a_part_says_nothing_of_the_rest(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "fail")
    told(sync())
    writes(github)
    other = plan("adhoc", checks=[VERSIONED])
    recorded(store, at(2), {VERSIONED: {"c": "pass"}}, checks=[a_check(VERSIONED)], planned=other)

    assert told(sync()) == ""
    assert writes(github) == []


def test_a_test_that_was_changed_is_no_correction(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "fail")
    told(sync())
    night(store, 2, "pass", checks=[a_check(ENCRYPTED, version=2)])
    told(sync())

    assert (tracker.issues[1]["state"], tracker.issues[1]["state_reason"]) == ("closed", "not_planned")
    assert "The test was changed: that is no correction." in tracker.issues[1]["comments"][0]["body"]


def test_an_older_copy_of_the_store_takes_nothing_back(
    store: Recorder, sync: Sync, tracker: Tracker, tmp_path: Path
) -> None:
    night(store, 1, "pass", "fail")
    shutil.copytree(tmp_path / "store", tmp_path / "old")
    trust = (tmp_path / "config" / "trust.json").read_bytes()
    night(store, 2, "fail", "pass")
    told(sync())
    assert states(tracker) == {1: ("open", "a")}
    night(store, 3, "fail", "fail")
    told(sync())
    assert states(tracker) == {1: ("open", "a"), 2: ("open", "b")}
    before = json.dumps(tracker.issues)
    (tmp_path / "config" / "trust.json").write_bytes(trust)

    code, out, err = sync(of="old")

    assert (code, out, json.dumps(tracker.issues)) == (4, "", before)
    assert err == (
        "tracking in acme/compliance: 1 not delivered; run it again when that is mended:\n"
        f"  high {ENCRYPTED} arn:aws:s3:::b in 123456789012/eu-west-1: "
        "its issue was written by a later run than this store holds\n"
    )


def test_what_does_not_verify_is_not_told(store: Recorder, sync: Sync, tracker: Tracker, tmp_path: Path) -> None:
    night(store, 1, "fail")
    findings = next((tmp_path / "store" / "runs").rglob("findings.parquet"))
    findings.chmod(0o600)
    findings.write_bytes(findings.read_bytes()[:-1] + b"!")

    code, out, _ = sync()

    assert (code, out, tracker.issues) == (5, "", {})


# --- what is accepted, and who closes by hand ------------------------------------------------------------------------


def test_a_waiver_closes_nothing_and_opens_nothing(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    check = a_check(ENCRYPTED)
    night(store, 1, "fail", None)
    told(sync())
    tracker.issues[1]["labels"].append("infra")
    waived = {"accepted": {"a": accepted("a", check), "b": accepted("b", check)}}
    night(store, 2, "fail", "fail", **waived)
    told(sync())

    assert states(tracker) == {1: ("open", "a")}
    assert tracker.issues[1]["labels"] == ["auditreel", "infra", "auditreel: waived"]
    assert "**Accepted** by waiver `2026-014` until `2027-01-01`." in tracker.issues[1]["body"]
    tracker.issues[1]["state"] = "closed"
    night(store, 3, "fail", "fail", **waived)
    assert told(sync()) == ""
    night(store, 4, "fail", "fail")
    told(sync())

    assert states(tracker) == {1: ("open", "a"), 2: ("open", "b")}
    assert tracker.issues[1]["labels"] == ["auditreel", "infra"]
    assert "Accepted" not in tracker.issues[1]["body"]


def test_an_issue_that_is_closed_by_hand_is_opened_again_once_a_night(
    store: Recorder, sync: Sync, tracker: Tracker
) -> None:
    night(store, 1, "fail")
    told(sync())
    tracker.issues[1]["state"] = "closed"

    assert told(sync()).startswith("opened again #1: ")
    tracker.issues[1]["state"] = "closed"
    assert told(sync()) == ""
    night(store, 2, "fail")
    assert told(sync()).startswith("opened again #1: ")

    assert [comment["body"].partition("\n")[0] for comment in tracker.issues[1]["comments"]] == [
        "<!-- auditreel reopened 2026-06-01 -->",
        "<!-- auditreel reopened 2026-06-02 -->",
    ]
    assert "To accept a failure, waive it: `auditreel waiver add`." in tracker.issues[1]["comments"][0]["body"]


def test_what_people_do_to_an_issue_stays_but_for_its_text(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "fail")
    told(sync())
    issue = tracker.issues[1]
    issue["labels"].append("infra")
    issue["comments"].append({"id": 1, "body": "Mine."})
    issue["assignees"] = ["ada"]
    issue["title"], issue["body"] = "All is well", issue["body"].replace("- Check:", "- Fixed:").replace("\n", "\r\n")
    told(sync())

    assert (issue["title"], "- Check:" in issue["body"]) == (f"{ONE}a", True)
    assert (issue["labels"], issue["assignees"], len(issue["comments"])) == (["auditreel", "infra"], ["ada"], 1)


def test_line_ends_that_a_browser_changed_are_no_reason_to_write(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "fail")
    told(sync())
    tracker.issues[1]["body"] = tracker.issues[1]["body"].replace("\n", "\r\n").strip()

    assert told(sync()) == ""


# --- what is chosen --------------------------------------------------------------------------------------------------


def test_filters_narrow_what_is_opened_and_never_what_is_kept_up(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    head, _, tail = CONTROLS.partition("  - id: DP-02")
    controls = f"{head}  - id: DP-02{tail.replace('owner: Operations', 'owner: Platform', 1)}"
    recorded(store, at(1), {ENCRYPTED: {"a": "fail"}, VERSIONED: {"a": "fail"}}, controls=controls)
    opened = {}
    for filters in (
        "--check aws.s3.enc*",
        "--owner Platform",
        "--provider aws",
        "--severity high",
        "--severity critical",
        "--criterion CC6",
        "--criterion A1.1",
    ):
        tracker.issues.clear()
        told(sync(*filters.split()))
        opened[filters] = [row["body"].split("- Check: `")[1].split("`")[0] for row in tracker.issues.values()]

    assert opened == {
        "--check aws.s3.enc*": [ENCRYPTED],
        "--owner Platform": [VERSIONED],
        "--provider aws": [ENCRYPTED, VERSIONED],
        "--severity high": [ENCRYPTED, VERSIONED],
        "--severity critical": [],
        "--criterion CC6": [ENCRYPTED, VERSIONED],
        "--criterion A1.1": [],
    }
    told(sync())
    recorded(store, at(2), {ENCRYPTED: {"a": "pass"}, VERSIONED: {"a": "pass"}}, controls=controls)
    told(sync("--severity", "critical"))
    assert {row["state"] for row in tracker.issues.values()} == {"closed"}


def test_a_provider_narrows_what_is_opened_to_its_checks(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    recorded(store, at(1), {ENCRYPTED: {"a": "fail"}, "gcp.storage.encrypted": {"b": "fail"}})
    told(sync("--provider", "gcp"))

    assert states(tracker) == {1: ("open", "b")}


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (("--check", "aws.s3.encripted"), "no run had a check aws.s3.encripted; did you mean aws.s3.encrypted?"),
        (("--provider", "awz"), "no run had a check of the provider awz; did you mean aws?"),
        (("--owner", "Operation"), "no control has the owner Operation; did you mean Operations?"),
        (("--label", "a,b"), "the label 'a,b' is none"),
        (("--criterion", "CC66"), "unknown criterion 'CC66'"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    store: Recorder, sync: Sync, tracker: Tracker, filters: tuple[str, ...], said: str
) -> None:
    night(store, 1, "fail")
    code, out, err = sync(*filters)

    assert (code, out, tracker.issues, said in err) == (2, "", {}, True), err


def test_a_call_opens_so_many_and_names_the_others(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "fail", "fail")
    code, _, err = sync("--most", "1")

    assert (code, states(tracker)) == (4, {1: ("open", "a")})
    assert err == (
        "tracking in acme/compliance: 1 not delivered; run it again when that is mended:\n"
        f"  high {ENCRYPTED} arn:aws:s3:::b in 123456789012/eu-west-1: more than 1 at once\n"
    )
    told(sync("--most", "1"))
    assert states(tracker) == {1: ("open", "a"), 2: ("open", "b")}
