"""A fault matrix speaks of the product: what a slow machine makes of a scan is not held against it."""

from __future__ import annotations

import asyncio
import threading

from engine.errors import DiscoveryError
from tests.collectors.scan import scan
from tests.emulators import fault_matrix
from tests.emulators.fault_matrix import PATIENCE, Expected, misled, settled, timed_out, told
from tests.emulators.gcp.wire import Google
from tests.emulators.wire import Answer, Exchange, Layer, Next

CHECK = "gcp.storage.uniform_access"
SHORT = 0.3
"""Seconds within which the emulator answers what it does not keep waiting."""


def slow(released: threading.Event) -> Layer:
    """Answers well, but not before somebody waits with patience."""

    async def fault(exchange: Exchange, forward: Next) -> Answer:
        await asyncio.to_thread(released.wait, SHORT * 4)
        return await forward(exchange)

    return fault


def test_a_scan_on_which_a_request_timed_out_by_load_is_made_again_with_patience(gcp: Google) -> None:
    sound = told(scan([CHECK])[1])
    gcp.world.off.add("cloudasset.googleapis.com")
    released, limits = threading.Event(), []
    gcp.faults.add(slow(released), "storage:GET /storage/v1/b*")

    def case(timeout: float) -> tuple[list[str], bool]:
        limits.append(timeout)
        if timeout == PATIENCE:
            released.set()
        snapshot, findings = scan([CHECK], timeout=timeout)
        return [*misled(Expected.of("access_denied"), sound, snapshot, findings)], timed_out(snapshot)

    assert settled(case, SHORT) == []
    assert limits == [SHORT, PATIENCE]

    # It would have counted: what timed out is no denial.
    released.clear()
    assert case(SHORT) == (["unknown because unavailable"], True)


def test_what_the_second_scan_says_counts_and_there_is_no_third() -> None:
    limits: list[float] = []

    def case(timeout: float) -> tuple[list[str], bool]:
        limits.append(timeout)
        return [f"wrong within {timeout:g} s"], True

    assert settled(case, 5.0) == ["wrong within 120 s"]
    assert limits == [5.0, 120.0]


def test_where_the_fault_is_that_nothing_is_answered_or_nothing_timed_out_one_scan_counts() -> None:
    assert settled(lambda timeout: ([f"{timeout:g}"], True), 0.4, withheld=True) == ["0.4"]
    assert settled(lambda timeout: ([f"{timeout:g}"], False), 5.0) == ["5"]


def test_a_discovery_that_timed_out_is_told_from_one_that_was_refused() -> None:
    assert timed_out(DiscoveryError("asking aws who we are: unavailable (ReadTimeoutError)"))
    assert not timed_out(DiscoveryError("asking aws who we are: access_denied (AccessDenied (request 1))"))


def test_a_reason_that_is_not_the_faults_and_a_permission_that_is_not_named_are_told() -> None:
    expected = Expected.of("access_denied", permission=True)
    assert [*expected.amiss("access_denied", "storage.buckets.list")] == []
    assert [*expected.amiss("unavailable", None)] == ["unknown because unavailable", "no permission is named"]
    refused = Expected.of("access_denied", permission=False)
    assert [*refused.amiss("access_denied", "a.b.c")] == ["a.b.c is named, which would not help"]


def test_a_verdict_that_changes_vanishes_or_appears_is_told() -> None:
    sound = {("c", "a", "one"): "fail", ("c", "a", "two"): "pass", ("d", "a", "one"): "fail"}
    now = {("c", "a", "one"): "pass", ("c", "a", "three"): "pass", ("d", "a", "one"): "unknown"}
    assert [*fault_matrix.worse(sound, now)] == [
        "c of one is pass, not fail",
        "c of two is gone, and nothing says so",
        "c of three is pass, and was not there",
    ]
