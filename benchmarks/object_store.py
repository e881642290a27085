"""Measures evidence in a bucket: a year's report with a cold working copy, beside the same report from a folder.

    python benchmarks/object_store.py [--nights 365] [--resources 25] [--types 8] [--checks 10]

The store is made in a folder by the workload of ``benchmarks/year.py`` and copied into a bucket of S3, moto's, in a
process of its own. Then the report of all nights is made by new processes: from the folder, with the index that is kept
and without one; and from the bucket, by a machine that was never there and by one that was there before. Transfer is
measured alone: all objects fetched by the same client, and nothing else done. moto answers one request at a time, some
milliseconds each, so that transfer says more of it than of S3; what counts is the rest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import boto3

from benchmarks.evidence import size_of
from benchmarks.year import FIRST, generate
from engine.evidence.keys import initialise
from engine.evidence.objects.address import parse
from engine.evidence.objects.bucket import connect
from engine.evidence.objects.mirror import Mirror
from tests.emulators.moto_process import MotoProcess

BUCKET = "acme-evidence"
URL = f"s3://{BUCKET}/soc2"


def report(store: str, config: Path, nights: int) -> None:
    """What a process of its own does: the report, and what it cost."""
    began, processor = time.perf_counter(), time.process_time()
    from engine.custody.examination import period

    made = period(store, config, FIRST, FIRST + timedelta(days=nights - 1))
    spent = f"{time.perf_counter() - began:6.2f} s, {time.process_time() - processor:6.2f} s of processor"
    print(f"{spent}: {len(made.failures):,} failures, {len(made.nights)} nights")


def measured(what: str, store: str, config: Path, nights: int) -> None:
    """Make the report in a new process."""
    command = [sys.executable, __file__, "--report", store, str(config), "--nights", str(nights)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{what:<34}{done.stdout.strip() or done.stderr.strip()}", flush=True)


def uploaded(store: Path) -> int:
    """Copy a store into the bucket, without what is derived; gives the number of objects."""
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    names = [path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()]
    kept = [name for name in names if not name.startswith(("tmp/", "index/"))]
    for name in kept:
        client.put_object(Bucket=BUCKET, Key=f"soc2/{name}", Body=(store / name).read_bytes())
    return len(kept)


def main() -> None:
    """Run the workload and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("resources", 25), ("types", 8), ("checks", 10), ("nights", 365)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--report", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.report:
        report(asked.report[0], Path(asked.report[1]), asked.nights)
        return
    with tempfile.TemporaryDirectory() as temporary, MotoProcess() as moto:
        folder = Path(temporary)
        store, config = folder / "store", folder / "config"
        os.environ.update(
            AWS_ACCESS_KEY_ID="testing",
            AWS_SECRET_ACCESS_KEY="testing",
            AWS_ENDPOINT_URL=moto.url,
            AWS_REGION="us-east-1",
            AWS_DEFAULT_REGION="us-east-1",
            XDG_CACHE_HOME=str(folder / "cache"),
        )
        initialise(store, config, environment={})
        generate(store, config, asked)
        objects = uploaded(store)
        records = asked.resources * asked.types * asked.checks * asked.nights
        load = f"load {os.getloadavg()[0]:.1f}"
        print(f"{records:,} records in {asked.nights} nights, {objects:,} objects, {size_of(store):,} bytes; {load}")
        shutil.rmtree(store / "index", ignore_errors=True)
        measured("folder, no index", str(store), config, asked.nights)
        measured("folder, its index", str(store), config, asked.nights)
        measured("bucket, never there, no index", URL, config, asked.nights)
        shutil.rmtree(folder / "cache")
        # What every run uploads at its end.
        boto3.client("s3").upload_file(str(store / "index" / "spans"), BUCKET, "soc2/index/spans")
        began = time.perf_counter()
        brought = Mirror(connect(parse(URL)), folder / "transfer").bring()
        print(f"{'transfer alone':<34}{time.perf_counter() - began:6.2f} s: {brought.fetched:,} objects")
        measured("bucket, never there", URL, config, asked.nights)
        measured("bucket, its working copy", URL, config, asked.nights)


if __name__ == "__main__":
    main()
