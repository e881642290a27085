"""A moto server in a process of its own: the AWS that tests and benchmarks talk to.

A process, because benchmarks must tell the engine's CPU and memory from the mock's. It ends with its parent, also when
that is killed. Started as a script this file is the child::

    python tests/emulators/moto_process.py          prints the port it listens on, and serves until stdin closes
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final

ACCOUNT: Final = "123456789012"
MANAGED_POLICIES: Final = (
    "AdministratorAccess",
    "AmazonS3ReadOnlyAccess",
    "AWSLambdaBasicExecutionRole",
    "IAMFullAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
)
"""The AWS managed policies that exist. All 1,500 of them make a reset take 1 s and each authorisation listing 1.5 s."""
ENVIRONMENT: Final = {
    "MOTO_ALLOW_NONEXISTENT_REGION": "false",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # else it owns hundreds of snapshots that look like the account's
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


class MotoProcess:
    """A running moto. Use as a context manager, or call :meth:`stop`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, **ENVIRONMENT},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"moto did not start (exit {self._process.wait()}); run {__file__} to see why")
        self.address = ("127.0.0.1", int(line))

    @property
    def url(self) -> str:
        """Its endpoint URL, to talk to it without a proxy in between."""
        return f"http://{self.address[0]}:{self.address[1]}"

    @property
    def pid(self) -> int:
        """Its process id, for what it costs."""
        return self._process.pid

    def reset(self) -> None:
        """Forget every resource of every account."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> MotoProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _serve() -> None:
    # werkzeug's server does not use moto's command line: that one cannot listen on a free port of the system's choice.
    from moto import backends
    from moto.core import base_backend, responses
    from moto.ec2 import urls
    from moto.iam import models as iam
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    # Every scan asks for the regions; on a busy machine, EC2 takes longer to import than a client waits for an answer.
    assert urls.url_paths
    policies = json.loads(iam.aws_managed_policies_data)
    iam.aws_managed_policies_data = json.dumps({name: policies[name] for name in MANAGED_POLICIES})
    # At each request moto looks through its own folder and the class that answers; at the first of an account it makes
    # the managed policies of every partition there is; a reset makes all anew before it drops it. A third of its work.
    modules, policies_of = tuple(backends.list_of_moto_modules()), iam.IAMBackend._init_aws_policies
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = cache(responses.method_names_from_class)
    iam.IAMBackend._init_aws_policies = lambda self: policies_of(self) if self.partition == "aws" else []
    base_backend.BaseBackend.reset = lambda self: None
    application = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def one_by_one(environ: Any, start_response: Any) -> list[bytes]:
        # moto's state is not made for threads: with eight writers at once some of them get a 500.
        with turn:
            answer = application(environ, start_response)
            try:
                return list(answer)
            finally:
                getattr(answer, "close", lambda: None)()

    server = make_server("127.0.0.1", 0, one_by_one, threaded=True, request_handler=MotoRequestHandler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    _serve()
