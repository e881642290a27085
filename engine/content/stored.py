"""What an evidence store keeps of the data folders, as bytes, read again: checks compiled, the policy as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from engine.content.checks import CompiledCheck, check_of, compile_checks
from engine.content.controls import controls_of
from engine.content.files import Document, parse
from engine.content.people import files_of, front_matter, policy_of, record_of
from engine.content.policy import criteria_of, organization_of
from engine.content.resources import types_of
from engine.content.root import Root
from engine.content.validation import shape
from engine.content.waivers import waiver_of
from engine.errors import ContentError, Problem
from engine.model import SEVERITIES, Check, Control, Criterion, InForce, Organization, Waiver
from engine.programme.model import Policy, Programme, Record

_WAIVERS: Final = "waivers"
_RECORD: Final = "records/*.yaml"
_POLICY: Final = "documents/*.md"
T = TypeVar("T")


def compile_stored(
    checks: Mapping[str, bytes], schemas: Mapping[str, bytes], parameters: Mapping[str, Mapping[str, Any]], root: Root
) -> tuple[CompiledCheck, ...]:
    """The checks (by id) on resource types (by name), with the parameters that were in force.

    ``root`` gives the schema that every check must have. Raises ContentError where the bytes are no checks to this
    version.
    """
    loaded = parse_stored(checks, root)
    types = types_of({Path(f"{name}.schema.json"): source for name, source in schemas.items()})
    return compile_checks(loaded, types, parameters)


def parse_stored(checks: Mapping[str, bytes], root: Root) -> list[Check]:
    """The checks (by id) in these bytes, by id. Raises ContentError where one is none to this version."""
    problems: list[Problem] = []
    rules = shape(root.schema("check"))
    loaded = []
    for id_, source in sorted(checks.items()):
        document = parse(Path(f"{id_}.yaml"), source, problems)
        if document is not None:
            found = list(rules.problems(document))
            problems += found
            loaded += [] if found else [check_of(document, id_)]
    if problems:
        raise ContentError(problems)
    return loaded


def in_force(
    checks: Mapping[str, bytes],
    controls: Mapping[str, bytes],
    policies: Mapping[str, bytes],
    parameters: Mapping[str, Mapping[str, Any]],
    root: Root,
) -> InForce:
    """The policy, and the checks by id, that a run was judged by.

    They were held to their schemas when the run began and are not held to those of today. ``root`` gives the criteria
    where the policy folder had no list of its own. Raises ContentError where the bytes are no policy to this version.
    """
    problems: list[Problem] = []
    listing = policies.get("criteria.yaml")
    waivers = [
        waiver
        for name, source in sorted(policies.items())
        if PurePosixPath(name).parts[0] == _WAIVERS
        for waiver in _read(_waiver, name, source, problems, [])
    ]
    found = InForce(
        organization=_read(_organization, "organization.yaml", policies.get("organization.yaml", b""), problems, None),
        controls=tuple(
            sorted(
                (item for name, source in controls.items() for item in _read(_controls, name, source, problems, [])),
                key=lambda control: control.id,
            )
        ),
        criteria=_read(_criteria, "criteria.yaml", listing or root.criteria.read_bytes(), problems, {}),
        waivers={waiver.id: waiver for waiver in waivers},
        checks={id_: _read(_check, f"{id_}.yaml", source, problems, None) for id_, source in checks.items()},
        parameters=parameters,
        records=tuple(
            record
            for name, source in sorted(policies.items())
            if PurePosixPath(name).match(_RECORD)
            for record in _read(partial(_records, policies), name, source, problems, [])
        ),
        documents=tuple(
            document
            for name, source in sorted(policies.items())
            if PurePosixPath(name).match(_POLICY)
            for document in _read(_policies, name, source, problems, [])
        ),
    )
    if not problems:
        problems += _unresolved(found)
    if problems:
        raise ContentError(problems)
    return found


def programme_in(policies: Mapping[str, bytes]) -> Programme:
    """What a stored policy says of the scope of the report. Raises ContentError where it is none to this version."""
    return organization_in(policies).programme


def organization_in(policies: Mapping[str, bytes]) -> Organization:
    """What a stored policy set. Raises ContentError where it is none to this version."""
    organization: Organization = _organization("organization.yaml", policies.get("organization.yaml", b""))
    return organization


def _unresolved(found: InForce) -> Iterator[Problem]:
    """What a stored policy names and does not hold. A run is not begun with such a policy, so it came about since."""
    for control in found.controls:
        for id_ in control.criteria:
            if id_ not in found.criteria:
                yield Problem(control.path, 1, 1, "criteria", f"{control.id} names {id_}; there is no such criterion")
        if not isinstance(control.deviation, str):
            for severity in SEVERITIES:
                if severity not in control.deviation:
                    message = f"{control.id} has no limit for failures of severity {severity}"
                    yield Problem(control.path, 1, 1, "deviation", message)
    for id_ in found.organization.stated:
        if id_ not in found.criteria:
            yield Problem(found.organization.path, 1, 1, "criteria", f"it states {id_}; there is no such criterion")


def _read(make: Callable[[str, bytes], T], name: str, source: bytes, problems: list[Problem], instead: Any) -> T:
    """What a file says; else ``instead``, with what is wrong added to ``problems``."""
    try:
        return make(name, source)
    except ContentError as error:
        problems += error.problems
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problems.append(Problem(Path(name), 1, 1, "", f"cannot be read by this version: {error}"))
    found: T = instead
    return found


def _document(name: str, source: bytes) -> Document:
    problems: list[Problem] = []
    document = parse(Path(name), source, problems)
    if document is None or problems:
        raise ContentError(problems)
    return document


# A year of runs names the same few files; each is read once.


@cache
def _check(name: str, source: bytes) -> Check:
    return check_of(_document(name, source), name.removesuffix(".yaml"))


@cache
def _controls(name: str, source: bytes) -> tuple[Control, ...]:
    return tuple(control for control, _ in controls_of(_document(name, source)))


@cache
def _waiver(name: str, source: bytes) -> tuple[Waiver, ...]:
    return (waiver_of(_document(name, source), None),)


@cache
def _criteria(name: str, source: bytes) -> Mapping[str, Criterion]:
    problems: list[Problem] = []
    found = criteria_of(_document(name, source), problems)
    if problems:
        raise ContentError(problems)
    return found


@cache
def _organization(name: str, source: bytes) -> Any:
    return organization_of(_document(name, source))


def _records(policies: Mapping[str, bytes], name: str, source: bytes) -> tuple[Record, ...]:
    document = _document(name, source)
    present = {file: policies.get(f"{name.removesuffix('.yaml')}/{file}") for file in files_of(document)}
    return (record_of(document, present),)


@cache
def _policies(name: str, source: bytes) -> tuple[Policy, ...]:
    problems: list[Problem] = []
    document = front_matter(Path(name), source, problems)
    if document is None:
        raise ContentError(problems)
    return (policy_of(document),)
