"""Lanes: every task runs, a bounded number of each lane at a time."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collection.lanes import WIDTH, Lanes, Pool


def test_every_task_runs_and_so_does_what_a_task_submits() -> None:
    lanes, ran, lock = Lanes(Pool(8)), Counter[int](), threading.Lock()

    def task(depth: int) -> None:
        with lock:
            ran[depth] += 1
        if depth < 5:
            for _ in range(2):
                lanes.submit(depth % 3, lambda: task(depth + 1))

    lanes.submit("start", lambda: task(0))
    lanes.wait()

    assert ran == {depth: 2**depth for depth in range(6)}


def test_one_lane_never_holds_more_threads_than_its_width() -> None:
    lanes, lock = Lanes(Pool(64)), threading.Lock()
    flying = most = other = 0

    def slow() -> None:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        time.sleep(0.002)
        with lock:
            flying -= 1

    def quick() -> None:
        nonlocal other
        other += 1

    for _ in range(150):
        lanes.submit("busy", slow)
    lanes.submit("free", quick)
    lanes.wait()

    assert most <= WIDTH
    assert other == 1


def test_nothing_to_do_is_done_at_once() -> None:
    Lanes(Pool(4)).wait()


def test_the_exception_of_a_task_ends_the_wait_and_leaves_the_rest() -> None:
    lanes, ran = Lanes(Pool(2)), []

    def fails() -> None:
        raise RuntimeError("bug")

    lanes.submit("lane", fails)
    for n in range(500):
        lanes.submit("lane", lambda n=n: (time.sleep(0.001), ran.append(n)))
    with pytest.raises(RuntimeError, match="bug"):
        lanes.wait()
    assert len(ran) < 500


def test_an_interrupt_of_the_waiting_thread_leaves_what_has_not_begun() -> None:
    lanes, ran, first = Lanes(Pool(2)), [], threading.Event()

    def task() -> None:
        first.set()
        time.sleep(0.002)
        ran.append(1)

    for n in range(300):
        lanes.submit(n % 3, task)
    first.wait(10)

    class Condition(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    lanes._changed = Condition()
    with pytest.raises(KeyboardInterrupt):
        lanes.wait()
    assert len(ran) < 300


@settings(max_examples=20, deadline=None)
@given(
    tasks=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=120),
    workers=st.integers(1, 64),
    seed=st.integers(0, 99),
)
def test_whatever_the_lanes_and_delays_all_tasks_end(tasks: list[tuple[int, int]], workers: int, seed: int) -> None:
    lanes, lock, ran = Lanes(Pool(workers)), threading.Lock(), Counter[int]()
    delays = [random.Random(seed).random() / 2000 for _ in range(7)]

    def task(n: int, more: int) -> None:
        time.sleep(delays[n % 7])
        with lock:
            ran[n] += 1
        if more:
            lanes.submit(n % 2, lambda: task(n, more - 1))

    for n, (lane, more) in enumerate(tasks):
        lanes.submit(lane, lambda n=n, more=more: task(n, more))
    lanes.wait()

    assert ran == {n: more + 1 for n, (_, more) in enumerate(tasks)}
