"""The loop: makes inputs, hands them to a target within limits of time and memory, and keeps what should not have been.

A target says how an input ended in a word (``read``, ``refused``); whatever else it does is a finding.
"""

from __future__ import annotations

import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from types import FrameType
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz.mutations import mutated, smaller

SECONDS: Final = 5.0
"""Seconds of processor that one input may take. The largest corpora take a tenth of it."""
MEGABYTES: Final = 300
"""By how much one input may raise the most memory that the process ever held."""
_BATCH: Final = 20


class Wrong(AssertionError):
    """What a target did that it must not do; the text says what, without what differs from input to input."""


class Slow(BaseException):
    """An input took too long. No Exception, so that nothing that handles those keeps it to itself."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed.

    ``corpus`` gives genuine inputs, which are changed. ``judge`` handles one and says how it ended in a word, raises
    :class:`Wrong` for what must not be, and lets through every exception that is no answer. ``grammar`` makes inputs
    that are nearly right; ``tokens`` are what its language is made of. ``seconds`` are those of one input.
    """

    name: str
    corpus: Callable[[], Sequence[bytes]]
    judge: Callable[[bytes], str]
    grammar: SearchStrategy[bytes] | None = None
    tokens: Sequence[bytes] = ()
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a target did not answer as it should, and where that shows, which tells findings apart."""

    place: str
    what: str
    data: bytes


@dataclass(slots=True)
class Report:
    """What a run of the loop gave: how many inputs ended how, what was found, and the seconds of processor."""

    target: str
    ended: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        ended = ", ".join(f"{count:,} {word}" for word, count in sorted(self.ended.items()))
        found = f"{len(self.findings)} findings"
        return f"{self.target}: {self.ended.total():,} inputs in {self.seconds:.1f} s of processor ({ended}); {found}"


def fuzz(
    target: Target,
    seconds: float,
    number: int,
    tell: Callable[[Finding], None] = lambda _: None,
    most: int | None = None,
) -> Report:
    """Fuzz a target for so many seconds of processor, beginning with the seed ``number``; ``tell`` hears each finding.

    Equal seeds make equal inputs in an equal order; how many, the machine's speed says, or ``most``.
    """
    report, random, corpus = Report(target.name), Random(number), list(target.corpus())
    begun = time.process_time()
    for data in _inputs(target, corpus, random, number):
        report.seconds = time.process_time() - begun
        if report.seconds >= seconds or report.ended.total() == most:
            break
        _tried(target, data, report, tell)
    return report


def _inputs(target: Target, corpus: Sequence[bytes], random: Random, number: int) -> Iterator[bytes]:
    """Inputs without an end: a genuine one, those of the grammar as they are and changed, genuine ones changed."""
    for batch in count(1):
        yield random.choice(corpus)
        for data in _generated(target.grammar, number * 1_000_003 + batch) if target.grammar is not None else ():
            yield data
            if random.random() < 0.5:
                yield mutated(random, data, corpus, target.tokens)
        for _ in range(_BATCH):
            yield mutated(random, random.choice(corpus), corpus, target.tokens)


def _generated(grammar: SearchStrategy[bytes], number: int) -> list[bytes]:
    """Inputs of a grammar: what hypothesis makes of a seed."""
    made: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=_BATCH,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(grammar)
    def collect(data: bytes) -> None:
        made.append(data)

    collect()
    return made


def _tried(target: Target, data: bytes, report: Report, tell: Callable[[Finding], None]) -> None:
    word, finding = tried(target, data)
    report.ended[word] += 1
    if finding is not None and finding.place not in report.findings:
        place = finding.place
        shorter = smaller(data, lambda one: (other := tried(target, one)[1]) is not None and other.place == place)
        finding = tried(target, shorter)[1] or finding
        report.findings[place] = finding
        tell(finding)


def tried(target: Target, data: bytes) -> tuple[str, Finding | None]:
    """How one input ended, and what was wrong with that (None: nothing)."""
    peak = _peak()
    begun = time.process_time()
    try:
        with _limited(target.seconds):
            word = target.judge(data)
    except Wrong as error:
        return "wrong", Finding(f"Wrong: {error}", str(error), data)
    except Slow:
        return "slow", Finding("Slow", f"took more than {target.seconds:g} s of processor", data)
    except Exception as error:
        return "raised", Finding(_place(error), "".join(traceback.format_exception(error)[-4:]), data)
    if time.process_time() - begun > target.seconds:
        return "slow", Finding("Slow", f"took {time.process_time() - begun:.1f} s of processor", data)
    taken = _peak() - peak
    if taken > MEGABYTES:
        return "large", Finding("Large", f"took {taken:.0f} MB", data)
    return word, None


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/engine/" in frame.filename or "/providers/" in frame.filename] or frames
    return f"{type(error).__name__} in {ours[-1].filename.rpartition('/')[2]}:{ours[-1].name}"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise :class:`Slow` after so many seconds of processor, where Python's own code is what takes them."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Slow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def targets() -> Mapping[str, Target]:
    """Every target, by its name."""
    from tests.fuzz import evidence, expressions, files, handed_in, planned

    found: list[Any] = [*expressions.TARGETS, *files.TARGETS, *planned.TARGETS, *evidence.TARGETS, *handed_in.TARGETS]
    return {target.name: target for target in found}
