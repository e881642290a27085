"""A shell for tests: bash runs the commands, and ours are carried out by this process, which has read everything once.

``auditreel`` and ``run-checks`` are small programs on ``PATH`` that hand their arguments, folder and environment over a
socket to :func:`engine.cli.main`, and print what comes back. Redirections, pipes and ``&&`` are bash's own. What a
process of its own does beside that (signals, closed pipes, start) is tried in ``test_cli_process.py``.
"""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from engine import cli

_PROGRAM = """#!{python} -IS
import json, os, socket, sys
wire = socket.socket(socket.AF_UNIX)
wire.connect({address!r})
said = {{"name": os.path.basename(sys.argv[0]), "arguments": sys.argv[1:], "folder": os.getcwd()}}
wire.sendall(json.dumps({{**said, "environment": dict(os.environ)}}).encode())
wire.shutdown(socket.SHUT_WR)
answer = json.loads(wire.makefile("rb").read())
sys.stdout.write(answer["out"])
sys.stdout.flush()
sys.stderr.write(answer["err"])
sys.exit(answer["code"])
"""
_OURS = {"auditreel": cli.group, "run-checks": cli.verb("run")}
_PATIENCE = 60


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


class Shell:
    """bash in ``folder``, with an environment of these variables and an empty home."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        # A socket's name may have 107 characters, which a test's own folder can exceed.
        self._place = Path(tempfile.mkdtemp(prefix="shell-"))
        programs = self._place / "bin"
        programs.mkdir()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._place / "socket"))
        self._socket.listen()
        for name in _OURS:
            program = programs / name
            program.write_text(_PROGRAM.format(python=sys.executable, address=str(self._place / "socket")))
            program.chmod(0o755)
        (programs / "python").symlink_to(sys.executable)
        (self._place / "home").mkdir()
        self.environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(self._place / "home"),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            **variables,
        }

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        shutil.rmtree(self._place)

    def run(self, line: str) -> Done:
        """Carry out a line of shell. Raises TimeoutExpired where it does not end."""
        with (
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
            subprocess.Popen(
                ["bash", "-o", "pipefail", "-c", line],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            ) as process,
        ):
            ended = os.pidfd_open(process.pid)
            try:
                while True:
                    ready, _, _ = select.select([self._socket, ended], [], [], _PATIENCE)
                    if self._socket in ready:
                        self._serve()
                    elif ready:
                        break
                    else:
                        process.kill()
                        raise subprocess.TimeoutExpired(line, _PATIENCE)
            finally:
                os.close(ended)
            code = process.wait()
            out.seek(0)
            err.seek(0)
            return Done(code, out.read(), err.read())

    def _serve(self) -> None:
        wire, _ = self._socket.accept()
        with wire, wire.makefile("rb") as stream:
            answer = _called(**json.loads(stream.read()))
            wire.sendall(json.dumps(answer).encode())


def _called(name: str, arguments: list[str], folder: str, environment: dict[str, str]) -> dict[str, Any]:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        chdir(folder),
        mock.patch.dict(os.environ, environment, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = cli.main(_OURS[name], arguments, name)
    return {"code": code, **{key: text.buffer.getvalue().decode() for key, text in (("out", out), ("err", err))}}
