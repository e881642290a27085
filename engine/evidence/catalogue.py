"""The data files that a run was judged by, stored as bytes by their digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import SealError
from engine.evidence import canonical, durable, regular
from engine.evidence.layout import Layout

GROUPS: Final = ("checks", "controls", "policies", "schemas", "parameters")


@dataclass(frozen=True, slots=True)
class Content:
    """Data files as read, by name: checks by id, controls by id, policies by path, schemas by resource type.

    ``parameters`` maps a check id to the values in force (defaults and what the organisation set).
    """

    checks: Mapping[str, bytes]
    controls: Mapping[str, bytes]
    policies: Mapping[str, bytes]
    schemas: Mapping[str, bytes]
    parameters: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Content as it is stored.

    ``groups`` maps each of :data:`GROUPS` to the digest of its list, which is a canonical JSON object of name to
    digest, so that an unchanged list costs a run nothing. ``members`` are these lists, read. ``files`` maps digests
    to bytes.
    """

    groups: Mapping[str, str]
    members: Mapping[str, Mapping[str, str]]
    files: Mapping[str, bytes]


def catalogue(content: Content) -> Catalogue:
    """The catalogue of a run's content. Raises SealError for a parameter that canonical JSON cannot hold."""
    parameters: dict[str, bytes] = {}
    for check, values in content.parameters.items():
        try:
            parameters[check] = canonical.encode(canonical.neutral(values))
        except canonical.NotCanonicalError as error:
            raise SealError(f"recording the parameters of {check}: {error}") from error
    files: dict[str, bytes] = {}
    members: dict[str, Mapping[str, str]] = {}
    groups: dict[str, str] = {}
    named = (content.checks, content.controls, content.policies, content.schemas, parameters)
    for group, sources in zip(GROUPS, named, strict=True):
        digests = {name: canonical.digest(data) for name, data in sources.items()}
        listed = canonical.encode(canonical.neutral(digests))
        files.update(zip(digests.values(), sources.values(), strict=True))
        groups[group] = canonical.digest(listed)
        files[groups[group]] = listed
        members[group] = digests
    return Catalogue(groups, members, files)


def store(found: Catalogue, layout: Layout) -> None:
    """Write what is not there yet. Raises SealError where what is there has other bytes than its name says."""
    for name, data in sorted(found.files.items()):
        path = layout.content(name)
        with durable.doing(f"storing content {name}"):
            if path.exists():
                if regular.read(path) != data:
                    raise SealError(f"{path} was altered: its bytes are not those of its name; run `auditreel verify`")
                continue
            try:
                durable.create(path, data, layout.staging)
            except FileExistsError:  # another run stored the same bytes meanwhile
                continue


def load(groups: Mapping[str, str], read: Callable[[str], bytes | None]) -> Catalogue:
    """The catalogue of a sealed run, as far as ``read`` (digest to bytes, None where they cannot be had) gives it.

    Raises ValueError where a list is none.
    """
    members: dict[str, Mapping[str, str]] = {}
    files: dict[str, bytes] = {}
    for group, name in groups.items():
        listed = read(name)
        if listed is None:
            continue
        files[name] = listed
        members[group] = _digests(group, listed)
        wanted = {digest: read(digest) for digest in sorted(set(members[group].values()))}
        files.update((digest, data) for digest, data in wanted.items() if data is not None)
    return Catalogue(dict(groups), members, files)


def _digests(group: str, listed: bytes) -> dict[str, str]:
    found = canonical.original(canonical.decode(listed))
    if not isinstance(found, dict) or not all(isinstance(digest, str) for digest in found.values()):
        raise ValueError(f"the list of {group} is no object of digests")
    return found
