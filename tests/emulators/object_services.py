"""Google Cloud Storage and Azure Blob Storage on a loopback address, as far as evidence asks anything of them.

Written from the services' documentation, not from what the client expects:

- Google's XML API (cloud.google.com/storage/docs/xml-api): PUT, GET, HEAD and DELETE Object, List Objects (v2), the
  precondition ``x-goog-if-generation-match`` (412 PreconditionFailed), and a bucket's retention policy.
- Azure's REST API (learn.microsoft.com/rest/api/storageservices): Put, Get and Delete Blob, List Blobs, Blob Batch (by
  which the client deletes), requests that are signed by the account's key (Shared Key), the condition
  ``If-None-Match: *`` (409 BlobAlreadyExists), and a container's immutability policy.

What is not known to one of them is answered by 501, so that nothing is taken for done that was not.
"""

from __future__ import annotations

import base64
import hmac
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from hashlib import md5, sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

ACCOUNT: Final = "acmeevidence"
KEY: Final = base64.b64encode(b"a key that nobody has").decode()
TOKEN: Final = "ya29.made-up"
_DATE: Final = "Tue, 24 Nov 2026 03:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Object:
    """An object: its bytes, and a number that no other version of any object has."""

    data: bytes
    generation: int


@dataclass(slots=True)
class Bucket:
    """The objects by name. ``retained``: what is there is neither deleted nor written over."""

    objects: dict[str, Object] = field(default_factory=dict)
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: of ``bucket``, and of an object in it where one is named."""

    method: str
    bucket: str
    name: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    path: str


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class ObjectService:
    """A service: its ``buckets`` by name, and ``calls``: how often it was asked "METHOD object", or "METHOD"."""

    variables: ClassVar[Mapping[str, str]]
    """By which a client finds it, and enters."""
    page = 1000
    """Objects on a page of a listing, where a request does not say."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.calls: Counter[str] = Counter()
        self.silent = False
        """Whether nothing is answered but 503: what a client takes for an outage."""
        self._lock, self._numbers = threading.Lock(), count(1_764_000_000_000_000)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client finds it."""
        return {name: value.format(url=self.url) for name, value in self.variables.items()}

    def __enter__(self) -> ObjectService:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def split(self, path: str) -> tuple[str, str]:
        """The bucket and the object that a path names."""
        bucket, _, name = path.lstrip("/").partition("/")
        return unquote(bucket), unquote(name)

    def answer(self, asked: Asked) -> Answered:
        """What the service says."""
        raise NotImplementedError

    def put(self, bucket: Bucket, name: str, data: bytes) -> Object:
        """Keep a new version of an object."""
        bucket.objects[name] = Object(data, next(self._numbers))
        return bucket.objects[name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do(self) -> None:
                service._serve(self)

            do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        bucket, name = self.split(parts.path)
        headers = {key.lower(): value for key, value in handler.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(handler.command, bucket, name, query, headers, body, parts.path)
        with self._lock:
            self.calls[f"{asked.method} object" if name else asked.method] += 1
            answered = Answered(503) if self.silent else self.answer(asked)
        handler.send_response(answered.status)
        for key, value in answered.headers.items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(answered.body)))
        handler.end_headers()
        if asked.method != "HEAD":
            handler.wfile.write(answered.body)


def _error(status: int, code: str, message: str, **headers: str) -> Answered:
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answered(status, body.encode(), {"Content-Type": "application/xml; charset=UTF-8", **headers})


def _after(names: list[str], prefix: str, after: str) -> list[str]:
    return sorted(name for name in names if name.startswith(prefix) and name > after)


class GoogleStorage(ObjectService):
    """Cloud Storage. A request needs a bearer token that is ``accepted``."""

    variables: ClassVar = {"GOOGLE_BASE_URL": "{url}", "GOOGLE_BEARER_TOKEN": TOKEN}

    def __init__(self, accepted: Callable[[str], bool] = TOKEN.__eq__) -> None:
        super().__init__()
        self.accepted = accepted

    def answer(self, asked: Asked) -> Answered:
        bucket = self.buckets.get(asked.bucket)
        if not self.accepted(asked.headers.get("authorization", "").removeprefix("Bearer ")):
            return _error(401, "AuthenticationRequired", "Authentication required.")
        if bucket is None:
            return _error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if not asked.name:
            return self._list(bucket, asked) if asked.method == "GET" else Answered(501)
        return self._object(bucket, asked)

    def _object(self, bucket: Bucket, asked: Asked) -> Answered:
        found = bucket.objects.get(asked.name)
        wanted = asked.headers.get("x-goog-if-generation-match")
        if wanted is not None and int(wanted) != (found.generation if found else 0):
            return _error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
        if asked.method in ("PUT", "DELETE") and found is not None and bucket.retained:
            return _error(
                403, "RetentionPolicyNotMet", f"Object '{asked.bucket}/{asked.name}' is subject to bucket's retention "
                "policy and cannot be deleted or overwritten until 2027-11-24T03:00:00Z"
            )  # fmt: skip
        if asked.method == "PUT":
            return Answered(200, b"", self._facts(self.put(bucket, asked.name, asked.body)))
        if found is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        if asked.method == "DELETE":
            del bucket.objects[asked.name]
            return Answered(204)
        return Answered(200, found.data, self._facts(found)) if asked.method in ("GET", "HEAD") else Answered(501)

    def _facts(self, found: Object) -> dict[str, str]:
        return {"ETag": self._tag(found), "x-goog-generation": str(found.generation), "Last-Modified": _DATE}

    def _tag(self, found: Object) -> str:
        return f'"{md5(found.data, usedforsecurity=False).hexdigest()}"'

    def _list(self, bucket: Bucket, asked: Asked) -> Answered:
        if asked.query.get("list-type") != "2" or asked.query.keys() - {
            "list-type", "prefix", "start-after", "continuation-token", "max-keys"
        }:  # fmt: skip
            return Answered(501)
        after = max(asked.query.get("start-after", ""), asked.query.get("continuation-token", ""))
        names = _after(list(bucket.objects), asked.query.get("prefix", ""), after)
        page = names[: int(asked.query.get("max-keys", self.page))]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Generation>{found.generation}</Generation><MetaGeneration>1"
            f"</MetaGeneration><LastModified>2026-11-24T03:00:00.000Z</LastModified><ETag>{escape(self._tag(found))}"
            f"</ETag><Size>{len(found.data)}</Size></Contents>"
            for name in page
            for found in (bucket.objects[name],)
        )
        more = len(page) < len(names)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        body = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
            f"<Name>{asked.bucket}</Name><Prefix>{escape(asked.query.get('prefix', ''))}</Prefix><KeyCount>{len(page)}"
            f"</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        )
        return Answered(200, body.encode(), {"Content-Type": "application/xml; charset=UTF-8"})


class AzureBlobs(ObjectService):
    """Blob Storage, addressed by path as an emulator is: ``/ACCOUNT/CONTAINER/BLOB``."""

    variables: ClassVar = {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_ENDPOINT": f"{{url}}/{ACCOUNT}",
    }

    def split(self, path: str) -> tuple[str, str]:
        return super().split(path.removeprefix(f"/{ACCOUNT}"))

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != signed(asked, ACCOUNT, KEY):
            return _error(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        bucket = self.buckets.get(asked.bucket)
        if bucket is None:
            return _error(404, "ContainerNotFound", "The specified container does not exist.\nRequestId:1\nTime:2026")
        if not asked.name and (asked.method, asked.query.get("comp")) == ("POST", "batch"):
            return self._batch(bucket, asked)
        if not asked.name:
            return self._list(bucket, asked) if asked.query.get("comp") == "list" else Answered(501)
        return Answered(501) if asked.query.get("comp") else self._blob(bucket, asked)

    def _batch(self, bucket: Bucket, asked: Asked) -> Answered:
        """Each part is a request of its own (their signatures are not looked at), and so is each part of the answer."""
        said = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode() + asked.body
        parts = []
        for part in message_from_bytes(said).walk():
            if part.get_content_type() == "application/http":
                method, target, _ = str(part.get_payload()).lstrip().split(" ", 2)
                name = self.split(urlsplit(target).path)[1]
                self.calls[f"{method} object"] += 1
                one = self._blob(bucket, Asked(method, asked.bucket, name, {}, {}, b"", target))
                head = f"Content-Type: application/http\r\nContent-ID: {part['Content-ID']}\r\n\r\n"
                status = f"HTTP/1.1 {one.status} {HTTPStatus(one.status).phrase}\r\n"
                kept = f"Content-Length: {len(one.body)}\r\n\r\n{one.body.decode()}\r\n"
                parts.append(f"--batchresponse\r\n{head}{status}{kept}")
        body = "".join(parts) + "--batchresponse--\r\n"
        return Answered(202, body.encode(), {"Content-Type": "multipart/mixed; boundary=batchresponse"})

    def _blob(self, bucket: Bucket, asked: Asked) -> Answered:
        found = bucket.objects.get(asked.name)
        if asked.method == "PUT":
            if asked.headers.get("x-ms-blob-type") != "BlockBlob":
                return Answered(501)
            if asked.headers.get("if-none-match") == "*" and found is not None:
                return _error(409, "BlobAlreadyExists", "The specified blob already exists.")
        if asked.method in ("PUT", "DELETE") and found is not None and bucket.retained:
            said = "This operation is not permitted as the blob is immutable due to a policy."
            return _error(409, "BlobImmutableDueToPolicy", said)
        if asked.method == "PUT":
            return Answered(201, b"", self._facts(self.put(bucket, asked.name, asked.body)))
        if found is None:
            return _error(404, "BlobNotFound", "The specified blob does not exist.\nRequestId:1\nTime:2026")
        if asked.method == "DELETE":
            del bucket.objects[asked.name]
            return Answered(202)
        return Answered(200, found.data, self._facts(found)) if asked.method in ("GET", "HEAD") else Answered(501)

    def _facts(self, found: Object) -> dict[str, str]:
        return {"ETag": f'"{found.generation:#x}"', "Last-Modified": _DATE, "x-ms-blob-type": "BlockBlob"}

    def _list(self, bucket: Bucket, asked: Asked) -> Answered:
        known = {"restype", "comp", "prefix", "marker", "maxresults", "startFrom", "include"}
        if asked.method != "GET" or asked.query.get("restype") != "container" or asked.query.keys() - known:
            return Answered(501)
        names = _after(list(bucket.objects), asked.query.get("prefix", ""), asked.query.get("marker", ""))
        names = [name for name in names if name >= asked.query.get("startFrom", "")]
        page = names[: int(asked.query.get("maxresults", self.page))]
        rows = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{_DATE}</Last-Modified><Etag>"
            f"{found.generation:#x}</Etag><Content-Length>{len(found.data)}</Content-Length><Content-Type>application/"
            "octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name in page
            for found in (bucket.objects[name],)
        )
        marker = f"<NextMarker>{escape(page[-1])}</NextMarker>" if len(page) < len(names) else "<NextMarker />"
        body = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://127.0.0.1/" '
            f'ContainerName="{asked.bucket}"><Blobs>{rows}</Blobs>{marker}</EnumerationResults>'
        )
        return Answered(200, body.encode(), {"Content-Type": "application/xml"})


_SIGNED: Final = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip


def signed(asked: Asked, account: str, key: str) -> str:
    """The header of a request, as "Authorize with Shared Key" tells to sign it."""

    def lines() -> Iterator[str]:
        yield asked.method
        for name in _SIGNED:
            value = asked.headers.get(name, "")
            yield "" if (name, value) == ("content-length", "0") else value
        for name in sorted(asked.headers):
            if name.startswith("x-ms-"):
                yield f"{name}:{asked.headers[name]}"
        yield f"/{account}{asked.path}"
        for name, value in sorted((name.lower(), value) for name, value in asked.query.items()):
            yield f"{name}:{value}"

    made = hmac.new(base64.b64decode(key), "\n".join(lines()).encode(), sha256)
    return f"SharedKey {account}:{base64.b64encode(made.digest()).decode()}"
