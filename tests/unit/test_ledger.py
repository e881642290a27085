"""The ledger: sums that do not depend on the order in which threads end."""

from __future__ import annotations

import hashlib
import threading

from hypothesis import given
from hypothesis import strategies as st

from engine.collection.ledger import Ledger, discovery_rows
from engine.collection.outcomes import Outcome
from engine.model import LedgerRow
from providers.base import Scope, Tally, Unread

HERE = Scope("aws", "1", "north")
DENIED = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")
NOTHING = hashlib.sha256(b"").hexdigest()

ends = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([Outcome("value"), Outcome("gone"), Outcome("failed", unread=DENIED)]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(ends, st.randoms(use_true_random=False))
def test_the_sums_and_the_digest_are_the_same_in_any_order(
    ended: list[tuple[str, Outcome, int]], chance: object
) -> None:
    def told(order: list[tuple[str, Outcome, int]]) -> LedgerRow | None:
        ledger = Ledger()
        for resource, outcome, n in order:
            ledger.planned(HERE, "r", 1)
            ledger.ended(HERE, "r", resource, outcome, Tally(n, n, n, n, n, [], [f"{resource}{n}"]))
        return next(iter(ledger.rows()), None)

    shuffled = list(ended)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    row = told(ended)

    assert row == told(shuffled)
    if row is not None:
        assert sum(row.outcomes.values()) == row.planned == len(ended)
        assert row.calls == row.pages == row.items == row.retries == row.polls == sum(n for _, _, n in ended)
        assert len(row.failures) == sum(outcome.unread is not None for _, outcome, _ in ended)


def test_rows_are_one_a_reader_and_scope_in_order() -> None:
    ledger = Ledger()
    for region, reader in (("south", "a"), ("north", "b"), ("north", "a")):
        ledger.planned(Scope("aws", "1", region), reader, 1)

    assert [(row.scope.region, row.reader) for row in ledger.rows()] == [("north", "a"), ("north", "b"), ("south", "a")]


def test_failed_parts_and_what_was_lacking_are_failures_of_their_own() -> None:
    ledger = Ledger()
    ledger.planned(HERE, "r", 1)
    ledger.ended(HERE, "r", "", Outcome("value"), Tally(failures=[DENIED]))
    ledger.lacking(HERE, "r", "arn:a", [Unread("missing_attribute", "r")])
    # What failed in the answer itself is not told once more for each resource that it cost.
    ledger.lacking(HERE, "r", "arn:b", [DENIED])

    assert ledger.rows() == (
        LedgerRow(
            scope=HERE,
            reader="r",
            planned=1,
            calls=0,
            pages=0,
            items=0,
            retries=0,
            polls=0,
            outcomes={"value": 1},
            request_ids=(),
            digest=NOTHING,
            failures=(
                ("", "access_denied", "s3:GetBucketPolicy", "AccessDenied"),
                ("arn:a", "missing_attribute", "", ""),
            ),
        ),
    )


def test_nothing_is_lost_when_many_threads_tell_at_once() -> None:
    ledger = Ledger()

    def tell() -> None:
        for _ in range(200):
            ledger.planned(HERE, "r", 1)
            ledger.ended(HERE, "r", "", Outcome("value"), Tally(calls=1))

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (row,) = ledger.rows()
    assert (row.planned, row.calls, row.outcomes) == (1600, 1600, {"value": 1600})


def test_the_discovery_has_rows_of_its_own_and_says_what_failed() -> None:
    tallies = {"sts:GetCallerIdentity": Tally(calls=1), "ec2:DescribeRegions": Tally(calls=1, retries=3)}

    rows = discovery_rows(HERE, tallies, {"ec2:DescribeRegions": DENIED})

    assert [(row.reader, row.planned, row.calls, row.retries, row.outcomes) for row in rows] == [
        ("sts:GetCallerIdentity", 1, 1, 0, {"value": 1}),
        ("ec2:DescribeRegions", 1, 1, 3, {"access_denied": 1}),
    ]
    assert rows[1].failures == (("", "access_denied", "s3:GetBucketPolicy", "AccessDenied"),)
