"""The planner: only what checks read is read, and what reading that needs. And the declarations that it relies on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collection.planner import Plan, plan
from engine.content.resources import load_types
from engine.content.root import find
from engine.errors import NoReader, UsageError
from engine.model import CLOUDS, LISTINGS
from engine.permissions import FORMS, actions
from engine.run import reads
from providers import EXTRAS, Declared, declared
from providers.base import GLOBAL, Reader, ResourceType, WrongDeclaration
from tests.collectors.scan import compiled
from tests.unit.scripted import BOX, Scripted, getter, lister


def planned(readers: Iterable[Reader], reads: Mapping[str, Iterable[str]]) -> Plan:
    return Scripted(tuple(readers)).planned(reads)


def names(plan: Plan) -> list[str]:
    return [reader.name for reader in plan.readers]


LISTER = lister(fills=("size",))
LID = getter("box:GetLid", lambda item: {}, "lid", "rim")
HINGE = getter("box:GetHinge", lambda item: {}, "hinge", needs=("lid", "size"))
SCREW = getter("box:GetScrew", lambda item: {}, "screw", needs=("hinge",))
ALL = (SCREW, HINGE, LID, LISTER)


@pytest.mark.parametrize(
    ("reads", "readers"),
    [
        ((), ["box:ListBoxes"]),
        (("size",), ["box:ListBoxes"]),
        (("lid",), ["box:ListBoxes", "box:GetLid"]),
        (("lid", "rim"), ["box:ListBoxes", "box:GetLid"]),
        (("hinge",), ["box:ListBoxes", "box:GetLid", "box:GetHinge"]),
        (("screw",), ["box:ListBoxes", "box:GetLid", "box:GetHinge", "box:GetScrew"]),
    ],
)
def test_what_is_read_and_what_that_needs_is_planned_and_nothing_else(
    reads: tuple[str, ...], readers: list[str]
) -> None:
    assert names(planned(ALL, {BOX: reads})) == readers


def test_readers_are_ordered_by_what_they_need() -> None:
    levels = planned(ALL, {BOX: ["screw", "rim"]}).levels[BOX]

    assert [[reader.name for reader in level] for level in levels] == [
        ["box:GetLid"],
        ["box:GetHinge"],
        ["box:GetScrew"],
    ]


def test_the_permissions_are_those_of_the_planned_readers_and_of_the_discovery() -> None:
    provider = Scripted(ALL)
    plan = provider.planned({BOX: ["lid"]})

    assert plan.permissions == ("box:GetLid", "box:ListBoxes")
    assert actions(plan, provider) == ("box:GetLid", "box:ListBoxes", "test:WhoAmI")  # type: ignore[arg-type]


def test_the_listers_of_a_type_are_its_queries() -> None:
    assert planned(ALL, {BOX: ["lid"]}).listers(BOX) == ("box:ListBoxes",)


def test_what_comes_with_the_discovery_needs_no_reader() -> None:
    plan = Scripted((getter("box:GetLid", lambda item: {}, "lid"),), discovered={BOX: ("opted_in",)}).planned(
        {BOX: ["opted_in", "lid"]}
    )

    assert names(plan) == ["box:GetLid"]
    assert plan.wanted == {BOX: frozenset({"opted_in", "lid"})}


@pytest.mark.parametrize(
    ("readers", "reads", "said"),
    [
        (ALL, {BOX: ["colour"]}, "no reader of Test::Box fills colour"),
        ((LID,), {BOX: []}, "no reader lists Test::Box"),
        (
            (
                LISTER,
                getter("box:A", lambda i: {}, "a", needs=("b",)),
                getter("box:B", lambda i: {}, "b", needs=("a",)),
            ),
            {BOX: ["a"]},
            "need each other",
        ),
    ],
)
def test_what_cannot_be_read_is_said_before_anything_is(
    readers: tuple[Reader, ...], reads: Mapping[str, Iterable[str]], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        planned(readers, reads)


@given(st.permutations(ALL), st.sets(st.sampled_from(["size", "lid", "rim", "hinge", "screw"])))
def test_every_need_is_filled_before_it_is_needed_in_any_order_of_declaration(
    readers: list[Reader], reads: set[str]
) -> None:
    plan = planned(readers, {BOX: reads})

    known = {name for reader in plan.per_scope for name in reader.fills.get(BOX, ())}
    for level in plan.levels.get(BOX, ()):
        assert all(known.issuperset(reader.needs) for reader in level)
        known |= {name for reader in level for name in reader.fills[BOX]}
    assert reads <= known


# --- what providers declare ---


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        # The type's listing would be complete and empty: nothing would ever be said of it.
        ({"per": "resource", "of": BOX, "lists": (BOX,)}, "lists"),
        ({"per": "resource"}, "of, fills"),
        ({"per": "resource", "of": "Test::Lid"}, "fills"),
        ({"per": "resource", "of": BOX, "unmentioned": {BOX: {"lid": None}}}, "unmentioned"),
        ({"of": BOX}, "of"),
        ({"needs": ("size",)}, "needs"),
        ({"shared": True}, "shared"),
        ({"gone_codes": frozenset({"NoSuchBox"})}, "gone_codes"),
    ],
)
def test_a_reader_that_no_run_would_carry_out_as_declared_is_refused(wrong: dict[str, Any], named: str) -> None:
    told = f"declaring the reader box:GetLid: a reader per {wrong.get('per', 'scope')} cannot have such {named}"
    with pytest.raises(ValueError, match=f"^{told}$"):
        Reader(("box:GetLid",), lambda box, item: {}, {BOX: ("lid",)}, (), **wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"where": "regoin"}, "where is one of global, region, organization, not regoin"),
        ({"per": "resorce"}, "per is one of scope, resource, not resorce"),
        ({"permissions": ("box:Get")}, 'a text where several may stand, in permissions: write ("x",)'),
        ({"fills": {BOX: "lid"}}, 'a text where several may stand, in fills of Test::Box: write ("x",)'),
    ],
)
def test_a_word_that_means_nothing_in_a_declaration_is_refused(wrong: dict[str, Any], told: str) -> None:
    declaration = {"operations": ("box:GetLid",), "fills": {BOX: ("lid",)}, "permissions": (), **wrong}
    with pytest.raises(WrongDeclaration, match=f"^declaring the reader box:GetLid: {re.escape(told)}$"):
        Reader(read=lambda box, item: {}, **declaration)


def test_what_no_reader_fills_is_told_with_the_check_that_reads_it_and_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (check,) = compiled(("aws.sqs.dead_letter_queue",))
    package = SimpleNamespace(TYPES={}, READERS=(), DISCOVERED={}, DISCOVERY=(), entering=None)
    monkeypatch.setattr(reads, "declared", lambda provider: Declared(package))
    with pytest.raises(NoReader) as caught:
        reads.plans([check])
    last = sorted(check.reads["AWS::SQS::Queue"])[-1]
    assert (str(caught.value), caught.value.__notes__) == (
        f"planning what to read: no reader of AWS::SQS::Queue fills {last}: one of providers/aws has to have it in "
        "`fills`, and where there is SERVICES, that has to name its module (docs/writing-a-provider.md)",
        [f"  {check.check.path} reads it"],
    )


def test_a_type_that_readers_list_and_the_provider_does_not_name_is_told() -> None:
    package = SimpleNamespace(TYPES={}, READERS=(LISTER,), DISCOVERED={}, DISCOVERY=(), entering=None)
    told = "declaring providers/box: its TYPES lack Test::Box, which its readers give"
    with pytest.raises(WrongDeclaration, match=f"^{told}$"):
        plan("box", Declared(package), {BOX: ["size"]})


DECLARED = [(provider, reader) for provider in EXTRAS for reader in declared(provider).readers]
IDS = [f"{provider}-{reader.name}-{reader.of}" for provider, reader in DECLARED]


@pytest.mark.parametrize(("provider", "reader"), DECLARED, ids=IDS)
def test_a_declared_reader_can_be_planned_as_it_is(provider: str, reader: Reader) -> None:
    types: Mapping[str, ResourceType] = declared(provider).types
    assert set(reader.fills) | set(reader.lists) <= set(types)
    if reader.per == "scope":
        # Otherwise the listing would wait for a reader that never runs in its scopes, or be complete without one.
        assert {types[name].where for name in (*reader.lists, *reader.fills)} == {reader.where}
    assert not reader.absent_codes & reader.gone_codes
    assert not reader.off_codes & (reader.absent_codes | reader.gone_codes)
    # What is shared is asked for one resource: that one's being gone says nothing of the others.
    assert not (reader.shared and reader.gone_codes)
    assert not (reader.shared and not reader.needs)


@pytest.mark.parametrize("provider", EXTRAS)
def test_every_property_of_every_schema_has_one_reader(provider: str) -> None:
    found = declared(provider)
    given = Counter(
        [(type_, name) for reader in found.readers for type_, names in reader.fills.items() for name in names]
        + [(type_, name) for type_, names in found.discovered.items() for name in names]
    )
    assert [key for key, count in given.items() if count > 1] == []
    schemas = load_types(find().schemas)
    wanted = {(type_, name) for type_ in found.types for name in schemas[type_].properties}
    assert wanted - set(given) == set()
    assert {(type_, name) for type_, name in given if name != "tags"} - wanted == set()


@pytest.mark.parametrize("provider", EXTRAS)
def test_every_type_has_one_lister_or_comes_with_the_discovery(provider: str) -> None:
    found = declared(provider)
    listers = Counter(name for reader in found.readers for name in reader.lists)
    listers.update(found.discovered.keys())
    assert listers == Counter(dict.fromkeys(found.types, 1))


@pytest.mark.parametrize("provider", EXTRAS)
def test_readers_of_a_scope_can_be_told_apart_by_name(provider: str) -> None:
    readers = [reader for reader in declared(provider).readers if reader.per == "scope"]
    # Those that become one reader in a plan share its name.
    per_scope = Counter(name for name, _ in {(reader.name, reader.together or id(reader)) for reader in readers})
    assert max(per_scope.values()) == 1


def test_a_global_type_is_listed_once_and_a_regional_one_in_each_region() -> None:
    types = declared("aws").types
    assert types["AWS::IAM::User"].where == GLOBAL
    assert types["AWS::EC2::Volume"].where == "region"


def test_every_table_of_providers_names_the_same_ones() -> None:
    """What is on one side only: see the table at the end of docs/writing-a-provider.md."""
    schema = json.loads((find().schemas / "organization.schema.json").read_text())["properties"]
    boundary = schema["boundary"]["items"]["properties"]["provider"]["enum"]
    assert ({*EXTRAS}, {*schema["providers"]["items"]["enum"]}) == ({*CLOUDS, LISTINGS}, {*CLOUDS, LISTINGS})
    assert {*boundary} == {*CLOUDS} == {*schema["access"]["properties"]}
    assert {*FORMS["policy"]} == {*CLOUDS}
