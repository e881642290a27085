"""Azurite, Microsoft's own emulator of Azure Storage, where it is installed (``npm install -g azurite``)."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from email.utils import formatdate
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tests.emulators.object_services import Asked, signed

PROGRAM: Final = "azurite-blob"
ACCOUNT: Final = "devstoreaccount1"
KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has; its key is published."""


class Azurite:
    """The program, on a port of its own, with everything in its memory."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port: int = found.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{self.port}/{ACCOUNT}",
        }

    def __enter__(self) -> Azurite:
        words = ["--inMemoryPersistence", "--disableTelemetry", "--silent", "--blobPort", str(self.port)]
        program = shutil.which(PROGRAM) or PROGRAM
        self._process = subprocess.Popen([program, *words], cwd=self._folder, stdout=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise AssertionError("Azurite does not listen")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def container(self, method: str, name: str) -> None:
        """Create (PUT) or delete (DELETE) a container."""
        query = {"restype": "container"}
        path = f"/{ACCOUNT}/{name}"
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        asked = Asked(method, name, "", query, headers, b"", path)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {**headers, "Authorization": signed(asked, ACCOUNT, KEY), "Content-Length": "0"}
        connection.request(method, f"{path}?{urlencode(query)}", headers=given)
        answered = connection.getresponse()
        assert answered.status in (201, 202), (answered.status, answered.read())
        connection.close()
