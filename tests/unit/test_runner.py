"""The runner: what a scripted provider answers becomes resources, collections and ledger rows."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.progress import Counting
from engine.collection.limiter import Cancelled
from engine.model import Collection, LedgerRow, Snapshot
from providers.base import GLOBAL, MISSING, Failure, Found, Reader, Resource, ResourceType, Scope, Unread
from tests.unit.scripted import ACCOUNT, BOX, Asker, Refused, Scripted, box, denied, getter, lister, raising, scan

NORTH = Scope("test", ACCOUNT, "north")
DENIED = Unread("access_denied", "box:GetLid", "box:GetLid", "AccessDenied (request req-1)")


def boxes(snapshot: Snapshot) -> dict[str, Resource]:
    return {item.id: item for item in snapshot.resources if item.type == BOX}


def listing(snapshot: Snapshot) -> Collection:
    (row,) = [row for row in snapshot.collections if row.type == BOX and row.scope == NORTH]
    return row


def rows(snapshot: Snapshot) -> dict[str, LedgerRow]:
    return {row.reader: row for row in snapshot.ledger}


def test_what_is_listed_and_read_is_a_resource() -> None:
    provider = Scripted(
        (lister(box("a", size=1), fills=("size",)), getter("box:GetLid", lambda b: {"lid": True}, "lid"))
    )

    snapshot = scan(provider, "size", "lid")

    assert boxes(snapshot)["a"].properties == {"size": 1, "lid": True}
    assert boxes(snapshot)["a"].unread == {}
    assert listing(snapshot) == Collection(BOX, NORTH, "complete", 1)
    assert rows(snapshot)["box:GetLid"].outcomes == {"value": 1}
    assert provider.calls == [("north", "box:ListBoxes"), ("north", "box:GetLid", "a")]


def test_a_listing_that_breaks_off_keeps_what_it_found_and_is_failed() -> None:
    snapshot = scan(Scripted((lister(box("a", size=1), denied(), fills=("size",)),)), "size")

    why = Unread("access_denied", "box:ListBoxes", "box:ListBoxes", "AccessDenied (request req-1)")
    assert listing(snapshot) == Collection(BOX, NORTH, "failed", 1, why)
    assert boxes(snapshot)["a"].properties == {"size": 1}


@pytest.mark.parametrize(
    "error", [KeyError("Boxes"), IndexError(), TypeError("x"), ValueError("x"), AttributeError("x")]
)
def test_an_answer_that_a_reader_cannot_follow_is_malformed_not_a_crash(error: Exception) -> None:
    snapshot = scan(Scripted((lister(box("a"), error),)))

    assert listing(snapshot).state == "failed"
    assert listing(snapshot).unread is not None
    assert listing(snapshot).unread.reason == "malformed_response"


@pytest.mark.parametrize("identity", [{"id": 7}, {"id": ""}, {"id": None}, {"name": 7}, {"region": ["north"]}])
def test_a_listing_of_what_has_no_textual_identity_is_malformed_not_a_crash(identity: dict[str, Any]) -> None:
    def read(ask: Asker, scope: Scope) -> Any:
        yield Found(BOX, **{"id": "a", "properties": {}, **identity})

    snapshot = scan(Scripted((Reader(("box:ListBoxes",), read, {}, (), lists=(BOX,)),)))

    assert listing(snapshot).state == "failed"
    assert boxes(snapshot) == {}


def test_a_code_for_not_in_use_is_an_empty_complete_listing_that_says_so() -> None:
    provider = Scripted((lister(denied("NotSubscribed"), off_codes=frozenset({"NotSubscribed"})),))

    assert listing(scan(provider)) == Collection(BOX, NORTH, "off", 0)


def test_what_is_gone_when_it_is_read_is_dropped_and_the_ledger_says_so() -> None:
    def lid(item: Resource) -> Any:
        if item.id == "b":
            raise denied("NoSuchBox")
        return {"lid": True}

    provider = Scripted(
        (lister(box("a"), box("b")), getter("box:GetLid", lid, "lid", gone_codes=frozenset({"NoSuchBox"})))
    )

    snapshot = scan(provider, "lid")

    assert list(boxes(snapshot)) == ["a"]
    assert listing(snapshot) == Collection(BOX, NORTH, "complete", 1)
    assert rows(snapshot)["box:GetLid"].outcomes == {"gone": 1, "value": 1}


def test_a_code_that_documents_absence_gives_the_declared_value_else_null() -> None:
    absent = getter(
        "box:GetLid",
        raising(denied("NoSuchLid")),
        "lid",
        "colour",
        absent_codes=frozenset({"NoSuchLid"}),
        absent={"lid": False},
    )

    assert boxes(scan(Scripted((lister(box("a")), absent)), "lid", "colour"))["a"].properties == {
        "lid": False,
        "colour": None,
    }


def test_what_needs_an_unread_property_is_unread_for_the_same_reason_and_not_called() -> None:
    provider = Scripted(
        (
            lister(box("a")),
            getter("box:GetLid", raising(denied()), "lid"),
            getter("box:GetHinge", lambda b: {"hinge": 1}, "hinge", needs=("lid",)),
            getter("box:GetScrew", lambda b: {"screw": 1}, "screw", needs=("hinge",)),
        )
    )

    snapshot = scan(provider, "screw")

    assert boxes(snapshot)["a"].properties == {}
    assert boxes(snapshot)["a"].unread == {"/lid": DENIED, "/hinge": DENIED, "/screw": DENIED}
    assert [call[1] for call in provider.calls] == ["box:ListBoxes", "box:GetLid"]


def test_readers_run_level_by_level_and_see_what_they_need() -> None:
    provider = Scripted(
        (
            lister(box("a", size=2), fills=("size",)),
            getter("box:GetC", lambda b: {"c": b.properties["b"] + 1}, "c", needs=("b",)),
            getter("box:GetB", lambda b: {"b": b.properties["size"] + 1}, "b", needs=("size",)),
        )
    )

    assert boxes(scan(provider, "c"))["a"].properties == {"size": 2, "b": 3, "c": 4}


def test_a_shared_reader_is_called_once_for_equal_needs_however_many_ask_at_once() -> None:
    started = threading.Barrier(2, timeout=10)

    def slow(item: Resource) -> Any:
        # Both keys are under way before either answers, so that the others have to wait for them.
        started.wait()
        return {"shape": f"shape of {item.properties['kind']}"}

    found = [box(str(n), kind=n % 2) for n in range(200)]
    provider = Scripted(
        (lister(*found, fills=("kind",)), getter("box:GetShape", slow, "shape", needs=("kind",), shared=True))
    )

    snapshot = scan(provider, "shape")

    assert Counter(call[1] for call in provider.calls) == {"box:ListBoxes": 1, "box:GetShape": 2}
    assert {item.properties["shape"] for item in boxes(snapshot).values()} == {"shape of 0", "shape of 1"}
    assert all(item.properties["shape"].endswith(str(int(id_) % 2)) for id_, item in boxes(snapshot).items())


def test_equal_needs_of_another_region_are_asked_there() -> None:
    shape = getter("box:GetShape", lambda b: {"shape": b.region}, "shape", needs=("kind",), shared=True)
    provider = Scripted((lister(box("a", kind=1), fills=("kind",)), shape), regions=("north", "south"))

    snapshot = scan(provider, "shape")

    assert sorted(item.properties["shape"] for item in snapshot.resources) == ["north", "south"]


def test_a_failed_shared_reading_is_unread_on_everything_that_shares_it() -> None:
    found = [box(str(n), kind=1) for n in range(30)]
    shape = getter("box:GetLid", raising(denied()), "lid", needs=("kind",), shared=True)

    snapshot = scan(Scripted((lister(*found, fills=("kind",)), shape)), "lid")

    assert {tuple(item.unread.items()) for item in snapshot.resources} == {(("/lid", DENIED),)}
    assert rows(snapshot)["box:GetLid"].calls == 1


def test_a_property_that_a_reader_forgets_is_unread_not_null() -> None:
    snapshot = scan(
        Scripted((lister(box("a")), getter("box:GetLid", lambda b: {"lid": 1}, "lid", "rim"))), "lid", "rim"
    )

    missing = Unread("missing_attribute", "box:GetLid")
    assert boxes(snapshot)["a"].properties == {"lid": 1}
    assert boxes(snapshot)["a"].unread == {"/rim": missing}
    assert rows(snapshot)["box:GetLid"].failures == (("a", "missing_attribute", "", ""),)


def test_what_an_answer_lacks_is_in_the_ledger_under_its_reader() -> None:
    snapshot = scan(Scripted((lister(box("a", size=MISSING), fills=("size",)),)), "size")

    assert boxes(snapshot)["a"].unread == {"/size": replace(MISSING, operation="box:ListBoxes")}
    assert rows(snapshot)["box:ListBoxes"].failures == (("a", "missing_attribute", "", ""),)


def test_a_resource_that_is_listed_twice_the_same_is_one() -> None:
    snapshot = scan(Scripted((lister(box("a", size=1), box("a", size=1), fills=("size",)),)), "size")

    assert listing(snapshot).count == 1
    assert boxes(snapshot)["a"].properties == {"size": 1}


def test_a_resource_that_is_listed_twice_otherwise_is_not_known() -> None:
    snapshot = scan(
        Scripted((lister(box("a", size=1, lid=1), box("a", size=2, lid=1), fills=("size", "lid")),)), "size"
    )

    assert boxes(snapshot)["a"].properties == {"lid": 1}
    assert boxes(snapshot)["a"].unread["/size"].reason == "ambiguous"


def adder(operation: str, items: list[Found] | Exception, *fills: str, **settings: Any) -> Reader:
    def read(ask: Asker, scope: Scope) -> Any:
        ask(operation)
        if isinstance(items, Exception):
            raise items
        yield from items

    return Reader((operation,), read, {BOX: fills}, (operation,), **settings)


def test_a_reading_of_the_scope_adds_to_what_was_listed_and_only_to_that() -> None:
    used = adder(
        "box:ListUses", [box("a", uses=3), box("never listed", uses=1)], "uses", unmentioned={BOX: {"uses": 0}}
    )

    snapshot = scan(Scripted((lister(box("a"), box("b")), used)), "uses")

    assert {id_: item.properties for id_, item in boxes(snapshot).items()} == {"a": {"uses": 3}, "b": {"uses": 0}}


def test_a_reading_of_the_scope_that_broke_off_leaves_its_properties_unread_everywhere() -> None:
    used = adder("box:ListUses", denied(), "uses", unmentioned={BOX: {"uses": 0}})

    snapshot = scan(Scripted((lister(box("a"), box("b")), used)), "uses")

    assert [item.properties for item in snapshot.resources] == [{}, {}]
    assert {item.unread["/uses"].permission for item in snapshot.resources} == {"box:ListUses"}


def test_what_nobody_mentions_is_unread_where_silence_means_nothing() -> None:
    snapshot = scan(Scripted((lister(box("a")), adder("box:ListUses", [], "uses"))), "uses")

    assert boxes(snapshot)["a"].unread == {"/uses": Unread("missing_attribute", "box:ListUses")}


def test_an_unexpected_exception_of_a_reader_surfaces() -> None:
    provider = Scripted((lister(*map(box, "abcdefgh")), getter("box:GetLid", raising(RuntimeError("bug")), "lid")))

    with pytest.raises(RuntimeError, match="bug"):
        scan(provider, "lid")


def test_an_unexpected_exception_of_a_shared_reader_leaves_nobody_waiting() -> None:
    found = [box(str(n), kind=1) for n in range(50)]
    shape = getter("box:GetLid", raising(AssertionError("bug")), "lid", needs=("kind",), shared=True)

    with pytest.raises(AssertionError, match="bug"):
        scan(Scripted((lister(*found, fills=("kind",)), shape)), "lid")


def test_an_unexpected_exception_of_a_listing_surfaces() -> None:
    with pytest.raises(RuntimeError, match="bug"):
        scan(Scripted((lister(RuntimeError("bug")),)))


def test_a_value_that_json_has_no_form_for_is_a_bug_that_surfaces() -> None:
    with pytest.raises(TypeError, match="holds a set"):
        scan(Scripted((lister(box("a")), getter("box:GetLid", lambda b: {"lid": {1}}, "lid"))), "lid")


def test_a_run_that_is_stopped_ends_with_everything_else_cancelled() -> None:
    cancelled = threading.Event()
    asked: list[str] = []

    def lid(item: Resource) -> Any:
        asked.append(item.id)
        cancelled.set()
        return {"lid": 1}

    found = [box(f"{n:03}") for n in range(300)]
    provider = Scripted((lister(*found), getter("box:GetLid", lid, "lid", governed=True)))

    snapshot = scan(provider, "lid", cancelled=cancelled)

    labels = Counter(item.unread["/lid"].reason if item.unread else "value" for item in snapshot.resources)
    assert labels == {"value": len(asked), "cancelled": 300 - len(asked)}
    assert 0 < len(asked) < 100
    assert rows(snapshot)["box:GetLid"].outcomes == labels


def test_a_trial_reads_single_resources_of_the_first_only() -> None:
    provider = Scripted((lister(box("a"), box("b")), getter("box:GetLid", lambda b: {"lid": 1}, "lid")))

    snapshot = scan(provider, "lid", sample=1)

    assert [call[1:] for call in provider.calls] == [("box:ListBoxes",), ("box:GetLid", "a")]
    assert listing(snapshot).count == 2


def test_every_resource_is_held_to_its_schema_once_it_is_whole() -> None:
    seen: list[Any] = []

    def conforms(item: Resource) -> Resource:
        seen.append(dict(item.properties))
        return replace(item, properties={})

    provider = Scripted((lister(box("a", size=1), fills=("size",)), getter("box:GetLid", lambda b: {"lid": 1}, "lid")))

    assert boxes(scan(provider, "lid", conforms=conforms))["a"].properties == {}
    assert seen == [{"size": 1, "lid": 1}]


def test_a_type_that_comes_with_the_discovery_needs_no_listing() -> None:
    region = "Test::Region"
    provider = Scripted(
        (getter("box:GetLid", lambda b: {"lid": 1}, "lid"),),
        types={region: ResourceType(region)},
        discovered={region: ("opted_in",)},
        regions=("north", "south"),
        given=(("north", Found(region, "north", {"opted_in": True})),),
    )

    snapshot = scan(provider, reads={region: ["opted_in"]})

    assert [(row.scope.region, row.state, row.count) for row in snapshot.collections] == [
        ("north", "complete", 1),
        ("south", "complete", 0),
    ]
    assert snapshot.resources[0].properties == {"opted_in": True}
    assert provider.calls == []


def test_a_discovery_that_could_not_name_the_regions_leaves_regional_listings_open() -> None:
    vault = "Test::Vault"
    why = Unread("access_denied", "test:ListRegions", "test:ListRegions", "AccessDenied")
    vaults = Reader(("box:ListVaults",), lambda ask, scope: [], {}, (), where=GLOBAL, lists=(vault,))
    provider = Scripted(
        (lister(), vaults),
        types={BOX: ResourceType(BOX), vault: ResourceType(vault, GLOBAL)},
        failures={"test:ListRegions": why},
    )

    snapshot = scan(provider, reads={BOX: [], vault: []})

    assert {(row.type, row.scope.region, row.state) for row in snapshot.collections} == {
        (BOX, "north", "complete"),
        (BOX, "*", "failed"),
        (vault, GLOBAL, "complete"),
    }
    assert ("", "access_denied", "test:ListRegions", "AccessDenied") in rows(snapshot)["test:ListRegions"].failures


def test_progress_ends_at_as_many_as_it_knows_of() -> None:
    told: list[tuple[int, int]] = []
    provider = Scripted((lister(*map(box, "abc")), getter("box:GetLid", lambda b: {"lid": 1}, "lid")))

    scan(provider, "lid", observer=Counting(lambda ended, known: told.append((ended, known))))

    assert max(told) == (4, 4)
    assert len(told) == 4


# --- whatever happens, nothing is lost -------------------------------------------------------------------------------

FATES = st.sampled_from(["value", "denied", "gone", "absent", "malformed", "forgets"])


@settings(max_examples=25, deadline=None)
@given(
    fates=st.lists(st.tuples(FATES, FATES, st.integers(0, 3)), max_size=40),
    broken=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_every_resource_and_every_property_ends_one_way(
    fates: list[tuple[str, str, int]], broken: bool, seed: int
) -> None:
    chance = random.Random(seed)
    delays = [chance.random() / 2000 for _ in range(64)]

    def told(which: int, name: str) -> Any:
        def answer(item: Resource) -> Any:
            time.sleep(delays[hash((item.id, name)) % 64])
            fate = fates[int(item.id)][which]
            if fate == "malformed":
                raise KeyError("Lid")
            if fate in ("denied", "gone", "absent"):
                raise denied({"denied": "AccessDenied", "gone": "NoSuchBox", "absent": "NoSuchLid"}[fate])
            return {} if fate == "forgets" else {name: item.id}

        return answer

    codes = {"gone_codes": frozenset({"NoSuchBox"}), "absent_codes": frozenset({"NoSuchLid"})}
    listed = [box(str(n), kind=kind) for n, (_, _, kind) in enumerate(fates)]
    provider = Scripted(
        (
            lister(*listed, *([denied()] if broken else []), fills=("kind",)),
            getter("box:GetLid", told(0, "lid"), "lid", **codes),
            getter("box:GetRim", told(1, "rim"), "rim", needs=("lid",), **codes),
            getter("box:GetShape", lambda b: {"shape": b.properties["kind"]}, "shape", needs=("kind",), shared=True),
        )
    )

    snapshot = scan(provider, "rim", "shape")

    gone = {
        str(n)
        for n, (lid, rim, _) in enumerate(fates)
        if lid == "gone" or (lid in ("value", "absent") and rim == "gone")
    }
    held = boxes(snapshot)
    assert set(held) == {str(n) for n in range(len(fates))} - gone
    for item in held.values():
        names = {"kind", "lid", "rim", "shape"}
        unread = {pointer[1:] for pointer in item.unread}
        assert set(item.properties) | unread == names
        assert not set(item.properties) & unread
        assert item.properties["shape"] == item.properties["kind"]
    assert listing(snapshot).state == ("failed" if broken else "complete")
    assert listing(snapshot).count == len(held)
    asked = Counter(call[1] for call in provider.calls)
    assert asked["box:GetShape"] <= len({kind for _, _, kind in fates})
    assert all(row.planned == sum(row.outcomes.values()) for row in snapshot.ledger)


def test_hundreds_of_slow_resources_over_many_lanes_end_without_a_deadlock() -> None:
    chance = random.Random(7)
    delays = [chance.random() / 500 for _ in range(1000)]

    def slow(item: Resource) -> Any:
        time.sleep(delays[int(item.id)])
        return {"lid": item.properties.get("kind"), "rim": 1, "shape": 1}

    found = [box(str(n), kind=n % 7) for n in range(400)]
    provider = Scripted(
        (
            lister(*found, fills=("kind",)),
            getter("one:GetLid", slow, "lid", governed=True),
            getter("two:GetRim", slow, "rim", needs=("lid",), governed=True),
            getter("three:GetShape", slow, "shape", needs=("lid",), shared=True, governed=True),
        ),
        regions=("north", "south"),
    )

    snapshot = scan(provider, "rim", "shape")

    assert len(snapshot.resources) == 800
    assert all(item.unread == {} for item in snapshot.resources)
    assert Counter(call[1] for call in provider.calls)["three:GetShape"] == 14


def test_a_throttled_reading_is_asked_again_until_it_is_answered() -> None:
    left = Counter({"a": 3, "b": 9})

    def lid(item: Resource) -> Any:
        if left[item.id]:
            left[item.id] -= 1
            raise Refused(Failure("throttled", "SlowDown", temporary=True))
        return {"lid": 1}

    provider = Scripted((lister(box("a"), box("b")), getter("box:GetLid", lid, "lid", governed=True)))

    snapshot = scan(provider, "lid")

    assert all(item.properties == {"lid": 1} for item in snapshot.resources)
    row = rows(snapshot)["box:GetLid"]
    assert (row.planned, row.calls, row.retries) == (2, 2, 12)


def test_a_poll_that_is_stopped_is_cancelled() -> None:
    def read(ask: Asker, scope: Scope) -> Any:
        raise Cancelled

    snapshot = scan(Scripted((Reader(("box:ListBoxes",), read, {}, (), lists=(BOX,)),)))

    assert listing(snapshot).unread == Unread("cancelled", "box:ListBoxes")


# --- what is known without asking ---


def test_what_a_resource_says_by_itself_is_neither_planned_nor_asked_for() -> None:
    lid = getter(
        "box:GetLid",
        lambda item: {"lid": True},
        "lid",
        needs=("size",),
        known=lambda item: {"lid": False} if item.properties["size"] < 2 else None,
    )
    provider = Scripted((lister(box("a", size=1), box("b", size=2), fills=("size",)), lid))

    snapshot = scan(provider, "size", "lid")

    assert {id_: item.properties["lid"] for id_, item in boxes(snapshot).items()} == {"a": False, "b": True}
    row = rows(snapshot)["box:GetLid"]
    assert (row.planned, row.calls, row.outcomes) == (1, 1, {"value": 1})
    assert provider.calls == [("north", "box:ListBoxes"), ("north", "box:GetLid", "b")]


def test_what_a_resource_does_not_say_for_want_of_a_part_is_asked_for() -> None:
    def known(item: Resource) -> Any:
        return {"lid": False} if item.properties["sides"][0]["length"] else None

    lid = getter("box:GetLid", lambda item: {"lid": True}, "lid", needs=("sides",), known=known)
    sides = [{"length": Unread("missing_attribute")}]

    snapshot = scan(Scripted((lister(box("a", sides=sides), fills=("sides",)), lid)), "sides", "lid")

    assert boxes(snapshot)["a"].properties["lid"] is True


# --- confirming ---


def test_what_an_index_told_is_confirmed_resource_by_resource_and_the_rest_stays_as_it_was() -> None:
    service = lister(box("a", size=2), box("b", size=2), box("d", size=2), operation="box:List", fills=("size",))
    index = lister(
        box("a", size=1),
        box("b", size=1),
        box("c", size=1),
        fills=("size",),
        confirmed_by=(service,),
    )
    lid = getter("box:GetLid", lambda item: {"lid": item.properties["size"] == 1}, "lid", needs=("size",))
    provider = Scripted((index, lid))
    doubts = {(BOX, "a"): frozenset({"size"}), (BOX, "c"): frozenset({"size"})}

    snapshot = scan(provider, "size", "lid", doubted=lambda read: doubts)

    assert {id_: dict(item.properties) for id_, item in boxes(snapshot).items()} == {
        # By its size of now, its lid was read again.
        "a": {"size": 2, "lid": False},
        "b": {"size": 1, "lid": True},
    }
    assert listing(snapshot) == Collection(BOX, NORTH, "complete", 2)
    assert rows(snapshot)["box:List"].outcomes == {"gone": 1, "value": 1}
    assert (rows(snapshot)["box:GetLid"].planned, rows(snapshot)["box:GetLid"].calls) == (4, 4)


@pytest.mark.parametrize("last", [denied(), KeyError("Boxes")], ids=["denied", "malformed"])
def test_what_a_confirming_listing_did_not_reach_stays_as_the_index_told_it(last: Exception) -> None:
    service = lister(box("a", size=2), last, operation="box:List", fills=("size",))
    index = lister(box("a", size=1), box("b", size=1), fills=("size",), confirmed_by=(service,))
    doubts = {(BOX, id_): frozenset({"size"}) for id_ in "ab"}

    snapshot = scan(Scripted((index,)), "size", doubted=lambda read: doubts)

    assert {id_: item.properties["size"] for id_, item in boxes(snapshot).items()} == {"a": 2, "b": 1}
    assert listing(snapshot) == Collection(BOX, NORTH, "complete", 2)
    assert len(rows(snapshot)["box:List"].failures) == 1


# --- alternatives ---


def test_an_alternative_stands_in_for_a_listing_that_failed() -> None:
    other = lister(box("a", size=1), box("b", size=2), fills=("size",), operation="box:ListSlowly")
    bulk = lister(box("c", size=3), denied(), fills=("size",), alternatives=(other,))

    snapshot = scan(Scripted((bulk,)), "size")

    assert {id_: dict(item.properties) for id_, item in boxes(snapshot).items()} == {"a": {"size": 1}, "b": {"size": 2}}
    assert listing(snapshot) == Collection(BOX, NORTH, "complete", 2)
    assert rows(snapshot)["box:ListBoxes"].outcomes == {"access_denied": 1}
    assert rows(snapshot)["box:ListSlowly"].outcomes == {"value": 1}


def test_an_alternative_does_not_run_where_it_is_not_needed() -> None:
    other = lister(box("b", size=2), fills=("size",), operation="box:ListSlowly")

    snapshot = scan(Scripted((lister(box("a", size=1), fills=("size",), alternatives=(other,)),)), "size")

    assert set(boxes(snapshot)) == {"a"}
    assert set(rows(snapshot)) >= {"box:ListBoxes"}
    assert "box:ListSlowly" not in rows(snapshot)


def test_a_listing_whose_alternative_fails_too_is_failed_as_that() -> None:
    other = lister(denied(), fills=("size",), operation="box:ListSlowly")

    snapshot = scan(Scripted((lister(denied(), fills=("size",), alternatives=(other,)),)), "size")

    assert listing(snapshot).state == "failed"
    assert listing(snapshot).unread is not None
    assert listing(snapshot).unread.operation == "box:ListSlowly"


def test_properties_of_all_are_read_one_by_one_where_the_bulk_failed() -> None:
    alone = getter("box:GetLid", lambda item: {"lid": item.id == "a"}, "lid")
    bulk = adder("box:ListLids", denied(), "lid", alternatives=(alone,))

    snapshot = scan(Scripted((lister(box("a"), box("b")), bulk)), "lid")

    assert {id_: (dict(item.properties), dict(item.unread)) for id_, item in boxes(snapshot).items()} == {
        "a": ({"lid": True}, {}),
        "b": ({"lid": False}, {}),
    }
    assert rows(snapshot)["box:GetLid"].outcomes == {"value": 2}


def test_readers_that_become_one_are_asked_once() -> None:
    def one(readers: tuple[Reader, ...]) -> Reader:
        made = [reader.fills[BOX][0] for reader in readers]

        def read(ask: Asker, scope: Scope) -> Any:
            ask("box:ListAll", *made)
            yield box("a", **dict.fromkeys(made, 1))

        return Reader(("box:ListAll",), read, {BOX: tuple(made)}, ("box:ListAll",), together=one)

    parts = [
        Reader(("box:ListAll",), raising(AssertionError()), {BOX: (name,)}, ("box:ListAll",), together=one)
        for name in "xyz"
    ]
    provider = Scripted((lister(box("a")), *parts))

    snapshot = scan(provider, "x", "z")

    assert boxes(snapshot)["a"].properties == {"x": 1, "z": 1}
    assert [call for call in provider.calls if "box:ListAll" in call] == [("north", "box:ListAll", "x", "z")]
