"""AWS that answers with the address of another host: nothing that we send goes there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from engine.evidence.kms import KmsError, opened
from providers.aws.clients import Clients
from tests.emulators.foreign import REDIRECTS, Foreign, elsewhere


@contextmanager
def moved(status: int, to: Foreign) -> Iterator[str]:
    """An endpoint that says of whatever it is asked for that it is elsewhere; gives its address."""

    class Moved(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = (
                f"<Error><Code>PermanentRedirect</Code><Endpoint>127.0.0.1:{to.server_port}</Endpoint></Error>".encode()
            )
            self.send_response(status)
            self.send_header("Location", to.url)
            self.send_header("x-amz-bucket-region", f"x@127.0.0.1:{to.server_port}/#")
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_POST = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Moved) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# botocore breaks at 303, and urllib3 then loses sight of the connection: nothing is asked, but a warning comes late.
@pytest.mark.parametrize("status", [status for status in REDIRECTS if status != 303])
@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [("kms", "list_keys", {}), ("s3", "list_buckets", {}), ("s3", "get_bucket_encryption", {"Bucket": "northwind"})],
)
def test_aws_is_followed_nowhere(
    nobody: None, monkeypatch: pytest.MonkeyPatch, status: int, service: str, operation: str, arguments: dict[str, str]
) -> None:
    with elsewhere() as foreign, moved(status, foreign) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        clients = Clients(5.0, "auditreel")
        try:
            with clients.signing(""), pytest.raises((BotoCoreError, ClientError)):
                getattr(clients.get(service, "us-east-1"), operation)(**arguments)
        finally:
            clients.close()
        assert foreign.asked == []


def test_a_signature_is_asked_for_nowhere_else(nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with elsewhere() as foreign, moved(307, foreign) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(KmsError, match="asking for the public half"):
            opened("aws-kms://arn:aws:kms:us-east-1:123456789012:alias/auditreel")
        assert foreign.asked == []
