"""What entries of a chain say of people: who asked the clouds for a run, and what people wrote.

A chain is kept for ever and every bundle holds a part of it, so that an entry has a digest in the place of a name, and
of a text that may hold one. That is a private object of the store (:mod:`engine.evidence.personal`): a redacted bundle
leaves it out, it can be erased, and every entry verifies all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from engine.errors import VerificationError
from engine.evidence import canonical, durable, personal, regular
from engine.evidence.chain import Placed
from engine.evidence.entries import Replacement, Response, Seal
from engine.evidence.layout import Layout
from engine.evidence.personal import PrivateObjects

GONE: Final = "not told (erased)"
"""What reports say in the place of what was said where its private object is no longer there."""
_CALLER: Final = "caller"
_REASON: Final = "reason"
ANSWER: Final = ("by", "cause", "effect", "correction")
"""What a response says, in its private object."""


def caller_of(identity: Mapping[str, str], private: PrivateObjects) -> dict[str, str]:
    """What a seal says of who asked the clouds: the digest of what the clouds call them."""
    return {"identity": private.commit({_CALLER: canonical.neutral(identity)})}


def answer(said: Mapping[str, str], private: PrivateObjects) -> str:
    """What stands in a response for what management says (each of :data:`ANSWER`)."""
    return private.commit({name: canonical.neutral_text(said[name]) for name in ANSWER})


def reason(text: str, private: PrivateObjects) -> str:
    """What stands in a replacement for why a unit of a sample cannot be tested."""
    return private.commit({_REASON: canonical.neutral_text(text)})


def keep(private: PrivateObjects, layout: Layout) -> None:
    """Store private objects, each once; before the entry that names them. OSError where they cannot be written."""
    for name, data in sorted(private.files.items()):
        path = layout.private(name)
        if not path.exists():
            with suppress(FileExistsError):
                durable.create(path, data, layout.staging)


def named(entries: Iterable[Placed]) -> Iterator[str]:
    """The digests of the private objects that entries name."""
    for placed in entries:
        body = placed.entry.body
        if isinstance(body, Seal) and "identity" in body.caller:
            yield body.caller["identity"]
        elif isinstance(body, Response):
            yield body.said
        elif isinstance(body, Replacement):
            yield body.reason


def known(entries: Iterable[Placed], layout: Layout) -> dict[str, Mapping[str, Any]]:
    """The private objects that entries name, by digest, without those that were erased.

    Raises VerificationError for one that is not that of its name.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for digest in set(named(entries)):
        path = layout.private(digest)
        try:
            found[digest] = personal.opened(digest, regular.read(path))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise VerificationError(
                f"{path} is not the private object of its name ({error}); run `auditreel verify`"
            ) from error
    return found


def identity(seal: Seal, private: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Who asked the clouds for a run; empty where that is not told any more."""
    told = private.get(seal.caller.get("identity", ""), {}).get(_CALLER, {})
    return dict(canonical.original(told))


def caller(seal: Seal, private: Mapping[str, Mapping[str, Any]]) -> str:
    """Who asked the clouds for a run, as one text."""
    said = identity(seal, private)
    return str(said.get("arn") or ", ".join(f"{name} {value}" for name, value in sorted(said.items()))) or GONE


def said(response: Response, private: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What management says in a response, by :data:`ANSWER`."""
    told = private.get(response.said, {})
    return {name: canonical.original_text(str(told.get(name, GONE))) for name in ANSWER}


def why(replacement: Replacement, private: Mapping[str, Mapping[str, Any]]) -> str:
    """Why a unit of a sample was replaced."""
    return canonical.original_text(str(private.get(replacement.reason, {}).get(_REASON, GONE)))
