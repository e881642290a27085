"""Signed links: who may see which stores, which period and which criteria, until when; each can be revoked.

A link is a DSSE envelope signed (Ed25519) by a key of its own, which only who issues links needs; the server has the
public half. It stands in a folder that must hold the link's own record: a link whose record is gone, or that was
revoked, opens nothing. That folder lies outside of the stores.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.errors import InputError, SealError, UsageError
from engine.evidence.canonical import digest, encode
from engine.evidence.dsse import seal, unseal
from engine.evidence.durable import create, doing, make_folder
from engine.evidence.keys import new_key, read_key, refuse_inside

PAYLOAD_TYPE: Final = "application/vnd.auditreel.link+json"
KEY_FILE: Final = "link-key.pem"
PUBLIC_FILE: Final = "link-key.pub"
LONGEST: Final = 3_500
"""Characters of a token: it must fit into a cookie (RFC 6265 asks for 4,096 bytes with name and attributes)."""

NEVER: Final = "9999-12-31T00:00:00Z"
"""When what is nobody's link ends: what whoever runs a server has it show to whoever reaches it."""

_ID: Final = re.compile(r"[0-9a-f]{16}")
_Time = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z\Z")]


class LinkError(Exception):
    """A link that opens nothing; the message says why, without any part of it."""

    @property
    def sentence(self) -> str:
        """The message as a sentence."""
        said = str(self)
        return f"{said[:1].upper()}{said[1:]}."


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a link lets see: ``stores`` by the names in their chains, and who it was made for (``reader``).

    ``starts`` and ``ends`` are the first and the last night (None: every one), ``criteria`` ids (None: everything).
    Times are RFC 3339 UTC.
    """

    schema: Literal[1] = 1
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
    reader: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    stores: tuple[str, ...]
    starts: date | None
    ends: date | None
    criteria: tuple[str, ...] | None
    issued_at: _Time
    expires_at: _Time

    @property
    def limited(self) -> bool:
        """Whether there is anything in its stores that it does not let see."""
        return self.criteria is not None or self.starts is not None or self.ends is not None

    def covers(self, starts: date, ends: date) -> bool:
        """Whether all of a period may be seen."""
        return starts <= ends and (self.starts is None or self.starts <= starts) and (
            self.ends is None or ends <= self.ends
        )  # fmt: skip


def unsigned(
    reader: str,
    stores: tuple[str, ...],
    starts: date | None = None,
    ends: date | None = None,
    criteria: tuple[str, ...] | None = None,
) -> Link:
    """What is shown without a link, by the decision of whoever runs the server: of ``stores`` (their own names)."""
    return Link(
        id="0" * 16,
        reader=reader,
        stores=stores,
        starts=starts,
        ends=ends,
        criteria=criteria,
        issued_at="0001-01-01T00:00:00Z",
        expires_at=NEVER,
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """A link in the list of those that were made, and whether it was revoked."""

    link: Link
    revoked: bool


class Links:
    """The folder of links: the key that signs them, its public half, and a record of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._public: Ed25519PublicKey | None = None

    def prepare(self, stores: list[Path]) -> None:
        """Make the folder and the key, or what is missing. Raises SealError where it lies inside a store."""
        for store in stores:
            refuse_inside(store, self._folder)
        with doing(f"preparing the links in {self._folder}"):
            make_folder(self._folder)
            key = self._folder / KEY_FILE
            if not key.exists():
                create(key, new_key(), self._folder)
            public = base64.b64encode(read_key(key).public) + b"\n"
            if not (self._folder / PUBLIC_FILE).exists():
                create(self._folder / PUBLIC_FILE, public, self._folder)
            elif (self._folder / PUBLIC_FILE).read_bytes() != public:
                raise SealError(f"{self._folder / PUBLIC_FILE} is not the public half of {key}; use another folder")

    def issue(self, link: Link) -> str:
        """Sign a link and keep its record; gives the token. Raises SealError, and UsageError where it is too long."""
        signed = seal(encode(msgspec.to_builtins(link)), read_key(self._folder / KEY_FILE), PAYLOAD_TYPE)
        token = base64.urlsafe_b64encode(signed).decode().rstrip("=")
        if len(token) > LONGEST:
            raise UsageError("making a link: it names too much for a cookie; use fewer criteria or a shorter name")
        with doing(f"keeping the record of link {link.id}"):
            create(self._record(link.id), msgspec.json.format(msgspec.json.encode(link)) + b"\n", self._folder)
        return token

    def revoke(self, id_: str, at: str) -> None:
        """Revoke a link from now on. Raises UsageError where there is none with this id."""
        if _ID.fullmatch(id_) is None or not self._record(id_).exists():
            raise UsageError(f"revoking link {id_}: there is none; `auditreel serve links` lists them")
        with doing(f"revoking link {id_}"):
            try:
                create(self._revoked(id_), f"{at}\n".encode(), self._folder)
            except FileExistsError:
                return

    def issued(self) -> Iterator[Issued]:
        """Every link that was made, the oldest first. Raises InputError for a record that cannot be read."""
        found = []
        for path in self._folder.glob("*.json") if self._folder.is_dir() else ():
            try:
                link = msgspec.json.decode(path.read_bytes(), type=Link)
            except (OSError, msgspec.DecodeError) as error:
                raise InputError(f"reading the link's record {path}: {error}") from error
            found.append(Issued(link, self._revoked(link.id).exists()))
        yield from sorted(found, key=lambda row: (row.link.issued_at, row.link.id))

    def opened(self, token: str, now: str) -> Link:
        """The link of a token. Raises LinkError where it is not ours, over, revoked, or its record is gone."""
        if not 0 < len(token) <= LONGEST:
            raise LinkError("it is no link of ours")
        try:
            envelope = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(envelope).decode().rstrip("=") != token:
                raise LinkError("it is no link of ours")
            key = self.public()
            payload, _, _ = unseal(envelope, {digest(key.public_bytes_raw()): key}, PAYLOAD_TYPE)
            link = msgspec.json.decode(payload, type=Link)
        except (ValueError, binascii.Error, msgspec.DecodeError) as error:
            raise LinkError("it is no link of ours") from error
        if not link.issued_at <= now < link.expires_at:
            raise LinkError(f"it ended at {link.expires_at}")
        if not _there(self._record(link.id)) or _there(self._revoked(link.id)):
            raise LinkError("it was revoked")
        return link

    def public(self) -> Ed25519PublicKey:
        """The public key of links. Raises InputError where it cannot be used."""
        if self._public is None:
            path = self._folder / PUBLIC_FILE
            try:
                self._public = Ed25519PublicKey.from_public_bytes(base64.b64decode(path.read_bytes(), validate=False))
            except (OSError, ValueError) as error:
                way = "make a link first: auditreel serve link"
                if isinstance(error, PermissionError):
                    way = "let who serves list that folder and read that file: neither is secret"
                why = getattr(error, "strerror", None) or error
                raise InputError(f"reading the public key of links, {path}: {why}; {way}") from error
        return self._public

    def _record(self, id_: str) -> Path:
        return self._folder / f"{id_}.json"

    def _revoked(self, id_: str) -> Path:
        return self._folder / f"{id_}.revoked"


def _there(path: Path) -> bool:
    """Whether a file is there; one that cannot be asked for raises OSError, and nothing is opened."""
    try:
        os.stat(path)  # noqa: PTH116 - Path.exists takes every error for "no" in newer versions of Python
    except FileNotFoundError:
        return False
    return True


def new_id() -> str:
    """A new link's id."""
    return secrets.token_hex(8)


def facts(link: Link) -> dict[str, Any]:
    """A link as plain JSON values, without what signs it."""
    found: dict[str, Any] = msgspec.to_builtins(link)
    return found
