"""Plays AWS's recorded answers to the real adapter, in the place of the network.

A scenario is what somebody recorded of one account: a folder of ``<endpoint prefix>.<Operation>_<N>.json`` files in
the form of placebo (what botocore parsed, with its status), or one document of iam:GetAccountAuthorizationDetails as
the command line prints it. botocore's clients ask their ``before-call`` event before they send anything; here it
answers, so that everything of the adapter but the network and botocore's parsers runs. What JSON could not hold is
made again by the operation's own model: times, bytes, and policy documents as IAM quotes them.

Which recorded answer a request gets: that of the next page, where it names the token of a recorded page; one that
mentions what the request names; else the next in the recording's order, and the first again after the last. An answer
about another attribute than the one that is asked for is none. An
operation that was not recorded fails as :data:`NOT_RECORDED`. One prefix can serve two APIs (elasticloadbalancing,
apigateway), so an answer counts only for an operation that returns its members.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import botocore.session
import jmespath
from botocore.awsrequest import AWSResponse
from botocore.utils import parse_timestamp

from engine.collection import collect, directory, entered
from engine.collection.conformance import conforming
from engine.collection.lanes import Pool
from engine.collection.limiter import Limiter
from engine.collection.outcomes import attempt, properties
from engine.collection.planner import plan
from engine.content.resources import ResourceSchema
from engine.model import GLOBAL, Resource, Scope, Snapshot
from providers import declared
from providers.aws.adapter import Aws
from providers.aws.caller import Caller
from providers.aws.clients import Clients
from providers.base import Reader, Tally
from providers.values import merged, resource

T = TypeVar("T")

RECORDED: Final = Path(__file__).resolve().parents[2].parent / "shared" / "recorded" / "aws"
NOT_RECORDED: Final = "NotRecorded"
"""The error code of an operation that the scenario does not hold."""
PAGE_NOT_RECORDED: Final = "PageNotRecorded"
"""The error code of a page that the scenario does not hold, though it holds the one before."""
AT: Final = "2026-11-23T12:00:00Z"

_FILE: Final = re.compile(r"(?P<prefix>[a-z0-9.-]+)\.(?P<operation>[A-Za-z0-9]+)_(?P<number>\d+)\.json")
_ARN: Final = re.compile(r"arn:(?P<partition>aws[a-z-]*):[a-z0-9-]+:(?P<region>[a-z0-9-]*):(?P<account>\d{12}):")
_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)[a-z]")
_TOKENS: Final = ("NextToken", "nextToken", "NextMarker", "Marker")
"""What pages are asked for by, where no table says."""
_DETAILS: Final = frozenset({"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"})


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer. ``data`` is as the file has it; ``prefix`` the service's endpoint prefix."""

    prefix: str
    operation: str
    number: int
    status: int
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """What was recorded of one account, in the recording's order."""

    name: str
    recordings: tuple[Recording, ...]

    @cached_property
    def _seen(self) -> dict[str, Counter[str]]:
        """How often the recording names each partition, region and account."""
        seen: dict[str, Counter[str]] = {"partition": Counter(), "region": Counter(), "account": Counter()}
        for key, text in (leaf for recording in self.recordings for leaf in _texts(recording.data)):
            for arn in _ARN.finditer(text):
                for part, value in arn.groupdict().items():
                    seen[part][value] += 1
            if key == "OwnerId" and re.fullmatch(r"\d{12}", text):
                seen["account"][text] += 1
            if key == "AvailabilityZone" and (zone := _ZONE.fullmatch(text)):
                seen["region"][zone[1]] += 1
        del seen["region"][""]
        return seen

    def _most(self, part: str, otherwise: str) -> str:
        return min(self._seen[part], key=lambda value: (-self._seen[part][value], value), default=otherwise)

    @property
    def partition(self) -> str:
        """The partition that most ARNs name."""
        return self._most("partition", "aws")

    @property
    def account(self) -> str:
        """The account that most ARNs name: whose recording it is."""
        return self._most("account", "123456789012")

    @property
    def region(self) -> str:
        """The region that most ARNs and zones name."""
        return self._most("region", "us-east-1")

    def answers(self, prefix: str, model: Any) -> list[Recording]:
        """What was recorded of an operation (botocore's model of it), in order."""
        members = frozenset(model.output_shape.members) if model.output_shape else frozenset()
        return [
            recording
            for recording in self.recordings
            if (recording.prefix, recording.operation) == (prefix, model.name)
            and (recording.status >= 300 or _returns(members, recording))
        ]


def _returns(members: frozenset[str], recording: Recording) -> bool:
    """Whether an operation with these members gave that answer: AWS renames some, but not most of them."""
    held = recording.data.keys() - {"ResponseMetadata"}
    return held <= members or len(held & members) > len(held - members)


def scenarios(folder: Path = RECORDED) -> tuple[Scenario, ...]:
    """Every scenario below a folder, by name; none where there is no such folder."""
    found = []
    for path in sorted({path.parent for path in folder.rglob("*.json")}):
        files = sorted(path.glob("*.json"))
        recordings = [recording for recording in map(_recording, files) if recording is not None]
        if recordings:
            found.append(
                Scenario(path.name, tuple(sorted(recordings, key=lambda r: (r.prefix, r.operation, r.number))))
            )
        found += [Scenario(file.stem, (details,)) for file in files if (details := _details(file)) is not None]
    return tuple(found)


def _recording(file: Path) -> Recording | None:
    named = _FILE.fullmatch(file.name)
    if named is None:
        return None
    held = json.loads(file.read_bytes())
    return Recording(named["prefix"], named["operation"], int(named["number"]), held["status_code"], held["data"])


def _details(file: Path) -> Recording | None:
    """A whole document of authorization details, which names no operation."""
    if _FILE.fullmatch(file.name):
        return None
    held = json.loads(file.read_bytes())
    if not isinstance(held, dict) or not held.keys() >= _DETAILS:
        return None
    return Recording("iam", "GetAccountAuthorizationDetails", 1, 200, {name: held[name] for name in _DETAILS})


# --- which answer ----------------------------------------------------------------------------------------------------


class Recorded(Clients):
    """The adapter's clients, answered by a scenario.

    Who asks and which regions there are is made up, so that a scenario is replayed in its own region, whatever it says;
    with ``discovers`` only where it says nothing. ``given`` are the recordings that were given, in order.
    """

    def __init__(self, scenario: Scenario, *, discovers: bool = False) -> None:
        super().__init__(timeout=1.0, agent="recordings")
        self.scenario, self._discovers = scenario, discovers
        self.given: list[Recording] = []
        self._turns: Counter[tuple[int, ...]] = Counter()
        self._about_one: set[int] = set()
        """Recordings that mention what some request named: they are no answer to one that names something else."""
        self._answering: set[int] = set()

    @property
    def default_region(self) -> str:
        """The scenario's."""
        return self.scenario.region

    def get(self, service: str, region: str) -> Any:
        """A client whose requests the scenario answers."""
        client = super().get(service, region)
        if id(client) not in self._answering:
            self._answering.add(id(client))
            client.meta.events.register_first("before-parameter-build", _remember)
            client.meta.events.register_first("before-call", _Answering(self, service))
        return client

    def signing(self, account: str) -> AbstractContextManager[None]:
        """Nobody's credentials; no request is sent."""
        return nullcontext()

    def answer(self, service: str, model: Any, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the parsed answer of a request."""
        made = self._made(model.name)
        recording = self._chosen(service, model, asked) if made is None or self._discovers else None
        recording = recording or made
        if recording is None:
            recorded = self.scenario.answers(model.service_model.endpoint_prefix, model)
            code = PAGE_NOT_RECORDED if recorded else NOT_RECORDED
            message = f"{service}:{model.name} is not in {self.scenario.name}"
            return 400, {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}
        self.given.append(recording)
        shape = model.output_shape if recording.status < 300 else None
        data = rebuilt(recording.data, shape)
        # botocore's parser always adds it; what was recorded there is of no use to a reader.
        status = {"HTTPStatusCode": recording.status, "HTTPHeaders": {}}
        return recording.status, {**data, "ResponseMetadata": {**(data.get("ResponseMetadata") or {}), **status}}

    def _made(self, operation: str) -> Recording | None:
        """Answers that are not recorded: who asks, the one region of the replay, and that the report is there."""
        account, partition, region = self.scenario.account, self.scenario.partition, self.scenario.region
        made: dict[str, Mapping[str, Any]] = {
            "GetCallerIdentity": {"Account": account, "Arn": f"arn:{partition}:iam::{account}:user/recorded"},
            "DescribeRegions": {"Regions": [{"RegionName": region, "OptInStatus": "opt-in-not-required"}]},
            # Not a read operation, so that no recording has it.
            "GenerateCredentialReport": {"State": "COMPLETE"},
        }
        return Recording("", operation, 0, 200, made[operation]) if operation in made else None

    def _chosen(self, service: str, model: Any, asked: Mapping[str, Any]) -> Recording | None:
        prefix = model.service_model.endpoint_prefix
        recorded = [row for row in self.scenario.answers(prefix, model) if _about(row, model, asked)]
        table: Mapping[str, Any] = {"input_token": _TOKENS, "output_token": _TOKENS}
        with suppress(ValueError):
            table = self.paging(service, model.name)
        tokens = [_token(table, recording) for recording in recorded]
        wanted = [str(asked[name]) for name in _names(table.get("input_token")) if asked.get(name)]
        if wanted:
            following = zip(tokens, recorded[1:], strict=False)
            return next((recording for token, recording in following if token in wanted), None)
        firsts = [r for before, r in zip([None, *tokens], recorded, strict=False) if before is None]
        named = {value for value in asked.values() if isinstance(value, str)}
        about = [r for r in firsts if r.status < 300 and any(text in named for _, text in _texts(r.data))]
        self._about_one.update(map(id, about))
        return self._next(about or [r for r in firsts if id(r) not in self._about_one] or firsts)

    def _next(self, among: Sequence[Recording]) -> Recording | None:
        turn = tuple(map(id, among))
        self._turns[turn] += 1
        return among[(self._turns[turn] - 1) % len(among)] if among else None


def _about(recording: Recording, model: Any, asked: Mapping[str, Any]) -> bool:
    """Whether an answer is about the attribute that was asked for ("launchPermission": it holds LaunchPermissions)."""
    if recording.status >= 300 or model.output_shape is None:
        return True
    wanted = {
        form for value in asked.values() if isinstance(value, str) for form in (value.lower(), f"{value}s".lower())
    }
    members = [member for member in model.output_shape.members if member.lower() in wanted]
    return not members or any(member in recording.data for member in members)


@dataclass(frozen=True, slots=True)
class _Answering:
    """The handler of a client's ``before-call``."""

    clients: Recorded
    service: str

    def __call__(self, model: Any, context: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        status, data = self.clients.answer(self.service, model, context.get("asked", {}))
        return AWSResponse("", status, {}, None), data


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["asked"] = dict(params)


def _names(said: Any) -> list[str]:
    return [said] if isinstance(said, str) else list(said or ())


def _token(table: Mapping[str, Any], recording: Recording) -> str | None:
    """The token of the page that follows a recorded one, where one follows."""
    for expression in _names(table.get("output_token")):
        found = jmespath.search(expression, dict(recording.data))
        if found:
            return str(found)
    return None


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with the name that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, name)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, key)


# --- what JSON could not hold ----------------------------------------------------------------------------------------


def rebuilt(value: Any, shape: Any) -> Any:
    """A recorded value as botocore's parser gives it, by the model of its shape (None where there is none)."""
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(*(value.get(part, 0) for part in parts), tzinfo=UTC)
    if kind == "string" and isinstance(value, (dict, list)):
        text = json.dumps(value)
        # botocore decodes IAM's documents only after this.
        return quote(text) if shape.name == "policyDocumentType" else text
    if isinstance(value, dict):
        members = shape.members if kind == "structure" else {}
        below = {name: shape.value if kind == "map" else members.get(name) for name in value}
        return {name: rebuilt(item, below[name]) for name, item in value.items()}
    if isinstance(value, list):
        return [rebuilt(item, shape.member if kind == "list" else None) for item in value]
    if isinstance(value, str) and kind == "blob":
        return value.encode()
    if isinstance(value, (str, int)) and kind == "timestamp":
        with suppress(ValueError):
            return parse_timestamp(value)
    return value


# --- a replay --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Replayed:
    """What the adapter made of a scenario.

    ``snapshots`` are one a round: a scenario may hold an operation's answers from before and after a change.
    ``stand_ins`` are resources that no listing of the scenario holds, for readers whose recorded answers nothing else
    would have asked for; with each stands what was read of it. ``wanted`` maps each type to the properties that were
    planned. ``left`` are the recordings of operations that readers call and that were given to none.
    """

    snapshots: tuple[Snapshot, ...]
    stand_ins: tuple[tuple[Resource, frozenset[str]], ...]
    wanted: Mapping[str, frozenset[str]]
    given: tuple[Recording, ...] = field(repr=False)
    left: tuple[Recording, ...] = field(repr=False)

    @property
    def read(self) -> list[tuple[Resource, frozenset[str]]]:
        """Every resource with the properties that it must have, or say why not."""
        listed = (item for snapshot in self.snapshots for item in snapshot.resources)
        return [*((item, self.wanted[item.type]) for item in listed), *self.stand_ins]


def readers(scenario: Scenario) -> tuple[Reader, ...]:
    """The readers of AWS of whose operations the scenario holds at least one."""
    return tuple(reader for reader in declared("aws").readers if _recorded(scenario, reader))


def _recorded(scenario: Scenario, reader: Reader) -> list[Recording]:
    return [recording for operation in reader.operations for recording in scenario.answers(*_model(operation))]


def named(operation: str) -> tuple[str, str]:
    """An operation as recordings name it: ("elasticloadbalancing", "DescribeRules") for "elbv2:DescribeRules"."""
    prefix, model = _model(operation)
    return prefix, model.name


@cache
def _model(operation: str) -> tuple[str, Any]:
    service, _, name = operation.partition(":")
    model = _session().get_service_model(service).operation_model(name)
    return model.service_model.endpoint_prefix, model


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def replay(
    scenario: Scenario, types: Mapping[str, ResourceSchema], examples: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Replayed:
    """Let the adapter read an account that answers with the scenario, until it was given all or nothing more.

    ``examples`` are properties that resources of a type can have; a stand-in has of them what a reader needs. One
    thread asks, so that the order of the requests, and with it what they get, is always the same.
    """
    conforms = conforming({name: schema.type for name, schema in types.items()})
    mine = readers(scenario)
    made = plan("aws", declared("aws"), _wanted(mine))
    clients = Recorded(scenario)
    adapter = Aws(clients)
    limiter = Limiter(lambda seconds: None, threading.Event())
    (account,) = directory(adapter, limiter).accounts
    discovery = entered(adapter, account, limiter)

    def collected() -> Snapshot:
        pool = Pool(1)
        try:
            return collect(made, adapter, discovery, limiter, lambda: AT, conforms, pool=pool)
        finally:
            pool.close()

    concerned = {id(recording): recording for reader in mine for recording in _recorded(scenario, reader)}
    snapshots = list(_rounds(clients, list(concerned.values()), collected, at_least=1))
    listed = {row.type for snapshot in snapshots for row in snapshot.collections if row.state != "failed"}
    stand_ins = _StandIns(scenario, adapter, limiter, types, examples)
    found: list[tuple[Reader, Resource]] = []
    for reader in mine:
        if reader.per == "scope":
            found += ((reader, item) for item in stand_ins.of_scope(reader, listed))
            continue
        for needs in stand_ins.needs(reader):
            once = partial(stand_ins.of_resource, reader, needs)
            read = _rounds(clients, _recorded(scenario, reader), once)
            found += ((reader, item) for item in read if item is not None)
    adapter.close()
    left = tuple(recording for recording in concerned.values() if recording not in clients.given)
    made_up = tuple((conforms(item), frozenset(reader.fills[item.type])) for reader, item in found)
    return Replayed(tuple(snapshots), made_up, made.wanted, tuple(clients.given), left)


def _rounds(
    clients: Recorded, recordings: Sequence[Recording], once: Callable[[], T], at_least: int = 0
) -> Iterator[T]:
    """What ``once`` gives, called as long as there is a recording left and the last time gave one more of them."""
    left = sum(recording not in clients.given for recording in recordings)
    while left or at_least:
        yield once()
        before, left = left, sum(recording not in clients.given for recording in recordings)
        at_least = 0
        if left == before:
            return


def _wanted(mine: Sequence[Reader]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {type_: set() for reader in mine for type_ in reader.lists}
    for reader in mine:
        for type_, names in reader.fills.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted


@dataclass(frozen=True, slots=True)
class _StandIns:
    """Makes resources that a scenario does not list, and lets readers read of them."""

    scenario: Scenario
    adapter: Aws
    limiter: Limiter
    types: Mapping[str, ResourceSchema]
    examples: Mapping[str, Sequence[Mapping[str, Any]]]

    def of_scope(self, reader: Reader, listed: Container[str]) -> Iterator[Resource]:
        """What a reader says of resources of types that no listing gives."""
        scope = self._scope(reader.where)
        outcome = attempt(reader, lambda: list(reader.read(self._caller(scope), scope)), self.adapter.classify)
        for item in outcome.value or ():
            if item.type not in listed and item.type not in declared("aws").discovered:
                bare = resource(replace(item, properties={}), scope, AT)
                yield merged(bare, properties(reader, item.type, outcome, item.properties), reader.operations[0])

    def of_resource(self, reader: Reader, needs: Mapping[str, Any]) -> Resource | None:
        """A resource with these properties and what a reader reads of it; None where that says that it is gone."""
        type_ = str(reader.of)
        scope = self._scope(self.adapter.types[type_].where)
        id_ = f"arn:{self.scenario.partition}:recorded:{self.scenario.region}:{scope.account}:stand-in"
        bare = Resource(type_, id_, "stand-in", "aws", scope.account, scope.region, None, AT, needs)
        outcome = attempt(reader, lambda: reader.read(self._caller(scope), bare), self.adapter.classify)
        if outcome.word == "gone":
            return None
        said = outcome.value if outcome.word == "value" else None
        return merged(bare, properties(reader, type_, outcome, said), reader.operations[0])

    def needs(self, reader: Reader) -> list[Mapping[str, Any]]:
        """The different values that what a reader needs can have: those of the examples, and one by the schema."""
        schemas = self.types[str(reader.of)].properties
        made = {name: _sample(schemas.get(name, {})) for name in reader.needs}
        shown = [{name: example.get(name, made[name]) for name in reader.needs} for example in self._examples(reader)]
        return list({repr(needs): needs for needs in (*shown, made)}.values())

    def _examples(self, reader: Reader) -> Iterator[Mapping[str, Any]]:
        return (shown for shown in self.examples.get(str(reader.of), ()) if not shown.keys().isdisjoint(reader.needs))

    def _scope(self, where: str) -> Scope:
        return Scope("aws", self.scenario.account, GLOBAL if where == GLOBAL else self.scenario.region)

    def _caller(self, scope: Scope) -> Caller:
        return self.adapter.caller(scope, self.limiter, Tally())


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value of a property's schema: the first that it allows by name, else the least of its type."""
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")
    if kind == "object":
        return {name: _sample(below) for name, below in schema.get("properties", {}).items()}
    return {"string": "stand-in", "boolean": True, "integer": 0, "array": []}[kind]
