"""Accounts are read a few at a time, handed on as they end, and let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.cli.progress import Counting
from engine.collection.executors import AT_ONCE
from engine.collection.limiter import Limiter
from engine.collection.survey import Introduction, Survey
from engine.errors import Interrupted, UsageError
from engine.model import Snapshot
from providers.base import Discovery, Governor, Unread
from tests.unit.scripted import AT, BOX, Scripted, box, getter, lister

MEMBERS = tuple(f"{number:012d}" for number in range(1, 31))


class Watched(Scripted):
    """A provider that counts the accounts entered and not left."""

    def __init__(self, *readers: Any, **settings: Any) -> None:
        super().__init__(readers, **settings)
        self.inside: set[str] = set()
        self.most = 0

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        with self.lock:
            self.inside.add(account)
            self.most = max(self.most, len(self.inside))
        return super().enter(account, governor, regions)

    def leave(self, account: str) -> None:
        with self.lock:
            self.inside.discard(account)
        super().leave(account)


def survey(provider: Scripted, **settings: Any) -> Iterator[Snapshot]:
    limiter = settings.pop("limiter", None) or Limiter(lambda seconds: None, threading.Event())
    plan, asked = (
        provider.planned({BOX: ("size",)}),
        Introduction(provider, limiter, settings.pop("accounts", frozenset())),
    )
    return Survey(plan, asked, limiter, now=lambda: AT, conforms=lambda item: item, **settings).parts()


def test_the_first_part_says_who_asks_and_each_other_is_one_account() -> None:
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS[:3])

    whole, *parts = survey(provider)

    assert (whole.scopes, whole.resources, whole.identity) == ((), (), {"account": "111122223333"})
    assert sorted(part.scopes[0].account for part in parts) == list(MEMBERS[:3])
    assert {len({item.account for item in part.resources}) for part in parts} == {1}
    assert {part.as_of for part in (whole, *parts)} == {AT}


def test_no_more_accounts_are_under_way_than_may_be_and_each_is_left() -> None:
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS)

    assert len(list(survey(provider))) == 1 + len(MEMBERS)

    assert provider.most <= AT_ONCE
    assert sorted(provider.left) == list(MEMBERS)
    assert provider.inside == set()


def test_no_account_is_begun_that_would_have_to_be_kept() -> None:
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS)
    parts = survey(provider)

    for _ in range(3):
        next(parts)
    time.sleep(0.1)

    # Three parts are the whole and two accounts; beyond these only what was under way has ended.
    assert len(provider.left) <= 2 + AT_ONCE
    parts.close()  # type: ignore[attr-defined]


def test_an_account_that_was_not_entered_is_a_gap_in_every_type() -> None:
    class Closed(Watched):
        def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
            if account != MEMBERS[1]:
                return super().enter(account, governor, regions)
            return Discovery(account, (), failures={"test:Enter": Unread("access_denied", "test:Enter")})

    provider = Closed(lister(box("b", size=1), fills=("size",)), members=MEMBERS[:3])

    parts = list(survey(provider))

    gaps = [row for part in parts for row in part.collections if row.state == "failed"]
    assert [(row.type, str(row.scope), row.unread) for row in gaps] == [
        (BOX, f"test/{MEMBERS[1]}/*", Unread("access_denied", "test:Enter"))
    ]


def test_a_defect_in_one_account_ends_the_run_with_it() -> None:
    class Defect(Exception):
        pass

    def defect(item: Any) -> Any:
        if item.account == MEMBERS[7]:
            raise Defect
        return {"size": 1}

    provider = Watched(lister(box("b")), getter("box:GetBox", defect, "size"), members=MEMBERS)

    with pytest.raises(Defect):
        list(survey(provider))


def test_a_run_that_is_asked_to_stop_ends_with_what_is_under_way() -> None:
    cancelled = threading.Event()
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS)
    parts = survey(provider, limiter=Limiter(lambda seconds: None, cancelled))
    next(parts)
    next(parts)
    cancelled.set()

    with pytest.raises(Interrupted):
        list(parts)
    assert len(provider.left) < len(MEMBERS)


def test_filters_choose_accounts_before_any_is_entered() -> None:
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS)

    list(survey(provider, accounts=frozenset(MEMBERS[2:4])))

    assert sorted(provider.left) == list(MEMBERS[2:4])
    with pytest.raises(UsageError, match="999"):
        list(survey(provider, accounts=frozenset({"999"})))


def test_progress_adds_up_over_accounts() -> None:
    told: list[tuple[int, int]] = []
    provider = Watched(lister(box("b", size=1), fills=("size",)), members=MEMBERS[:5])

    list(survey(provider, observer=Counting(lambda ended, known: told.append((ended, known)))))

    assert max(told) == (5, 5)
    assert all(ended <= known for ended, known in told)


def test_a_throttled_account_slows_down_itself_alone() -> None:
    limiter = Limiter(lambda seconds: None, threading.Event())
    first, second = limiter.apart(), limiter.apart()
    first._lane("s3").window = 1.0

    assert second._lane("s3").window > 1.0
    assert first._all is second._all is limiter._all
