"""A plan as values: what changes, what the configuration says of it, and what the plan itself leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from providers.base import Unread
from providers.terraform import crosscheck
from providers.terraform.addresses import Address, parse
from providers.terraform.masks import is_mask, stands_there
from providers.terraform.reading import NotAPlan, about, parsed
from providers.terraform.structure import refuse_malformed

Side = Literal["before", "after"]
Json = Mapping[str, Any]
Written = tuple[tuple[str, ...], bool, str, str]
"""Where the configuration has a resource block: module calls, whether it is a data source, type and name."""

ACTIONS: Final = frozenset(
    {
        ("no-op",),
        ("create",),
        ("read",),
        ("update",),
        ("delete",),
        ("forget",),
        ("delete", "create"),
        ("create", "delete"),
        ("create", "forget"),
    }
)
"""What a change can be (Terraform "JSON Output Format", change representation; forget: since Terraform 1.7)."""
LEFT_OVER: Final = frozenset({("no-op",), ("delete",), ("forget",)})
"""What a change can be of an object that an earlier replacement left over."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One entry of ``resource_changes`` of a managed resource: its address, and its values on either side.

    ``before`` and ``after`` are null where it is not there then; ``unknown`` mirrors ``after``, ``sensitive`` each
    side. ``deposed``: the entry is about an object that a replacement left over. ``written`` is the resource's block of
    the configuration, null where the plan has none. ``unsure`` is why nobody can tell whether there will be one at all.
    """

    address: str
    at: Address
    provider: str
    actions: tuple[str, ...]
    before: Json | None
    after: Json | None
    unknown: Any
    sensitive: Mapping[Side, Any]
    previous_address: str | None = None
    deposed: bool = False
    written: Json | None = None
    unsure: Unread | None = None

    @property
    def type(self) -> str:
        """The Terraform type."""
        return self.at.type

    @property
    def new(self) -> bool:
        """Whether nothing of it existed before the change, so that defaults at creation hold."""
        return self.before is None

    @property
    def created(self) -> bool:
        """Whether what stands after the change is made by it, anew or as a replacement."""
        return "create" in self.actions

    def values(self, side: Side) -> Json | None:
        """The values of a side; null where the resource is not there then."""
        return self.before if side == "before" else self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan file. ``variables`` are the root module's values by name. ``incomplete`` and ``statements`` are sentences.

    ``data`` counts data sources that are read while applying.
    """

    format_version: str
    tool: str
    changes: tuple[Planned, ...]
    configuration: Json
    variables: Mapping[str, Any]
    incomplete: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    written: Mapping[Written, Json] = field(default_factory=dict, repr=False)

    def module(self, calls: tuple[str, ...]) -> Json | None:
        """The configuration of a module, by the names of the calls from the root."""
        found = _object(self.configuration.get("root_module"))
        for name in calls:
            call = _object(_object(found.get("module_calls")).get(name))
            if "module" not in call:
                return None
            found = _object(call["module"])
        return found

    def call(self, calls: tuple[str, ...]) -> Json:
        """The call of a module as its parent writes it; empty where the plan does not say."""
        parent = self.module(calls[:-1])
        return _object(_object((parent or {}).get("module_calls")).get(calls[-1]))


def read(data: bytes) -> Plan:
    """The plan in a file's bytes. Raises NotAPlan for whatever cannot be judged."""
    document = parsed(data)
    refuse_malformed(document)
    with about("the plan"):
        return _plan(document)


def _plan(document: Json) -> Plan:
    configuration = _object(document.get("configuration"), "configuration")
    written = dict(_written(_object(configuration.get("root_module")), ()))
    masked = document["format_version"].startswith("1.")
    rows = document.get("resource_changes") or []
    planned = crosscheck.held(_object(document.get("planned_values")).get("root_module"))
    state = crosscheck.held(_object(_object(document.get("prior_state")).get("values")).get("root_module"))
    beside: Mapping[Side, crosscheck.Held] = {"before": state, "after": planned}
    changes = tuple(change for row in rows if (change := _change(row, written, beside, masked)) is not None)
    _refuse_twice(changes)
    crosscheck.refuse_missing(planned, changes)
    crosscheck.refuse_moves(changes)
    absent = crosscheck.absent(configuration, changes)
    if absent and not changes:
        raise NotAPlan(f"it holds no resource, and its configuration names {len(absent)}, such as {absent[0]}")
    tofu = any("opentofu" in change.provider for change in changes)
    return Plan(
        format_version=document["format_version"],
        tool=f"{'OpenTofu' if tofu else 'Terraform'} {_text(document.get('terraform_version'), 'unknown version')}",
        changes=changes,
        configuration=configuration,
        variables={
            name: given.get("value")
            for name, given in _object(document.get("variables"), "variables").items()
            if isinstance(given, dict)
        },
        incomplete=tuple(crosscheck.incomplete(document, changes, absent, state)),
        statements=tuple(crosscheck.statements(document)),
        written=written,
    )


def _change(
    row: Any, written: Mapping[Written, Json], beside: Mapping[Side, crosscheck.Held], masked: bool
) -> Planned | None:
    address = row["address"]
    try:
        at = parse(address)
    except ValueError as error:
        raise NotAPlan(f"an entry of resource_changes: {error}") from None
    _refuse_other_name(row, at, address)
    change = row["change"]
    actions = tuple(change["actions"])
    if actions not in ACTIONS:
        raise NotAPlan(f"the actions of {address} are {list(actions)!r:.80}, which this version does not know")
    if at.data:
        return None
    before, after = (_side(change, side, address) for side in ("before", "after"))
    if actions == ("forget",) and after is None:
        # What is only forgotten is still there.
        after = before
    forgotten = actions == ("forget",)
    unknown = _mask(change, "after_unknown", actions not in (("delete",), ("forget",)), address)
    if after is None and actions[-1] in ("create", "update") and isinstance(unknown, dict) and unknown:
        # A plan that was cut down to what is not known.
        after = {}
    _refuse_contradiction(address, actions, before, after)
    deposed = bool(row.get("deposed"))
    if deposed and actions not in LEFT_OVER:
        raise NotAPlan(f"{address}: {'+'.join(actions)} is nothing that happens to an object left over (deposed)")
    if after is not None and stands_there(unknown, after):
        raise NotAPlan(f"{address}: a value is marked as unknown and stands there")
    hidden = {side: _mask(change, f"{side}_sensitive", masked, address) for side in ("before", "after")}
    return Planned(
        address=address,
        at=at,
        provider=_text(row.get("provider_name"), ""),
        actions=actions,
        before=before if deposed else crosscheck.agreed(before, beside["before"].get(address)),
        after=after if deposed else crosscheck.agreed(after, beside["after"].get(address)),
        unknown={} if forgotten else unknown,
        sensitive={"before": hidden["before"], "after": hidden["before" if forgotten else "after"]},
        previous_address=_text(row["previous_address"]) if row.get("previous_address") else None,
        deposed=deposed,
        written=written.get((at.calls, False, at.type, at.name)),
    )


def _refuse_other_name(row: Json, at: Address, address: str) -> None:
    """Refuse an entry whose address is not that of what it says it is."""
    key = row.get("index")
    written = None if key is None else json.dumps(key, ensure_ascii=False) if isinstance(key, str) else str(key)
    same_key = written == at.key or (at.key or "").startswith('"')
    if (row.get("mode"), row.get("type"), row.get("name")) != ("data" if at.data else "managed", at.type, at.name):
        raise NotAPlan(f"{address} is not the address of what its entry says it is")
    if (written is None) != (at.key is None) or not same_key or bool(row.get("module_address")) != bool(at.modules):
        raise NotAPlan(f"{address} is not the address of the instance that its entry says it is")


def _side(change: Json, side: str, address: str) -> Json | None:
    value = change.get(side)
    return None if value is None else _required(value, f"{side} of {address}")


def _mask(change: Json, key: str, needed: bool, address: str) -> Any:
    """What marks values as unknown or sensitive; without it, what is neither cannot be told.

    Sensitivity is part of every plan of format 1.x (Terraform 1.1 on).
    """
    mask = change.get(key)
    if mask is None and not needed:
        return {}
    if not is_mask(mask):
        raise NotAPlan(f"{key} of {address} is missing or does not mirror a value")
    return mask


def _refuse_contradiction(address: str, actions: tuple[str, ...], before: Json | None, after: Json | None) -> None:
    there = {"create": (False, True), "delete": (True, False)}
    expected = there.get(actions[0], (True, True)) if len(actions) == 1 else (before is not None, True)
    if (before is not None, after is not None) != expected:
        raise NotAPlan(f"{address}: {'+'.join(actions)} does not fit what stands before and after")


def _refuse_twice(changes: tuple[Planned, ...]) -> None:
    seen: set[tuple[str, bool]] = set()
    for change in changes:
        if not change.deposed and (change.address, False) in seen:
            raise NotAPlan(f"{change.address} is in it twice")
        seen.add((change.address, change.deposed))


def _written(module: Json, calls: tuple[str, ...]) -> Iterator[tuple[Written, Json]]:
    """The resource blocks of a module of the configuration and of those it calls."""
    for row in module.get("resources") or ():
        yield (calls, row.get("mode") == "data", row["type"], row["name"]), row
    for name, call in _object(module.get("module_calls")).items():
        inner = _object(_object(call).get("module"))
        yield from _written(inner, (*calls, name))


# --- shapes ----------------------------------------------------------------------------------------------------------


def _object(value: Any, what: str = "a part of the plan") -> Json:
    return {} if value is None else _required(value, what)


def _required(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotAPlan(f"{what} is no object")
    return value


def _text(value: Any, instead: str | None = None) -> str:
    if value is None and instead is not None:
        return instead
    if not isinstance(value, str):
        raise NotAPlan(f"{value!r:.80} stands where text must")
    return value
