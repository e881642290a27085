"""The frame of a plan, held to the format before anything is read of it, so that what is wrong has a place.

Terraform "JSON Output Format": plan, values, change and configuration representation. What stands inside of values and
expressions is the provider's, and left to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.terraform.reading import NotAPlan


def refuse_malformed(document: Mapping[str, Any]) -> None:
    """Refuse a plan of which a part is no object, list or text where the format has one. Raises NotAPlan."""
    for place, row in _rows(document, "", "resource_changes"):
        _text(row, place, "address")
        _text(row, place, "previous_address", needed=False)
        change = _object(row, place, "change", needed=True)
        actions = change.get("actions")
        if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
            raise NotAPlan(f"{place}.change.actions is no list of actions")
    _object(document, "", "variables")
    _values(_object(document, "", "planned_values"), "planned_values")
    state = _object(document, "", "prior_state")
    _values(_object(state, "prior_state", "values"), "prior_state.values")
    configuration = _object(document, "", "configuration")
    providers = _object(configuration, "configuration", "provider_config")
    for name in providers:
        place = f"configuration.provider_config.{name}"
        provider = _object(providers, "configuration.provider_config", name)
        _text(provider, place, "name", needed=False)
        for attribute, written in _object(provider, place, "expressions").items():
            if isinstance(written, Mapping):
                _references(written, f"{place}.expressions.{attribute}")
    _module(_object(configuration, "configuration", "root_module"), "configuration.root_module")
    for name in ("checks", "deferred_changes", "resource_drift"):
        _list(document, "", name)


def _values(values: Mapping[str, Any], place: str) -> None:
    waiting = [(f"{place}.root_module", _object(values, place, "root_module"))]
    while waiting:
        at, module = waiting.pop()
        for where, row in _rows(module, at, "resources"):
            _text(row, where, "address")
        waiting += _rows(module, at, "child_modules")


def _module(root: Mapping[str, Any], place: str) -> None:
    waiting = [(place, root)]
    while waiting:
        at, module = waiting.pop()
        for where, row in _rows(module, at, "resources"):
            _text(row, where, "type")
            _text(row, where, "name")
            _object(row, where, "expressions")
        calls = _object(module, at, "module_calls")
        for name in calls:
            call = f"{at}.module_calls.{name}"
            waiting.append((f"{call}.module", _object(_object(calls, f"{at}.module_calls", name), call, "module")))


def _references(written: Mapping[str, Any], place: str) -> None:
    found = written.get("references")
    if found is not None and not isinstance(found, list):
        raise NotAPlan(f"{place}.references is no list")


def _rows(holder: Mapping[str, Any], place: str, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, row in enumerate(_list(holder, place, key)):
        at = f"{_below(place, key)}[{index}]"
        if not isinstance(row, dict):
            raise NotAPlan(f"{at} is no object")
        yield at, row


def _list(holder: Mapping[str, Any], place: str, key: str) -> list[Any]:
    value = holder.get(key)
    if value is not None and not isinstance(value, list):
        raise NotAPlan(f"{_below(place, key)} is no list")
    return value or []


def _object(holder: Mapping[str, Any], place: str, key: str, *, needed: bool = False) -> Mapping[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict) and (needed or value is not None):
        raise NotAPlan(f"{_below(place, key)} is {'missing or ' if value is None else ''}no object")
    return value or {}


def _text(holder: Mapping[str, Any], place: str, key: str, *, needed: bool = True) -> None:
    value = holder.get(key)
    if not isinstance(value, str) and (needed or value is not None):
        raise NotAPlan(f"{_below(place, key)} is {'missing or ' if value is None else ''}no text")


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
