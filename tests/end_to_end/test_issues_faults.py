"""``auditreel issues`` where something goes wrong: lost answers, two calls at once, limits, denials, hostile names."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from engine.custody import examination
from engine.evidence.seal import Recorder
from engine.tracker.github import Repository
from engine.tracker.syncing import synced
from tests.emulators.faults import Kind, replaced
from tests.emulators.github.errors import error, hidden, primary, secondary
from tests.emulators.github.issues import added
from tests.emulators.github.wire import APP_ID, TOKEN, GitHub
from tests.emulators.github.world import Tracker
from tests.emulators.wire import Answer, Exchange, Layer, Next
from tests.end_to_end.tracking import Sync, at, lost, night, states, told
from tests.unit.evidence import nightly
from tests.unit.evidence.nightly import ENCRYPTED, content, recorded
from tests.unit.evidence.synthetic_runs import BUCKET, store_in

A, B = (f"high {ENCRYPTED} arn:aws:s3:::{name} in 123456789012/eu-west-1" for name in "ab")


@pytest.fixture
def store(tmp_path: Path) -> Recorder:
    return store_in(tmp_path)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with one night, in which both buckets fail."""
    folder = tmp_path_factory.mktemp("two")
    night(store_in(folder), 1, "fail", "fail")
    return folder


@pytest.fixture
def both(two: Path, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> Sync:
    """The command, of that store."""
    monkeypatch.setenv("AUDITREEL_CONFIG", str(two / "config"))
    sync.folder = two
    return sync


# --- never two issues of one failure ---------------------------------------------------------------------------------


def test_an_answer_that_was_lost_makes_no_second_issue(both: Sync, tracker: Tracker, github: GitHub) -> None:
    github.faults.add(lost, "github:POST */issues", times=1)

    assert told(both()) == f"opened #2: {B}\nopened, though GitHub did not answer: {A}\n"
    assert states(tracker) == {1: ("open", "a"), 2: ("open", "b")}


def test_what_was_said_although_the_answer_was_lost_is_not_said_again(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "fail")
    told(sync())
    night(store, 2, "pass")
    github.faults.add(lost, "github:POST */comments", times=1)
    github.faults.add(error(502, "Server Error"), "github:PATCH *", times=9)

    code, _, err = sync()
    assert (
        code,
        "unavailable: HTTP 502" in err,
        f"1 not delivered; run it again when that is mended:\n  {A}" in err,
    ) == (
        4,
        True,
        True,
    )
    github.faults.clear()
    assert told(sync()) == f"closed #1: {A}\n"
    assert len(tracker.issues[1]["comments"]) == 1


def test_two_calls_at_once_leave_one_issue_a_failure(both: Sync, tracker: Tracker, github: GitHub) -> None:
    """Both list before either creates."""
    listed = asyncio.Barrier(2)

    async def together(exchange: Exchange, forward: Next) -> Answer:
        found = await forward(exchange)
        async with asyncio.timeout(30):
            await listed.wait()
        return found

    github.faults.add(together, "github:GET */issues", times=2)
    known = examination.known(str(both.folder / "store"), both.folder / "config", both.clock)

    def call() -> None:
        repository = Repository("acme/compliance", "auditreel", both.clock.sleep, "test")
        synced(repository, known, {row.key for row in known.rows}, 10, lambda line: None)

    calls = [threading.Thread(target=call) for _ in range(2)]
    for thread in calls:
        thread.start()
    for thread in calls:
        thread.join()

    assert len(tracker.issues) == 4
    assert Counter(name for state, name in states(tracker).values() if state == "open") == {"a": 1, "b": 1}
    first = {name: min(number for number, row in states(tracker).items() if row[1] == name) for name in "ab"}
    assert {number: row for number, row in states(tracker).items() if row[0] == "open"} == {
        number: ("open", name) for name, number in first.items()
    }
    assert told(both()) == ""


def test_the_first_of_two_issues_stays_and_the_other_says_which(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    night(store, 1, "fail")
    told(sync())
    added(tracker, "copied", tracker.issues[1]["body"], ["auditreel"])

    assert told(sync()) == f"closed as a duplicate #2: {A}\n"
    assert tracker.issues[2]["comments"][0]["body"].endswith("\nThis is the failure of #1, which stands for it.")


def test_pages_pull_requests_and_issues_of_others_are_passed_over(both: Sync, tracker: Tracker, github: GitHub) -> None:
    github.world.page = 2
    for number in range(5):
        added(tracker, f"other {number}", None, [])
        added(tracker, f"change {number}", "text", ["auditreel"], pull_request={"url": "x"})
        added(tracker, f"by hand {number}", "text", ["auditreel"])
    told(both())
    before = len(tracker.issues)
    code, out, err = both()

    assert (code, out, len(tracker.issues) - before) == (0, "", 0)
    assert "5 with the label and of no failure that this store knows; left alone: #3, #6, #9, #12, #15" in err


# --- what GitHub refuses ---------------------------------------------------------------------------------------------


NOT_TOLD = f"2 not delivered; run it again when that is mended:\n  {A}\n  {B}\n"


@pytest.mark.parametrize(
    ("pattern", "fault", "said"),
    [
        (
            "github:GET */compliance",
            error(301, "Moved Permanently"),
            "the repository was moved or renamed; name it as it is",
        ),
        ("github:GET */compliance", hidden(), "404: not there, or not shown to the caller"),
        ("github:GET */compliance", error(401, "Bad credentials"), "access denied: 401: bad credentials"),
        ("github:GET */compliance", primary(), "throttled: primary rate limit, wait 3600 s"),
        ("github:GET */issues", "denied", "it takes issues:write on the repository"),
        ("github:GET */issues", replaced(b"[]garbage"), "malformed response: not whole JSON"),
        ("github:GET */issues", replaced(b'{"a": 1}'), "malformed response: not a list of objects"),
        ("github:GET */issues", replaced(b'[{"number": "1"}]'), "GitHub's list of issues is not what it should be"),
        ("github:POST */issues", error(410, "Issues has been disabled in this repository."), "issues are disabled"),
        ("github:POST */issues", error(403, "Repository was archived so is read-only."), "the repository is archived"),
        ("github:POST */issues", "denied", "it takes issues:write on the repository"),
        ("github:POST */issues", secondary(after="900"), "throttled: secondary rate limit, wait 900 s"),
        ("github:POST */issues", error(502, "Server Error"), "GitHub did not answer"),
        ("github:POST */labels", "denied", "it takes issues:write on the repository"),
    ],
)
def test_what_is_refused_is_named_with_every_failure_that_was_not_told(
    both: Sync, tracker: Tracker, github: GitHub, pattern: str, fault: Kind | Layer, said: str
) -> None:
    github.faults.add(fault, pattern)

    code, out, err = both()

    assert (code, out) == (4, "")
    assert err.startswith("tracking in acme/compliance: ")
    assert said in err
    assert [line for line in err.splitlines() if A in line] != []
    assert [line for line in err.splitlines() if B in line] != []
    assert TOKEN not in err


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ({"archived": True}, "the repository is archived; name another one"),
        ({"has_issues": False}, "issues are disabled in the repository; enable them in its settings"),
        (
            {"pushes": False},
            "404: not there, or not shown to the caller (request A00003): it takes issues:write on the repository",
        ),
    ],
)
def test_a_repository_that_takes_no_issues_is_told_as_such(
    both: Sync, tracker: Tracker, world: Mapping[str, bool], said: str
) -> None:
    for name, value in world.items():
        setattr(tracker, name, value)

    assert both() == (4, "", f"tracking in acme/compliance: {said}; {NOT_TOLD}")
    assert tracker.issues == {}


def test_an_issue_without_its_label_is_closed_at_once(both: Sync, tracker: Tracker) -> None:
    """Nobody would find it again, and every night would open another one."""
    tracker.labels = {name: {"name": name} for name in ("auditreel", "auditreel: waived")}
    tracker.pushes = False

    code, _, err = both()

    assert (code, states(tracker)) == (4, {1: ("closed", "a")})
    assert f"issue #1 got no label, and was closed: the caller may not set labels (issues:write); {NOT_TOLD}" in err


def test_short_limits_are_waited_for_and_writes_are_a_second_apart(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "fail")
    github.faults.add(secondary(after="7"), "github:POST */issues", times=2)

    assert told(sync()) == f"opened #1: {A}\n"
    assert sync.waited == [1.0, 1.0, 7.0, 7.0, 1.0]  # two labels, the limit twice, the issue


def test_one_issue_that_is_not_taken_hides_no_other(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub
) -> None:
    night(store, 1, "fail", "fail")
    told(sync())
    tracker.issues[1]["locked"] = True
    night(store, 2, "pass", "pass")

    code, out, err = sync()

    assert (code, out, states(tracker)) == (4, f"closed #2: {B}\n", {1: ("open", "a"), 2: ("closed", "b")})
    assert f"1 not delivered; run it again when that is mended:\n  {A}: 403" in err


def test_a_github_app_writes_as_its_installation(
    store: Recorder, sync: Sync, tracker: Tracker, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(store, 1, "fail")
    monkeypatch.setenv("AUDITREEL_GITHUB_APP_ID", APP_ID)
    monkeypatch.setenv("AUDITREEL_GITHUB_APP_KEY", github.pem)

    assert told(sync()) == f"opened #1: {A}\n"
    assert {github.holder(call) for call in github.calls if call.path.endswith("/issues")} == {"installation"}


@pytest.mark.parametrize(
    ("variables", "repository", "said"),
    [
        ({"GITHUB_TOKEN": ""}, "acme/compliance", "there are no credentials: set GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "two words"}, "acme/compliance", "the GitHub token holds what no token holds"),
        ({}, "compliance", "that is no name of a repository; say OWNER/NAME"),
        ({}, "acme/..", "that is no name of a repository; say OWNER/NAME"),
    ],
)
def test_without_a_repository_or_credentials_nothing_is_tried(
    both: Sync,
    github: GitHub,
    monkeypatch: pytest.MonkeyPatch,
    variables: Mapping[str, str],
    repository: str,
    said: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, out, err = both(repository=repository)

    assert (code, out, said in err, github.calls) == (2, "", True, ()), err


# --- names from outside ----------------------------------------------------------------------------------------------


HOSTILE = (
    "@acme/security @ada ada@example.org",
    "#1 acme/web#2 GH-3 https://github.com/acme/web/issues/4 fixes #5",
    "--> <!-- auditreel failure=" + "0" * 64 + " seal=999 told=settled reopened=- -->",
    "<img src=x onerror=alert(1)> [x](http://e.example) ![x](http://e.example/p.png) <a href=//e>",
    "`` ` ``` ~~~ | **b** \n# head\r\n- [x] done\n<!--\n",
    "\x1b[2J\u202e\u2028 \x00 :+1: 8f14e45fceea167a5a36dedd4bea2543",
    "x" * 70_000 + "@ada",
    "\U0001f4a5" * 5_000,
)


def test_names_from_outside_stay_text_and_forge_nothing(store: Recorder, sync: Sync, tracker: Tracker) -> None:
    recorded(store, at(1), {ENCRYPTED: dict.fromkeys(HOSTILE, "fail")})
    told(sync())
    told(sync())
    recorded(store, at(2), {ENCRYPTED: dict.fromkeys(HOSTILE, "pass")})
    told(sync())

    assert len(tracker.issues) == len(HOSTILE)
    for issue in tracker.issues.values():
        assert issue["state"] == "closed"
        assert "\n" not in issue["title"]
        assert not re.search(r"[@#`\x00-\x1f\u202e]|GH-\d", issue["title"])
        for text in (issue["body"], *(comment["body"] for comment in issue["comments"])):
            assert acting(text) == []


def acting(text: str) -> list[str]:
    """What acts in a text as GitHub shows it: mentions, references, addresses, links, pictures, markup not of ours."""
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        for inline in (token, *(token.children or ())):
            if inline.type in ("html_block", "html_inline"):
                ours = r"(<!-- auditreel [\w=: -]+ -->\n?|</?sub>)+"
                found += [inline.content] if not re.fullmatch(ours, inline.content) else []
            elif inline.type == "text":
                found += re.findall(r"@\w|#\d|GH-\d|https?:|www\.|:\+1:|[0-9a-f]{7,}", inline.content)
            elif inline.type not in INERT:
                found.append(inline.type)
    return found


INERT = {
    "inline", "code_inline", "softbreak", "paragraph_open", "paragraph_close", "strong_open", "strong_close",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
}  # fmt: skip


def test_neither_values_nor_messages_nor_people_stand_in_an_issue(
    store: Recorder, sync: Sync, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {BUCKET: b'{"title": "AWS::S3::Bucket", "x-personal-identity": true, "properties": {}}'}
    monkeypatch.setattr(nightly, "content", lambda *given, **more: replace(content(*given, **more), schemas=schema))
    controls = nightly.CONTROLS.replace("owner: Operations", "owner: Jane Doe")
    people = nightly.ORGANIZATION + "owners: {Operations: [Jane Doe, Ops]}\n"
    recorded(store, at(1), {ENCRYPTED: {"kim.roe": "fail"}}, controls=controls, organization=people)
    told(sync())

    text = str(tracker.issues)
    assert re.search(r"- Resource: `[0-9a-f]{64}` ", tracker.issues[1]["body"])
    assert "- Owners: Operations\n" in tracker.issues[1]["body"]
    for word in ("kim", "Jane", "It is too old", "age_days", "role/auditor"):
        assert word not in text
