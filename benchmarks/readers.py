"""How many people can read a served store at once: each over a connection of its own, on loopback.

    python -m benchmarks.readers STORE CONFIG [--readers 1000] [--rounds 5]

Starts ``auditreel serve`` as a process of its own and lets every reader ask for the pages of the store's first period
in turn. Prints how long they waited, and what the server cost. Every answer must be whole, and the same for everybody.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_AUDITREEL: Final = (sys.executable, "-m", "engine")
_SERVING: Final = re.compile(rb"on http://127\.0\.0\.1:(\d+)/")
_PERIOD: Final = re.compile(rb'href="([\w.-]+/\d{4}-\d\d-\d\d--\d{4}-\d\d-\d\d/)"')


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs: its port, the token of a link that shows everything, and its process."""

    port: int
    token: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Read:
    """What readers saw: answers by status, different bodies of each page, and the seconds that they waited."""

    statuses: dict[int, int]
    bodies: dict[str, int]
    waited: list[float]


@contextmanager
def serving(store: Path, config: Path, folder: Path) -> Iterator[Serving]:
    """A server on a free port, with its links below ``folder``."""
    common = ("--store", str(store), "--config", str(config), "--links", str(folder / "links"))
    made = subprocess.run(
        (*_AUDITREEL, "serve", "link", *common, "--for", "benchmark"), capture_output=True, check=True
    )
    command = (*_AUDITREEL, "serve", *common, "--port", "0", "--rate", "1000000000")
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = _SERVING.search(line)
            if found is None:
                raise RuntimeError(f"the server said {line!r}")
            yield Serving(int(found[1]), made.stdout.decode().strip().rpartition("/")[2], process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


async def read(port: int, token: str, paths: Sequence[str], readers: int, rounds: int) -> Read:
    """Let all readers ask for all paths, at once, each over one connection that stays open."""
    found = Read({}, {}, [])
    seen: dict[str, set[str]] = {path: set() for path in paths}

    async def reader() -> None:
        streams = await asyncio.open_connection("127.0.0.1", port)
        for path in (*paths,) * rounds:
            began = time.monotonic()
            status, body = await _asked(*streams, port, token, path)
            found.waited.append(time.monotonic() - began)
            found.statuses[status] = found.statuses.get(status, 0) + 1
            seen[path].add(hashlib.sha256(body).hexdigest())
        streams[1].close()
        await streams[1].wait_closed()

    await asyncio.gather(*(reader() for _ in range(readers)))
    found.bodies.update({path: len(bodies) for path, bodies in seen.items()})
    return found


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, token: str, path: str
) -> tuple[int, bytes]:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: auditreel={token}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    size = re.search(rb"content-length: (\d+)", head)
    return int(head.split()[1]), await reader.readexactly(int(size[1]) if size else 0)


def paths(port: int, token: str) -> list[str]:
    """What readers ask for: the start, the report of the first period, its downloads, and the data of it."""

    async def home() -> bytes:
        streams = await asyncio.open_connection("127.0.0.1", port)
        _, body = await _asked(*streams, port, token, "/")
        streams[1].close()
        return body

    found = _PERIOD.search(asyncio.run(home()))
    if found is None:
        raise RuntimeError("the store has no period")
    period = found[1].decode()
    return ["/", f"/{period}", f"/{period}downloads/", f"/{period}downloads/report.txt", "/api/v1/stores"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("config", type=Path)
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(given.store, given.config, Path(folder)) as server:
        asked = paths(server.port, server.token)
        began = time.monotonic()
        found = asyncio.run(read(server.port, server.token, asked, given.readers, given.rounds))
        wall = time.monotonic() - began
        status = Path(f"/proc/{server.process.pid}/status")
        used = status.read_text() if status.exists() else ""
        peak = re.search(r"VmHWM:\s+(\d+) kB", used)
    quantiles = statistics.quantiles(found.waited, n=100)
    print(
        f"{given.readers:,} readers, {len(found.waited):,} answers in {wall:.1f} s: {len(found.waited) / wall:,.0f}/s"
    )
    print(f"statuses {found.statuses}; different bodies a page {sorted(set(found.bodies.values()))}")
    print(
        f"waited: median {quantiles[49]:.2f} s, 99 of 100 at most {quantiles[98]:.2f} s, all {max(found.waited):.2f} s"
    )
    print(f"the server held {int(peak[1]) / 1000:,.0f} MB" if peak else "")


if __name__ == "__main__":
    main()
