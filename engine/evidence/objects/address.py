"""What the URL of a store means: which service, which bucket, which prefix; and where its working copy stands."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.errors import UsageError

SCHEMES: Final = ("s3", "gs", "az")
ENDPOINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "AZURE_STORAGE_USE_EMULATOR"),
}
"""The variables that decide where a bucket of a name is: equal names elsewhere are another store."""
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,127}")


@dataclass(frozen=True, slots=True)
class Address:
    """A store in a bucket. ``prefix`` is without slashes at its ends, and empty where the bucket is the store."""

    scheme: str
    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """The key in the bucket of an object of the store."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


def parse(store: str) -> Address:
    """The address that a URL means. Raises UsageError for any but ``s3://``, ``gs://`` and ``az://BUCKET/PREFIX``."""
    try:
        parts = urlsplit(store)
    except ValueError as error:
        raise UsageError(f"opening the store: its URL cannot be read ({error})") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        # Said without the URL: what stands there may be a secret.
        raise UsageError(
            "opening the store: a URL of a store has neither user, query nor fragment; credentials come from the "
            "cloud's own default chain (docs/object-store.md)"
        )
    if parts.scheme not in SCHEMES:
        raise UsageError(
            f"opening the store {store}: {parts.scheme}:// is no store; use a folder, or s3://, gs:// or "
            "az://BUCKET/PREFIX"
        )
    if not _BUCKET.fullmatch(parts.netloc):
        raise UsageError(f"opening the store {store}: {parts.netloc!r} is no name of a bucket")
    segments = [part for part in parts.path.split("/") if part]
    if not all(map(_SEGMENT.fullmatch, segments)):
        raise UsageError(
            f"opening the store {store}: a prefix is made of letters, digits, and . _ = - between slashes, and no part "
            "begins with a dot"
        )
    return Address(parts.scheme, parts.netloc, "/".join(segments))


def working_copy(address: Address, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of an address's working copy, below the cache folder (XDG Base Directory Specification).

    Raises UsageError where there is no home folder.
    """
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    # The specification tells to ignore a relative path.
    if not base.is_absolute():
        base = Path(environment.get("HOME", "")) / ".cache"
    if not base.is_absolute():
        raise UsageError(f"keeping a working copy of {address}: HOME is not set; set XDG_CACHE_HOME to a folder")
    where = [str(address), *(environment.get(name, "") for name in ENDPOINTS[address.scheme])]
    key = hashlib.sha256("\n".join(where).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return base / "auditreel" / "stores" / f"{address.bucket}-{key}"
