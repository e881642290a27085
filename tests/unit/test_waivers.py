"""What becomes of waivers: in force, expired, not started, matching something new or nothing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judging.waivers import states, waived
from engine.model import Finding, Verdict, Waiver
from tests.unit.verdicts import AS_OF, OTHER, SCOPE, check, finding, waiver

BUCKETS = check("aws.s3.bucket_encrypted")
KEYS = check("aws.kms.key_rotated")


def outcome(item: Waiver, *findings: Finding, as_of: str = AS_OF) -> tuple[str, int, tuple[str, ...]]:
    [state] = states([item], findings, {BUCKETS.id, KEYS.id}, as_of)
    return state.state, len(waived([state], findings)), state.unmatched


FAILING = finding(BUCKETS, "fail", "prices")


@pytest.mark.parametrize(
    ("as_of", "state"),
    [
        ("2026-10-31T23:59:59.999Z", "not_started"),
        ("2026-11-01T00:00:00Z", "in_force"),
        ("2026-11-01T00:00:00.000001Z", "in_force"),
        ("2026-12-31T23:59:59.999Z", "in_force"),
        ("2027-01-01T00:00:00Z", "expired"),
    ],
)
def test_a_waiver_is_in_force_from_its_first_to_its_last_day_in_utc(as_of: str, state: str) -> None:
    item = waiver("w", BUCKETS, "prices", start=date(2026, 11, 1), expires=date(2026, 12, 31))
    assert outcome(item, FAILING, as_of=as_of) == (state, int(state == "in_force"), ())


def test_a_waiver_has_no_effect_before_the_moment_it_took_effect() -> None:
    item = waiver("w", BUCKETS, "prices", effective_at="2026-11-23T02:00:01Z")
    assert outcome(item, FAILING, as_of="2026-11-23T02:00:00.9Z") == ("not_started", 0, ())
    assert outcome(item, FAILING, as_of="2026-11-23T02:00:01.2Z") == ("in_force", 1, ())


def test_a_waiver_that_no_commit_holds_waives_nothing() -> None:
    assert outcome(waiver("w", BUCKETS, "prices", effective_at=None), FAILING) == ("uncommitted", 0, ())


def test_a_failure_that_was_not_named_at_approval_is_a_new_failure() -> None:
    item = waiver("w", BUCKETS, "prices")
    assert outcome(item, FAILING, finding(BUCKETS, "fail", "ledger")) == ("in_force", 1, ())


@pytest.mark.parametrize(
    "other",
    [
        finding(KEYS, "fail", "prices"),
        finding(BUCKETS, "fail", "prices", OTHER),
        finding(BUCKETS, "fail", "Prices"),
        finding(BUCKETS, "unknown", "prices"),
        finding(BUCKETS, "pass", "prices"),
        finding(BUCKETS, "not_applicable", "prices"),
    ],
    ids=["another check", "another account", "another id", "unknown", "pass", "not applicable"],
)
def test_only_a_failure_of_the_check_on_a_named_resource_of_the_account_matches(other: Finding) -> None:
    assert outcome(waiver("w", BUCKETS, "prices"), other) == ("unmatched", 0, ("prices",))


def test_what_does_not_fail_any_more_is_named() -> None:
    assert outcome(waiver("w", BUCKETS, "prices", "gone"), FAILING) == ("in_force", 1, ("gone",))


def test_an_expired_waiver_shows_the_failures_that_it_no_longer_covers() -> None:
    [state] = states([waiver("w", BUCKETS, "prices")], [FAILING], {BUCKETS.id}, "2027-01-01T00:00:00Z")
    assert (state.state, state.matches) == ("expired", (FAILING,))
    assert waived([state], [FAILING]) == {}


def test_only_what_a_run_looked_at_can_be_unmatched() -> None:
    item = waiver("w", BUCKETS, "prices")
    passing, hidden = finding(BUCKETS, "pass", "prices"), finding(BUCKETS, "unknown", "prices")
    another = finding(BUCKETS, "pass", "ledger")

    def state(covered: set[str], *findings: Finding) -> str:
        return states([item], findings, {BUCKETS.id}, AS_OF, covered)[0].state

    here = {item.account}
    assert state(here) == state(here, passing) == state(here, another) == state(set(), passing) == "unmatched"
    assert state(set()) == state(set(), another) == state({"999988887777"}) == state(here, hidden) == "not_selected"
    assert state(set(), FAILING) == "in_force"


def test_a_waiver_of_a_check_that_was_not_asked_for_is_no_unmatched_one() -> None:
    [state] = states([waiver("w", BUCKETS, "prices")], [], {KEYS.id}, AS_OF)
    assert (state.state, state.unmatched) == ("not_selected", ())


def test_of_two_waivers_of_one_failure_the_first_stands_beside_it() -> None:
    first, second = waiver("a", BUCKETS, "prices"), waiver("b", BUCKETS, "prices", "ledger")
    findings = [finding(BUCKETS, "fail", "ledger"), FAILING]
    assert waived(states([first, second], findings, {BUCKETS.id}, AS_OF), findings) == {0: second, 1: first}


_VERDICTS = st.sampled_from(["pass", "fail", "unknown", "not_applicable"])
_FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from([BUCKETS, KEYS]),
        _VERDICTS,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from([SCOPE, OTHER]),
    ),
    max_size=12,
)
_WAIVERS = st.lists(
    st.builds(
        lambda id_, of, resources, expires: waiver(id_, of, *resources, expires=expires),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([BUCKETS, KEYS]),
        st.lists(st.sampled_from(["one", "two", "three"]), min_size=1, unique=True),
        st.sampled_from([date(2026, 11, 22), date(2026, 11, 23)]),
    ),
    max_size=4,
)


@given(_FINDINGS, _WAIVERS)
def test_a_waived_finding_is_always_a_failure_that_a_waiver_in_force_names(
    findings: list[Finding], waivers: list[Waiver]
) -> None:
    before: list[Verdict] = [item.verdict for item in findings]
    found = waived(states(waivers, findings, {BUCKETS.id, KEYS.id}, AS_OF), findings)
    assert [item.verdict for item in findings] == before
    for index, item in enumerate(findings):
        named = item.verdict == "fail" and any(
            item.check.id == w.check
            and item.subject.id in w.resources
            and item.scope.account == w.account
            and w.expires >= date(2026, 11, 23)
            for w in waivers
        )
        assert (index in found) == named
