"""The one client of buckets: what evidence asks of S3, Google Cloud Storage and Azure Blob Storage.

All three go through obstore, which is the object_store of Apache Arrow, and so through the same few lines here. An
object is created by a request that fails where its name is taken: ``If-None-Match: *`` of S3 and Azure,
``x-goog-if-generation-match: 0`` of Google. Which endpoint, region and account is the business of each cloud's usual
variables (AWS_ENDPOINT_URL, AWS_REGION, GOOGLE_BASE_URL, AZURE_STORAGE_ACCOUNT_NAME), and credentials come from its
default chain: where the cloud's own SDK is installed, by that one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from engine.errors import UsageError
from engine.evidence import durable
from engine.evidence.objects.address import ENDPOINTS, Address

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, MemoryStore, S3Config, S3Store

WIDTH: Final = 16
"""Requests at once, of whoever makes many."""
_CLIENT: Final[dict[str, Any]] = {"connect_timeout": "10s", "timeout": "600s"}
_RETRY: Final[dict[str, Any]] = {
    "max_retries": 5,
    "retry_timeout": timedelta(seconds=90),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=8), "base": 2},
}
_STATED: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE"),
    "gs": ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_BEARER_TOKEN"),
    "az": (
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_USE_EMULATOR",
        "AZURE_SKIP_SIGNATURE",
    ),
}
"""Variables that state credentials outright: then nobody else is asked for them."""
_GOOGLE: Final = "https://www.googleapis.com/auth/devstorage.read_write"
"""What a token of Google is asked for: to read and write objects, and nothing of a bucket's own."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_CODE: Final = re.compile(r"<Code>([^<]{1,100})</Code>(?:\s*<Message>([^<]{1,300})</Message>)?")


class StoreUnavailable(OSError):
    """A request to a bucket that was not answered, or denied; says which, and why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells of it: its size in bytes, and a tag that changes with its bytes."""

    size: int
    tag: str


class Bucket:
    """The objects of one address, by their names below its prefix.

    Everything raises StoreUnavailable where the bucket does not answer, or denies.
    """

    def __init__(self, address: Address, store: S3Store | GCSStore | AzureStore | MemoryStore) -> None:
        self.address, self._store = address, store

    def list(self, prefix: str = "", after: str | None = None) -> dict[str, Listed]:
        """What there is by name, below ``prefix`` (a folder's name), from the names ``after`` one on."""
        import obstore

        with self._asking(f"listing {self.address}{f'/{prefix}' if prefix else ''}"):
            pages = obstore.list(self._store, prefix or None, offset=after, chunk_size=1000)
            return {
                row["path"]: Listed(row["size"], _tag(row["e_tag"]) or str(row["last_modified"]))
                for page in pages
                for row in page
                if row["path"]
            }

    def get(self, name: str) -> bytes:
        """An object's bytes. Raises FileNotFoundError where there is none."""
        import obstore

        with self._asking(f"reading {self.address}/{name}"):
            return bytes(obstore.get(self._store, name).bytes())

    def fetch(self, name: str, path: Path) -> None:
        """Write an object's bytes into a new file. Raises FileNotFoundError where there is no such object."""
        import obstore

        with self._asking(f"reading {self.address}/{name}"):
            chunks = (bytes(chunk) for chunk in obstore.get(self._store, name).stream(min_chunk_size=durable.CHUNK))
            durable.write_chunks(path, chunks, flushed=False)

    def create(self, name: str, data: bytes) -> str:
        """Create an object; gives its tag. Raises FileExistsError where there is one, whatever its bytes."""
        return self._write(name, data, absent=True)

    def replace(self, name: str, data: bytes) -> str:
        """Write an object, also where there is one; gives its tag."""
        return self._write(name, data, absent=False)

    def delete(self, name: str) -> None:
        """Delete an object, if it is there. A bucket that keeps versions keeps what it was."""
        import obstore

        with self._asking(f"deleting {self.address}/{name}"):
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def _write(self, name: str, data: bytes, absent: bool) -> str:
        import obstore
        from obstore.exceptions import AlreadyExistsError, NotModifiedError, PreconditionError

        with self._asking(f"writing {self.address}/{name}"):
            try:
                put = obstore.put(
                    self._store, name, data, mode="create" if absent else "overwrite", use_multipart=False
                )
                return _tag(put["e_tag"])
            except (AlreadyExistsError, PreconditionError, NotModifiedError) as error:
                if not absent:
                    raise  # Azure refuses to replace what a policy retains in the words of a conflict
                raise FileExistsError(f"{self.address}/{name} is there already") from error
            except FileNotFoundError as error:
                # All three answer so where the bucket itself is gone.
                raise StoreUnavailable(f"writing {self.address}/{name}: {reason(error)}") from error

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{doing}: {reason(error)}") from error
        except (BaseError, ValueError, RuntimeError) as error:
            raise StoreUnavailable(f"{doing}: {reason(error)}") from error


def _tag(given: str | None) -> str:
    """A tag as it is compared: Azure quotes it in a header, and not in a listing."""
    return (given or "").strip('"')


def reason(error: BaseException) -> str:
    """What an error of the client says, in a line: the service's own code and message where it gave one."""
    text = str(error)
    found = _CODE.search(text)
    if found:
        # Azure's messages go on with the request's id and time, a line each.
        return ": ".join(part.partition("\n")[0] for part in found.groups() if part)
    line = " ".join(text.partition("\n\nDebug source")[0].split())
    return line[:400] or type(error).__name__


def connect(address: Address, environment: Mapping[str, str] = os.environ) -> Bucket:
    """The bucket of an address. Nothing is asked yet.

    Raises UsageError without the library, or where the environment does not say what the service needs.
    """
    try:
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError as error:
        raise UsageError(f"opening the store {address}: needs obstore: pip install 'auditreel[remote]'") from error
    options: dict[str, Any] = {
        "prefix": address.prefix or None,
        "client_options": dict(_CLIENT),
        "retry_config": _RETRY,
    }
    endpoint = next((environment[name] for name in ENDPOINTS[address.scheme] if "://" in environment.get(name, "")), "")
    if urlsplit(endpoint).scheme == "http" and urlsplit(endpoint).hostname in _LOOPBACK:
        options["client_options"]["allow_http"] = True
    try:
        provider = None if any(map(environment.get, _STATED[address.scheme])) else _provider(address.scheme)
        if address.scheme == "s3":
            # S3 checks what arrives, and Object Lock wants no upload without.
            config: S3Config = {"checksum_algorithm": "sha256"}
            return Bucket(address, S3Store(address.bucket, config=config, credential_provider=provider, **options))
        if address.scheme == "gs":
            return Bucket(address, GCSStore(address.bucket, credential_provider=provider, **options))
        return Bucket(address, AzureStore(address.bucket, credential_provider=provider, **options))
    except Exception as error:  # the client's own errors of configuration share no base, and neither do the SDKs'
        raise UsageError(f"opening the store {address}: {reason(error)}") from error


def _provider(scheme: str) -> Callable[[], Any] | None:
    """Credentials by the cloud's own SDK, where it is installed and finds some; None leaves them to the client."""
    try:
        if scheme == "s3":
            from obstore.auth.boto3 import Boto3CredentialProvider

            return Boto3CredentialProvider()
        if scheme == "gs":
            import google.auth
            from obstore.auth.google import GoogleCredentialProvider

            # The key of a service account gets no token without a scope.
            return GoogleCredentialProvider(google.auth.default(scopes=[_GOOGLE])[0])
        from obstore.auth.azure import AzureCredentialProvider

        return AzureCredentialProvider()
    except Exception:  # not installed, or nothing found: the client looks itself, and says what it lacks when asked
        return None
