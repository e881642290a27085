"""Drafts of new checks: where the file goes, which type it is likely to judge, and the text to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from engine.authoring.examples import skeleton
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import PACKAGED, find
from engine.errors import UsageError
from engine.model import providers_of

_ID: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")


def draft(id_: str, resource_type: str | None = None, policy: Path | None = None) -> Path:
    """Write the file of a new check and return its path; without ``resource_type`` the id tells what it judges.

    With ``policy`` it is one of that policy folder's own checks, else it is added to those of the checkout. Until its
    empty values are filled in, loading the checks refuses it. Raises UsageError for an id that is none or taken, a type
    that is none or another provider's, a file that is there already or cannot be written, and without ``policy`` where
    auditreel is installed as a package.
    """
    if not _ID.fullmatch(id_):
        raise UsageError(f"writing a new check: {id_!r} is no id; use provider.service.name in lower-case words")
    root = find(policy)
    if policy is None and root.checks.parent.name == PACKAGED:
        why = f"{root.checks} is part of the installed package, which the next version replaces"
        raise UsageError(
            f"writing a new check: {why}; name your policy folder (--policy DIR; auditreel init makes one)"
        )
    taken = root.checks.joinpath(*id_.split(".")).with_suffix(".yaml")
    if policy is not None and taken.exists():
        raise UsageError(f"writing a new check: {id_} comes along already; see: auditreel check show {id_}")
    types = load_types(root.schemas)
    wanted = resource_type or _likely_type(id_, types)
    if wanted not in types:
        raise _no_type(f"there is no resource type {wanted}", types)
    provider, theirs = id_.partition(".")[0], types[wanted].path.parent.name
    if theirs not in providers_of(id_):
        raise UsageError(f"writing a new check: {wanted} is of {theirs}; the id begins with {theirs}, not {provider}")
    folder = root.checks if policy is None else root.own_checks
    target = folder.joinpath(*id_.split(".")).with_suffix(".yaml")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(skeleton(id_, types[wanted]))
    except FileExistsError:
        raise UsageError(f"writing a new check: {target} is there already; see: auditreel check show {id_}") from None
    except OSError as error:
        raise UsageError(f"writing a new check: {target}: {error.strerror or error}") from error
    return target


def _likely_type(id_: str, types: Mapping[str, ResourceSchema]) -> str:
    """The type whose schema file has the longest name that the id begins with: aws.s3.bucket_x is about s3_bucket.

    Else the only type of the service, which the cloud may call more (kinesisfirehose). Raises UsageError with those of
    the service, or of the provider, to choose from.
    """
    provider, service, name = id_.split(".")
    words = f"{service}_{name}_"
    near = {
        found.path.name.removesuffix(".schema.json"): found.name
        for found in types.values()
        if found.path.parent.name == provider
    }
    fitting = [stem for stem in near if words.startswith(f"{stem}_")]
    if fitting:
        return near[max(fitting, key=len)]
    of_service = [type_ for stem, type_ in near.items() if stem.startswith(f"{service}_")]
    of_service = of_service or [type_ for stem, type_ in near.items() if stem.partition("_")[0].endswith(service)]
    if len(of_service) == 1:
        return of_service[0]
    raise _no_type(f"the id {id_} does not begin with a resource type", of_service or near.values())


def _no_type(why: str, names: Iterable[str]) -> UsageError:
    known = ", ".join(sorted(names)) or "there are none"
    return UsageError(f"writing a new check: {why}; name one with --type: {known}")
