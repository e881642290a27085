"""``auditreel issues`` over sequences of nights: the open issues are the known failures, whatever happens between."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.evidence.seal import Recorder
from engine.model import Subject
from engine.tracked import key_of
from tests.emulators.faults import Kind
from tests.emulators.github.errors import error, secondary
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import Tracker
from tests.emulators.wire import Layer
from tests.end_to_end.tracking import Sync, at, lost
from tests.unit.evidence.nightly import ENCRYPTED, VERSIONED, a_check, plan, recorded
from tests.unit.evidence.synthetic_runs import BUCKET, SCOPE, store_in

BUCKETS = tuple(f"bucket-{number}" for number in range(8))
KINDS = ("whole", "whole", "whole", "unlisted", "denied", "part", "unselected")
FAULTS: tuple[tuple[str, Kind | Layer], ...] = (
    ("github:POST */issues", lost),
    ("github:POST */comments", lost),
    ("github:PATCH *", lost),
    ("github:POST *", error(502, "Server Error")),
    ("github:PATCH *", "denied"),
    ("github:GET */issues", secondary(after="1")),
    ("github:POST *", secondary(after="900")),
    ("github:PATCH *", secondary(after="900")),
)


class Oracle:
    """What is known of each bucket, told without a store: who failed stands until somebody saw it pass, or gone."""

    def __init__(self) -> None:
        self.standing: set[str] = set()
        self.judged = True

    def night(self, kind: str, verdicts: Mapping[str, str]) -> None:
        if kind in ("part", "unselected"):
            self.judged = self.judged and kind == "part"
            return
        self.judged = True
        for name in BUCKETS:
            verdict = verdicts.get(name, "unknown" if kind == "unlisted" else "gone")
            if verdict == "fail":
                self.standing.add(name)
            elif verdict != "unknown":
                self.standing.discard(name)


def lived(store: Recorder, kind: str, number: int, chance: random.Random) -> Mapping[str, str]:
    """Record a night; gives what it said of the buckets."""
    words = ("pass", "fail", "fail", "unknown", "not_applicable", "gone")
    verdicts = {name: word for name in BUCKETS if (word := chance.choice(words)) != "gone"}
    if kind in ("part", "unselected"):
        run = plan("adhoc", checks=[VERSIONED]) if kind == "part" else plan()
        recorded(store, at(number), {VERSIONED: {"other": "pass"}}, checks=[a_check(VERSIONED)], planned=run)
        return {}
    if kind == "denied":
        verdicts = dict.fromkeys(BUCKETS, "unknown")
    listing: Any = "failed" if kind == "unlisted" else "complete"
    recorded(store, at(number), {ENCRYPTED: verdicts}, checks=[a_check(ENCRYPTED)], listing=listing)
    return verdicts


def meddled(tracker: Tracker, chance: random.Random) -> None:
    """People close, open and delete issues, and take labels away."""
    for number in chance.sample(sorted(tracker.issues), min(2, len(tracker.issues))):
        issue = tracker.issues[number]
        match chance.choice(("close", "open", "delete", "unlabel", "rewrite")):
            case "close":
                issue["state"] = "closed"
            case "open":
                issue["state"] = "open"
            case "delete":
                del tracker.issues[number]
            case "unlabel":
                issue["labels"] = []
            case "rewrite":
                issue["title"], issue["body"] = "Mine", issue["body"].partition("\n")[0] + "\nAll is well."


def bucket(name: str) -> Subject:
    return Subject("resource", BUCKET, f"arn:aws:s3:::{name}", name)


def open_issues(tracker: Tracker) -> Counter[str]:
    """How many open issues with our label each bucket has."""
    rows = (row for row in tracker.issues.values() if row["state"] == "open" and "auditreel" in row["labels"])
    return Counter(re.findall(r"failure=([0-9a-f]{64})", row["body"])[0] for row in rows)


@settings(max_examples=3, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 2**32), kinds=st.lists(st.sampled_from(KINDS), min_size=5, max_size=7))
def test_after_each_call_the_open_issues_are_the_known_failures_whatever_was_lost_or_doubled(
    seed: int,
    kinds: list[str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    github: GitHub,
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("nights")
    store, oracle = store_in(folder), Oracle()
    keys = {name: key_of(store.trust.store, ENCRYPTED, SCOPE, bucket(name)) for name in BUCKETS}
    github.world.trackers["compliance"] = tracker = Tracker()
    monkeypatch.setenv("AUDITREEL_CONFIG", str(folder / "config"))
    sync = Sync(folder, capsys)
    monkeypatch.setattr("engine.cli.clock.system_clock", lambda *_: sync.clock)
    for number, kind in enumerate(kinds, 1):
        oracle.night(kind, lived(store, kind, number, chance))
        meddled(tracker, chance)
        done = False
        for _ in range(chance.choice((0, 1, 2))):
            before = open_issues(tracker)
            github.faults.clear()
            if chance.random() < 0.4:
                pattern, fault = chance.choice(FAULTS)
                github.faults.add(fault, pattern, times=chance.randint(1, 5))
            code, out, err = sync()

            after = open_issues(tracker)
            assert code in (0, 4), err
            assert out == "" or not done
            done = code == 0
            stands = {keys[name] for name in oracle.standing}
            assert {key for key in stands if before[key]} <= {key for key in stands if after[key]}
            if code == 0 and oracle.judged:
                assert after == Counter(stands)
            elif code == 0:
                assert after <= Counter(stands)
