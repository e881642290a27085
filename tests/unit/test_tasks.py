"""What is sent to another machine to read an account, what that machine refuses, and what is believed of its answer."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import botocore
import msgspec
import pytest

from engine.cli.clock import system_clock
from engine.collection.cluster import ALTERED, Cluster, Connection, Workers
from engine.collection.executors import Work
from engine.collection.journal import Facts, Forgetful, Journal
from engine.collection.limiter import Limiter
from engine.collection.observer import NOBODY
from engine.collection.parts import NotThatPart, keep, kept, missing, packed, unpacked
from engine.collection.planner import plan
from engine.collection.software import installed
from engine.collection.tasks import RunContext, Task, closed, dry_run, executed, serialised
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.errors import UsageError
from engine.model import Clock, Collection, Scope, Snapshot, Unread
from engine.run.reads import plans
from providers import declared
from providers.aws.credentials import principal
from providers.base import Directory, LeftOut
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.unit.scripted import ACCOUNT as OTHER
from tests.unit.scripted import AT, BOX, Scripted, box, denied, getter, lister, raising, scan

NEVER = threading.Event()


def context(**changes: Any) -> RunContext:
    settings = {"timeout": 20.0, "agent": "auditreel/test", "access": {}}
    identity = {"account": ACCOUNT, "arn": f"arn:aws:sts::{ACCOUNT}:user/moto", "partition": "aws"}
    made = RunContext("run", "aws", settings, {"AWS::Account": ()}, {}, identity, frozenset(), AT, system_clock)
    return replace(made, **changes)


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_what_a_plan_wants_makes_the_same_plan_elsewhere() -> None:
    content = load(find())
    checks = [check for check in content.checks.values() if check.providers == {"aws"}]
    (made,) = plans(compile_checks(checks, content.types))

    again = plan("aws", declared("aws"), {type_: tuple(sorted(names)) for type_, names in made.wanted.items()})

    assert again == made


def test_an_errand_carries_no_credential_and_shows_nothing_of_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Canary7PlantedSecretXk2f9Qw")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARYCANARY0000")
    task = Task(context(settings={"access": {"external_id": "northwind-42"}}), ACCOUNT, "production")

    data = zlib.decompress(serialised(task))

    assert b"Canary7" not in data
    assert b"AKIACANARY" not in data
    assert "northwind-42" not in repr(task)


# --- what a machine refuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "said"),
    [("auditreel", "0.0.9"), ("Python", "3.9.1"), ("botocore", "none"), ("auditreel's code", "0123456789ab")],
)
@pytest.mark.parametrize("asked", [lambda *given: executed(*given, NEVER), dry_run])
def test_a_machine_with_other_software_refuses_before_it_opens_anything(named: str, said: str, asked: Any) -> None:
    mine = installed()[named]

    answer = asked({**installed(), named: said}, b"no task: opening it would raise")

    assert answer == ("refused", f"its software is another: {named} {mine} instead of {said}")


def test_a_machine_says_what_it_has_loaded_and_not_what_was_installed_since(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker lives for months, and an upgrade on its disk changes nothing of what it reads with."""
    before = installed()
    monkeypatch.setattr(botocore, "__version__", "1.0.0")

    answer = dry_run(before, b"no task: opening it would raise")

    assert answer == ("refused", f"its software is another: botocore 1.0.0 instead of {before['botocore']}")


def test_a_machine_that_asks_as_somebody_else_refuses(aws_env: AwsWire) -> None:
    identity = {"account": "999999999999", "arn": "arn:aws:iam::999999999999:user/kim", "partition": "aws"}
    task = Task(context(run="else", identity=identity), ACCOUNT, ACCOUNT)

    word, said = executed(installed(), serialised(task), NEVER)

    assert (word, said) == (
        "refused",
        f"it asks aws as arn:aws:sts::{ACCOUNT}:user/moto, not as arn:aws:iam::999999999999:user/kim",
    )
    assert set(aws_env.traffic.calls) == {"sts:GetCallerIdentity"}


def hurried(cancelled: threading.Event) -> Clock:
    """A clock that does not wait."""
    return replace(system_clock(cancelled), sleep=lambda seconds: None)


@pytest.mark.parametrize(
    ("fault", "word", "why"), [("denied", "refused", "access_denied"), ("server_error", "lost", "unavail")]
)
def test_a_machine_that_is_not_told_who_it_is_reads_nothing_and_may_be_asked_again(
    aws_env: AwsWire, fault: Any, word: str, why: str
) -> None:
    task = serialised(Task(context(run="nobody", clock=hurried), ACCOUNT, ACCOUNT))
    placed = aws_env.faults.add(fault, "sts:GetCallerIdentity")

    answer = executed(installed(), task, NEVER)

    assert answer[0] == word
    assert answer[1].startswith(f"asking aws who it is: {why}")
    assert set(aws_env.traffic.calls) == {"sts:GetCallerIdentity"}
    aws_env.faults.remove(placed)
    assert dry_run(installed(), task) == ("part", b"")
    closed("nobody")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("arn:aws:sts::1:assumed-role/audit/i-0a1", "arn:aws:sts::1:assumed-role/audit/i-0b2", True),
        ("arn:aws:sts::1:assumed-role/audit/i-0a1", "arn:aws:sts::1:assumed-role/admin/i-0a1", False),
        ("arn:aws:sts::1:assumed-role/audit/i-0a1", "arn:aws:sts::2:assumed-role/audit/i-0a1", False),
        ("arn:aws:iam::1:user/audit/kim", "arn:aws:iam::1:user/audit/robin", False),
        ("arn:aws:iam::1:root", "arn:aws:iam::1:root", True),
    ],
)
def test_sessions_of_one_role_are_one_principal(one: str, other: str, same: bool) -> None:
    assert (principal(one) == principal(other)) is same


# --- what is believed ------------------------------------------------------------------------------------------------


def provider() -> Scripted:
    return Scripted((lister(box("b", size=1), box("c", size=2), fills=("size",)),))


def part(made: Scripted | None = None) -> Snapshot:
    return scan(made or provider(), "size")


def test_a_part_comes_back_as_it_was() -> None:
    whole = part()

    again = unpacked(packed(whole), provider().planned({BOX: ("size",)}), OTHER, AT)

    assert again == whole


def test_what_stays_of_parts_is_shared_between_them_as_it_is_of_accounts_read_here() -> None:
    planned = provider().planned({BOX: ("size",)})

    one, other = (unpacked(packed(part()), planned, OTHER, AT) for _ in range(2))

    pairs = list(zip(one.ledger, other.ledger, strict=True))
    assert all(a.scope is b.scope and a.reader is b.reader and a.outcomes is b.outcomes for a, b in pairs)
    listings = list(zip(one.collections, other.collections, strict=True))
    assert all(a.type is b.type and a.scope is b.scope for a, b in listings)


ALTERATIONS: Mapping[str, Any] = {
    "a resource less": lambda whole: replace(whole, resources=whole.resources[1:]),
    "a resource of another account": lambda whole: replace(
        whole, resources=(replace(whole.resources[0], account="999"), *whole.resources[1:])
    ),
    "a listing less": lambda whole: replace(whole, collections=whole.collections[1:], resources=()),
    "no listing": lambda whole: replace(whole, collections=(), resources=()),
    "another moment": lambda whole: replace(whole, as_of="2026-11-22T02:00:00Z"),
    "a word on what lies in a group of accounts": lambda whole: replace(whole, groups={"test/prod": ("999",)}),
    "another account that is left out": lambda whole: replace(
        whole, left_out=(LeftOut(Scope("test", "999", "*"), "other", "excluded"),)
    ),
    "no live source": lambda whole: replace(whole, source="recorded"),
    "a listing that nobody planned": lambda whole: replace(
        whole, collections=(*whole.collections, Collection("Test::Jar", whole.scopes[0], "complete"))
    ),
}


@pytest.mark.parametrize("how", ALTERATIONS)
def test_what_is_not_the_part_that_was_asked_for_is_not_believed(how: str) -> None:
    data = packed(ALTERATIONS[how](part()))

    with pytest.raises(NotThatPart):
        unpacked(data, provider().planned({BOX: ("size",)}), OTHER, AT)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing packed",
        None,
        zlib.compress(b"\xc1"),
        zlib.compress(msgspec.msgpack.encode({"as_of": 3})),
    ],
    ids=["nothing", "other bytes", "no bytes", "no MessagePack", "no snapshot"],
)
def test_bytes_that_are_no_part_are_not_believed(data: Any) -> None:
    with pytest.raises(NotThatPart):
        unpacked(data, provider().planned({BOX: ("size",)}), OTHER, AT)


def test_a_part_that_is_nested_too_deeply_is_not_believed() -> None:
    whole = part()
    item = replace(whole.resources[0], properties={"size": "deeply"})
    data = zlib.decompress(packed(replace(whole, resources=(item, *whole.resources[1:]))))

    with pytest.raises(NotThatPart):
        unpacked(
            zlib.compress(data.replace(b"\xa6deeply", b"\x91" * 100_000 + b"\xc0")),
            provider().planned({BOX: ("size",)}),
            OTHER,
            AT,
        )


def test_an_altered_part_is_asked_for_again_and_then_unknown() -> None:
    made = provider()
    found = Directory({"account": OTHER}, {OTHER: "somebody"})
    limiter = Limiter(lambda seconds: None, NEVER)
    work = Work(
        made.planned({BOX: ("size",)}), made, found, AT, Forgetful(), limiter, lambda: AT, lambda item: item,
        frozenset(), NOBODY,
    )  # fmt: skip
    answers: list[Future[Any]] = []

    def submit(*task: Any) -> Future[Any]:
        answers.append(Future())
        answers[-1].set_result(("part", packed(ALTERATIONS["a listing less"](part())), "tcp://worker"))
        return answers[-1]

    client = SimpleNamespace(get_executor=lambda pure: SimpleNamespace(submit=submit))
    workers = Workers(Connection(client, "dask://a:1", system_clock, system_clock(), 1.0), work, context())

    parts = [workers.part(OTHER, workers.begin(OTHER)) for _ in range(3)]

    assert parts[:2] == [None, None]
    assert parts[2] == missing(work.plan, OTHER, ALTERED, found.identity, AT, AT)
    assert [(row.type, str(row.scope), row.state, row.unread) for row in parts[2].collections] == [
        (BOX, f"test/{OTHER}/*", "failed", Unread("unavailable", "dask:ReadAccount", None, ALTERED))
    ]


@pytest.mark.parametrize(("code", "stays"), [(None, True), ("access_denied", True), ("throttled", False)])
def test_an_account_is_kept_for_a_resumed_run_unless_asking_again_may_help(
    tmp_path: Any, code: Any, stays: bool
) -> None:
    error = denied()
    error.failure = replace(error.failure, reason=code or "access_denied")
    answer = raising(error) if code else lambda item: {"size": 1}
    made = Scripted((lister(box("b")), getter("box:GetBox", answer, "size")))
    whole, planned = part(made), made.planned({BOX: ("size",)})
    journal = Journal(tmp_path / "a.journal", b"k" * 32, Facts("run", AT))
    keep(journal, planned, OTHER, whole, packed(whole), AT)
    journal.close()

    again = Journal(tmp_path / "a.journal", b"k" * 32)

    found = kept(again, planned, OTHER, AT)
    assert (found is not None) is stays
    assert kept(again, planned, "999999999999", AT) is None
    assert kept(again, planned, OTHER, "2026-11-22T02:00:00Z") is None
    again.close()


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["", "dask", "dask://", "dask://host", "dask://host:0", "dask://host:port", "dask://:8786", "tcp://host:8786",
     "dask://kim:secret@host:8786", "dask://host:8786/path", "dask://host:99999", "processes"],
)  # fmt: skip
def test_an_executor_that_is_none_is_refused_with_those_that_there_are(address: str) -> None:
    with pytest.raises(UsageError, match=r"there are: threads, dask://HOST:PORT, dask\+tls://HOST:PORT"):
        Cluster(address, system_clock)


@pytest.mark.parametrize("address", ["dask://host:8786", "dask+tls://host:8786", "dask://[::1]:8786"])
def test_a_cluster_is_known_by_its_address(address: str) -> None:
    assert Cluster(address, system_clock).address == address
